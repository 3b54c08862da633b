import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Exchange } from '../../src/sandbox/app.ts';
import { startHttpRig } from './http-support.ts';
import { type Program, type Rig, startProgram, startRig } from './support.ts';

let rig: Rig;
let compact: Program;
beforeAll(async () => {
  rig = await startRig({ args: ['--confirm', 'never'] });
  const env = { SYNQLY_TOKEN: rig.sandbox.token, SYNQLY_PERMISSIONS: 'ignore' };
  compact = await startProgram(['--base-url', rig.sandbox.baseUrl, '--surface', 'compact'], env);
});
afterAll(async () => {
  await compact.close();
  await rig.close();
});

type Args = Record<string, unknown>;

/** A call as it is given (the helper of other tests adds `fields`), and what reached Synqly during it. */
async function watch(name: string, args: unknown, program: Program = rig) {
  const before = rig.exchanges.length;
  const { content } = await program.client.callTool({ name, arguments: args as Args });
  const [{ text = '' } = {}] = content as { text: string }[];
  const sent: Exchange[] = rig.exchanges.slice(before);
  return { json: JSON.parse(text), text, sent };
}

/** Query values by name. */
function queryOf(exchange: Exchange | undefined): Record<string, string[]> {
  const { searchParams } = new URL(exchange?.path ?? '', 'http://synqly');
  return Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]));
}

async function query(args: Args, name = 'accounts_list') {
  const { sent, text } = await watch(name, args);
  expect(sent.length, text).toBeGreaterThan(0);
  return queryOf(sent[0]);
}

async function refusal(name: string, args: Args, program?: Program) {
  const { json, sent, text } = await watch(name, args, program);
  expect(sent, text).toEqual([]);
  expect(json.error.code).toBe('invalid_arguments');
  expect(text).not.toMatch(/Invalid input|expected .*, received|invalid_type|ZodError/);
  return json.error as { arguments: { argument: string; problem: string }[]; example?: { arguments: Args } };
}

describe('empty optional arguments', () => {
  const nothings = ['', null];

  test.each(nothings)('%j counts as not given in a list', async (nothing) => {
    const plain = await watch('accounts_list', {});
    const names = ['limit', 'start_after', 'order', 'filter', 'fields', 'total'];
    const empty = await watch('accounts_list', Object.fromEntries(names.map((name) => [name, nothing])));
    expect(empty.json).toEqual(plain.json);
    expect(queryOf(empty.sent[0])).toEqual(queryOf(plain.sent[0]));
  });

  test.each(nothings)('%j under an unknown name counts as not given', async (nothing) => {
    for (const [name, args] of [
      ['organization_get', { random_string: nothing }],
      ['whoami', { random_string: nothing }],
      ['accounts_list', { cursor: nothing, page: nothing }],
      ['accounts_get', { account_id: 'tarn-vale-insurance', fields: nothing }],
      ['accounts_create', { name: `unknown-${nothing}`, description: nothing }],
    ] as const)
      expect((await watch(name, args)).json.error, name).toBeUndefined();
    const id = 'tarn-vale-insurance';
    const { arguments: faults } = await refusal('accounts_update', { account_id: id, nothing });
    expect(faults).toEqual([{ argument: 'nothing', problem: 'is unknown' }]);
    await refusal('accounts_list', { cursor: 'x' });
  });

  test.each([[[]], [['']], [[null]], ['[]'], ['null']])(
    '%j count as no fields, filters or orders',
    async (nothing) => {
      const plain = await watch('integrations_list', {});
      const empty = await watch('integrations_list', {
        fields: nothing,
        filter: nothing,
        order: nothing,
        expand: nothing,
      });
      expect(empty.json).toEqual(plain.json);
    },
  );

  test('an empty filter beside others is refused', async () => {
    const { arguments: faults } = await refusal('accounts_list', { filter: ['name[eq]x', ''] });
    expect(faults[0]?.argument).toBe('filter.1');
  });

  test.each(nothings)('%j counts as not given in a create and its nested objects', async (nothing) => {
    const { sent, text } = await watch('accounts_create', {
      name: `empty-${String(nothing)}x`,
      fullname: nothing,
      environment: nothing,
      labels: nothing,
    });
    expect(sent[0]?.requestBody, text).toEqual({ name: `empty-${String(nothing)}x` });
    const config = {
      type: 'o_auth_client',
      client_id: 'a',
      client_secret: 'b',
      token_url: nothing,
      extra: { a: nothing },
    };
    const created = await watch('credentials_create', { owner_id: 'acme', config, expires: nothing });
    expect(created.sent[0]?.requestBody, created.text).toEqual({
      config: { type: 'o_auth_client', client_id: 'a', client_secret: 'b', extra: { a: nothing } },
    });
  });

  test.each(nothings)('%j for a required argument counts as missing', async (nothing) => {
    const read = await refusal('integrations_get', { account_id: 'acme', integration_id: nothing });
    expect(read.arguments).toEqual([{ argument: 'integration_id', problem: 'is required (string)' }]);
    expect(read.example?.arguments).toEqual({ account_id: 'acme', integration_id: '<integration_id>' });
    const create = await refusal('roles_create', {
      name: nothing,
      permission_set: nothing,
      resources: nothing,
    });
    expect(create.arguments.map(({ argument }) => argument)).toContain('permission_set');
  });

  test.each(['', null])(
    'a limit of a new token is refused when it is %j, which would mean no limit',
    async (nothing) => {
      const { arguments: faults } = await refusal('tokens_create_mcp_token', {
        scope: { type: 'management', account_id: nothing },
      });
      expect(faults).toEqual([
        { argument: 'scope.account_id', problem: expect.stringContaining('leave it out') },
      ]);
    },
  );

  test('in an update null clears and "" is a value', async () => {
    const { json } = await watch('members_list', { limit: 1, fields: ['id'] });
    const member_id = json.rows[0][0];
    const { sent, text } = await watch('members_update', { member_id, nickname: null, fullname: '' });
    const put = sent.find(({ method }) => method === 'PUT');
    expect(put?.requestBody, text).not.toHaveProperty('nickname');
    expect(put?.requestBody).toHaveProperty('fullname', '');
  });

  test('an update says that a field which cannot be cleared can be left out', async () => {
    const { arguments: faults } = await refusal('accounts_update', { account_id: 'acme', name: null });
    expect(faults).toEqual([
      { argument: 'name', problem: 'must be of type string, not null; leave it out to keep its value' },
    ]);
  });

  test('patches and open objects stay as they are given', async () => {
    const patch = [
      { op: 'add', path: '/description', value: '' },
      { op: 'add', path: '/labels', value: '["a"]' },
      { op: 'replace', path: '/x', value: null },
    ];
    const patched = await watch('roles_patch', { role_id: 'acme', patch: JSON.stringify(patch) });
    const sent = patched.sent.find(({ method }) => method === 'PATCH');
    expect(sent?.requestBody, patched.text).toEqual(patch);
    const provider_config = { type: 'siem_splunk', a: '', b: null, c: 'True', d: '5', e: { f: '' } };
    const verified = await watch('integrations_verify', { account_id: 'acme', provider_config, name: '' });
    expect(verified.sent[0]?.requestBody, verified.text).toEqual({ integration: { provider_config } });
    const data = { a: '', b: null, c: 'a,b' };
    const applied = await watch('mappings_apply', { mappings: ['m:1'], data, include_raw_data: 'True' });
    expect(applied.sent[0]?.requestBody, applied.text).toMatchObject({ data });
    expect(queryOf(applied.sent[0])).toEqual({ include_raw_data: ['true'] });
  });
});

describe('a text for a list', () => {
  test.each([
    [{ fields: 'name,id' }, ['name', 'id']],
    [{ fields: ['name,id'] }, ['name', 'id']],
    [{ fields: ' name , id ' }, ['name', 'id']],
    [{ fields: '"name"' }, ['name']],
    [{ fields: '"[\\"name\\",\\"id\\"]"' }, ['name', 'id']],
  ])('%j asks for these columns', async (args, columns) => {
    const { json } = await watch('accounts_list', args);
    const shown = [...(json.columns ?? []), ...Object.keys(json.same ?? {})];
    expect(shown.sort(), JSON.stringify(json)).toEqual([...columns].sort());
    expect(json.rows[0]).toHaveLength(json.columns.length);
  });

  test('names of fields and choices are divided at commas', async () => {
    const args = { order: 'environment,name[desc]', expand: 'accounts, integration_points' };
    expect(await query(args, 'integrations_list')).toMatchObject({
      order: ['environment', 'name[desc]'],
      expand: ['accounts', 'integration_points'],
    });
  });

  test('an order with its direction behind a comma is refused with the right form', async () => {
    const { arguments: faults } = await refusal('accounts_list', { order: 'name,desc' });
    expect(faults).toEqual([{ argument: 'order.0', problem: 'should be "name[desc]"' }]);
  });

  test('the comma of a filter belongs to its value, up to another filter', async () => {
    expect(await query({ filter: 'name[in]acme,globex' })).toMatchObject({ filter: ['name[in]acme,globex'] });
    expect(await query({ filter: 'name[in]acme,globex, environment[eq]prod' })).toMatchObject({
      filter: ['name[in]acme,globex', 'environment[eq]prod'],
    });
  });

  test('labels are divided, also in a list of one', async () => {
    for (const labels of ['a,b', ['a,b'], '["a","b"]']) {
      const { sent } = await watch('accounts_create', { labels });
      expect(sent[0]?.requestBody).toEqual({ labels: ['a', 'b'] });
    }
  });

  test('labels that look like other values stay labels', async () => {
    for (const label of ['123', 'true']) {
      const { sent } = await watch('accounts_create', { labels: label });
      expect(sent[0]?.requestBody).toEqual({ labels: [label] });
    }
  });

  test('names that may hold a comma must come as a list', async () => {
    const resources = { accounts: { ids: 'acme,globex' } };
    const token = await refusal('tokens_create_token', { permission_set: 'viewer', resources });
    expect(token.arguments).toEqual([
      { argument: 'resources.accounts.ids', problem: expect.stringContaining('["a","b"]') },
    ]);
    const member = { name: 'x@example.com', secret: 'long-enough-1', role_binding: 'viewer,member' };
    const { arguments: faults } = await refusal('members_create', member);
    expect(faults).toEqual([{ argument: 'role_binding', problem: expect.stringContaining('["a","b"]') }]);
  });

  test('a single name is a list of one', async () => {
    const id = '6f1f0c1e-3c3f-4b55-9a50-3f0a2f3c8a11';
    const resources = { accounts: { ids: id } };
    const { sent } = await watch('tokens_create_token', { permission_set: 'viewer', resources });
    expect(sent[0]?.requestBody).toMatchObject({ resources: { accounts: { ids: [id] } } });
  });

  test.each([
    ['accounts_list', { fields: "['name', 'id']" }, 'fields'],
    ['accounts_create', { labels: "['a']" }, 'labels'],
  ])('%s %j is refused with the right form', async (name, args, argument) => {
    const { arguments: faults } = await refusal(name, args);
    expect(faults).toEqual([{ argument, problem: expect.stringContaining('double quotes') }]);
  });
});

describe('filters and orders as objects', () => {
  test.each<[unknown, string[]]>([
    [{ name: 'acme' }, ['name[eq]acme']],
    [{ 'name[like]': 'a%' }, ['name[like]a%']],
    [{ field: 'name', operator: 'eq', value: 'acme' }, ['name[eq]acme']],
    [{ field: 'name', op: '!=', value: 'acme' }, ['name[neq]acme']],
    [{ field: 'name', value: ['acme', 'globex'] }, ['name[in]acme,globex']],
    [{ name: { $eq: 'acme' } }, ['name[eq]acme']],
    [{ name: { $in: ['acme', 'globex'] } }, ['name[in]acme,globex']],
    [{ name: { contains: 'ac' } }, ['name[like]%ac%']],
    [{ name: 'acme', environment: 'prod' }, ['name[eq]acme', 'environment[eq]prod']],
    [{ $and: [{ name: 'acme' }, { environment: { $eq: 'prod' } }] }, ['name[eq]acme', 'environment[eq]prod']],
    [
      [{ name: 'acme' }, 'environment[eq]prod'],
      ['name[eq]acme', 'environment[eq]prod'],
    ],
    ['{"name":"acme"}', ['name[eq]acme']],
  ])('%j is decoded to the filter it means', async (filter, meant) => {
    expect((await query({ filter })).filter).toEqual(meant);
  });

  test.each([
    [{ $or: [{ name: 'a' }, { name: 'b' }] }],
    [{ name: { $regex: 'a' } }],
    [{ name: null }],
    [{ name: ['a,b', 'c'] }],
    [5],
    [[{ name: { first: { $eq: 'a' } } }]],
  ])('%j is refused with the grammar', async (filter) => {
    const { arguments: faults } = await refusal('accounts_list', { filter });
    expect(faults[0]?.argument).toMatch(/^filter/);
    expect(faults[0]?.problem).toContain('name[eq]acme');
    expect(faults[0]?.problem).toContain('eq in like gt gte lt lte');
  });

  test.each<[unknown, string[]]>([
    [{ name: 'desc' }, ['name[desc]']],
    [{ created_at: -1, name: 1 }, ['created_at[desc]', 'name[asc]']],
    [[{ field: 'name', direction: 'DESC' }], ['name[desc]']],
  ])('%j is decoded to the order it means', async (order, meant) => {
    expect((await query({ order })).order).toEqual(meant);
  });

  test('an invalid order is refused with the grammar', async () => {
    const { arguments: faults } = await refusal('accounts_list', { order: { name: 'sideways' } });
    expect(faults).toEqual([{ argument: 'order', problem: expect.stringContaining('["name[desc]"]') }]);
  });
});

describe('words, numbers and choices', () => {
  test.each(['true', 'True', 'TRUE', ' true ', 'yes', '1', 1])('%j is true', async (total) => {
    expect(await query({ total })).toMatchObject({ total: ['true'] });
  });

  test.each(['false', 'False', 'no', '0', 0])('%j is false', async (total) => {
    expect(await query({ total })).toMatchObject({ total: ['false'] });
  });

  test.each([' 5 ', '5.0', '5e0', '"5"', '\uFEFF5'])('%j is 5', async (limit) => {
    expect(await query({ limit })).toEqual(await query({ limit: 5 }));
  });

  test.each([
    ['limit', '1.5', 'integer'],
    ['limit', 'many', 'number'],
    ['limit', '５', 'number'],
    ['limit', 'Infinity', 'number'],
    ['limit', '0x10', 'number'],
    ['limit', [5], 'number'],
    ['total', 'maybe', 'true or false'],
    ['total', 2, 'boolean'],
  ])('%s %j is refused in plain words', async (name, value, problem) => {
    const { arguments: faults } = await refusal('accounts_list', { [name]: value });
    expect(faults).toEqual([{ argument: name, problem: expect.stringContaining(problem) }]);
  });

  test('a choice is accepted in any letter case', async () => {
    const { sent } = await watch('accounts_create', { environment: ' Prod' });
    expect(sent[0]?.requestBody).toEqual({ environment: 'prod' });
    const config = { type: 'O-Auth Client', client_id: 'a', client_secret: 'b' };
    const created = await watch('credentials_create', { owner_id: 'acme', owner_type: 'ACCOUNT', config });
    expect(created.sent[0]?.requestBody).toMatchObject({
      owner_type: 'account',
      config: { type: 'o_auth_client' },
    });
  });

  test('an unknown choice is refused with the known ones', async () => {
    const { arguments: faults } = await refusal('accounts_create', { environment: 'production' });
    expect(faults).toEqual([{ argument: 'environment', problem: 'must be one of "test", "prod"' }]);
  });

  test('a text stays as it is, whatever it looks like', async () => {
    for (const fullname of ['None', 'null', 'True', ' a,b ', '["a"]']) {
      const { sent } = await watch('accounts_create', { fullname });
      expect(sent[0]?.requestBody).toEqual({ fullname });
    }
  });

  test('an object in Python syntax is refused with the right form', async () => {
    const scope = "{'type': 'management', 'environment': 'test'}";
    const { arguments: faults } = await refusal('tokens_create_mcp_token', { scope });
    expect(faults).toEqual([{ argument: 'scope', problem: expect.stringContaining('{"a":"b"}') }]);
  });

  test('one object for a list of objects is a list of one', async () => {
    const patch = { op: 'test', path: '/name', value: 'x' };
    const { sent } = await watch('accounts_patch', { account_id: 'acme', patch });
    expect(sent.find(({ method }) => method === 'PATCH')?.requestBody).toEqual([patch]);
  });
});

describe('tools that run other tools', () => {
  const inner = { limit: '5', fields: 'name,id', filter: { environment: 'prod' } };
  const plain = { limit: 5, fields: ['name', 'id'], filter: ['environment[eq]prod'] };

  test.each([
    ['an object', inner],
    ['JSON', JSON.stringify(inner)],
    ['JSON in JSON', JSON.stringify(JSON.stringify(inner))],
  ])('run_read and preview_call take arguments as %s', async (_, args) => {
    const read = await watch('run_read', { operation: 'accounts_list', arguments: args }, compact);
    expect(queryOf(read.sent[0]), read.text).toEqual(await query(plain));
    const { json } = await watch('preview_call', { tool: 'accounts_list', arguments: args });
    expect(json.sends.query, JSON.stringify(json)).toMatchObject({ limit: 5, filter: plain.filter });
  });

  test.each([[null], [''], ['{}'], ['null']])('%j are no arguments', async (args) => {
    const { sent, text } = await watch(
      'run_read',
      { operation: 'organization_get', arguments: args },
      compact,
    );
    expect(sent, text).toHaveLength(1);
    const { json } = await watch('preview_call', { tool: 'organization_get', arguments: args });
    expect(json.sends).toMatchObject({ method: 'GET' });
  });

  test('arguments that are no object are refused with the right form', async () => {
    for (const [name, of, program] of [
      ['run_read', 'operation', compact],
      ['preview_call', 'tool', rig],
    ] as const) {
      const given = { [of]: 'accounts_list', arguments: 'limit=5' };
      const { arguments: faults } = await refusal(name, given, program);
      expect(faults).toEqual([{ argument: 'arguments', problem: expect.stringContaining('{"a":"b"}') }]);
    }
  });

  test('find_operations ignores empty arguments, and accepts choices in any letter case', async () => {
    const args = { query: 'accounts', group: '', effect: 'Read', limit: '2' };
    const { json } = await watch('find_operations', args, compact);
    expect(json.operations).toHaveLength(2);
    const nothing = await watch('find_operations', { query: null, effect: '', limit: null }, compact);
    expect(nothing.json.by_prefix).toContain('audit: list');
  });

  test('an empty list for an object of arguments is an empty object', async () => {
    const { json } = await watch('run_read', { operation: 'accounts_list', arguments: [] }, compact);
    expect(json.error).toBeUndefined();
    const shown = await watch('read_more', { tool: 'accounts_list', arguments: [], cursor: 'rows/0' });
    expect(shown.json.error).toBeUndefined();
    expect(
      (await watch('preview_call', { tool: 'accounts_list', arguments: '[]' })).json.error,
    ).toBeUndefined();
  });

  test('read_more decodes as the tool itself does', async () => {
    const args = { tool: 'accounts_list', arguments: { limit: '3', fields: 'name' }, cursor: 'rows[0]' };
    const { text, sent } = await watch('read_more', args);
    expect(sent.length, text).toBeGreaterThan(0);
    expect(queryOf(sent[0])).toEqual(await query({ limit: 3 }));
  });
});

test('arguments are decoded and refused alike over HTTP', async () => {
  const http = await startHttpRig();
  const ask = async (name: string, args: Args) => {
    const message = { method: 'tools/call', params: { name, arguments: args } };
    const response = await http.post(message, { authorization: `Bearer ${http.sandbox.token}` });
    const { result } = (await response.json()) as { result: { content: { text: string }[] } };
    return JSON.parse(result.content[0]?.text ?? '');
  };
  try {
    const args = { fields: 'name,id', filter: { environment: 'prod' }, total: 'True', start_after: null };
    const { columns, rows, total } = await ask('accounts_list', args);
    expect([columns, rows[0].length, total > 0]).toEqual([['name', 'id'], 2, true]);
    const { error } = await ask('accounts_list', { filter: { $or: [] } });
    expect(error.arguments[0].problem).toContain('name[eq]acme');
  } finally {
    await http.close();
  }
});
