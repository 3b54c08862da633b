import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exampleOf } from '../../src/pipeline/arguments/example.ts';
import { dispatcherTools } from '../../src/surfaces/compact/definitions.ts';
import { builtinTools } from '../../src/tools/builtin/index.ts';
import { catalogue } from '../../src/tools/catalogue.ts';
import { workflows } from '../../src/tools/workflows/index.ts';
import { canary, type Program, type Rig, startProgram, startRig } from './support.ts';

let rig: Rig;
let compact: Program;
beforeAll(async () => {
  rig = await startRig({ sandbox: { size: 'small' } });
  const args = ['--base-url', rig.sandbox.baseUrl, '--surface', 'compact'];
  compact = await startProgram(args, { SYNQLY_TOKEN: rig.sandbox.token });
});
afterAll(async () => {
  await compact.close();
  await rig.close();
});

/** The error of a call before which nothing was sent. */
async function refusal(name: string, args: Record<string, unknown>, program: Program = rig) {
  const before = rig.exchanges.length;
  const { json } = await program.call(name, args);
  expect(rig.exchanges).toHaveLength(before);
  expect(json.error.code).toBe('invalid_arguments');
  return json.error;
}

describe('a filter in another syntax', () => {
  test.each([
    ['name=acme', 'name[eq]acme'],
    ['name == "acme"', 'name[eq]acme'],
    ['name:acme', 'name[eq]acme'],
    ['name eq acme', 'name[eq]acme'],
    ["name eq 'acme corp'", 'name[eq]acme corp'],
    ['name[equals]acme', 'name[eq]acme'],
    ['name[EQ]acme', 'name[eq]acme'],
    ['name[$eq]acme', 'name[eq]acme'],
    ['name[eq ]=acme', 'name[eq]acme'],
    ['name[acme]', 'name[eq]acme'],
    ['eq(name,acme)', 'name[eq]acme'],
    ['name contains acme', 'name[like]%acme%'],
    ['name[startswith]acme', 'name[like]acme%'],
    ['name!=acme', 'name[neq]acme'],
    ['name not in a,b', 'name[not in]a,b'],
    ['created_at>=2026-01-01', 'created_at[gte]2026-01-01'],
    ['created_at < 2026-01-01', 'created_at[lt]2026-01-01'],
    ['account.name=acme', 'account.name[eq]acme'],
  ])('%s is refused before it is sent, with the right form', async (filter, meant) => {
    const error = await refusal('accounts_list', { filter: [filter] });
    expect(error.message).toContain('eq in like gt gte lt lte');
    expect(error.next).toContain('name, fullname, environment, labels');
    expect(error.arguments).toEqual([
      { argument: 'filter.0', problem: `should be ${JSON.stringify(meant)}` },
    ]);
  });

  test.each(['acme', '', '[eq]acme', 'name[nonsense]acme'])(
    '%j is refused with a form to follow',
    async (filter) => {
      const error = await refusal('members_list', { filter: ['name[eq]x', filter] });
      expect(error.arguments).toEqual([{ argument: 'filter.1', problem: 'should be like name[eq]value' }]);
    },
  );

  test.each(['name[neq]acme', 'name[not in]a,b', 'name[not like]a%', 'shoe_size[eq]42'])(
    '%s is sent to Synqly, and its refusal is completed with the fields of the rows',
    async (filter) => {
      const before = rig.exchanges.length;
      const { json } = await rig.call('accounts_list', { filter: [filter] });
      expect(json.error).toMatchObject({ code: 'invalid_request', status: 400 });
      expect(json.error.next).toContain('name, fullname, environment, labels');
      expect(rig.exchanges).toHaveLength(before + 1);
    },
  );

  test.each(['name[eq]a=b', 'name[like]%[x]%', 'name[in]a,b', 'name[eq]', 'name[eq]a\nb'])(
    '%j is not refused',
    async (filter) => {
      expect((await rig.call('accounts_list', { filter: [filter] })).isError).toBe(false);
    },
  );
});

describe('an order in another syntax', () => {
  test.each([
    ['-name', 'name[desc]'],
    ['+name', 'name[asc]'],
    ['name desc', 'name[desc]'],
    ['name:asc', 'name[asc]'],
    ['name[DESC]', 'name[desc]'],
    ['name[descending]', 'name[desc]'],
    ['desc(name)', 'name[desc]'],
  ])('%s is refused before it is sent, with the right form', async (order, meant) => {
    const error = await refusal('accounts_list', { order: [order] });
    expect(error.arguments).toEqual([{ argument: 'order.0', problem: `should be ${JSON.stringify(meant)}` }]);
  });

  test.each(['name', 'name[asc]', 'created_at[desc]'])('%s is not refused', async (order) => {
    expect((await rig.call('accounts_list', { order: [order] })).isError).toBe(false);
  });
});

describe('the example of a valid call', () => {
  test.each([...catalogue, ...workflows, ...builtinTools, ...dispatcherTools])(
    'of $id is valid when no argument was given',
    (tool) => {
      const { arguments: args } = exampleOf(tool, {});
      expect(tool.input.safeParse(args).error).toBeUndefined();
    },
  );

  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['accounts_get', {}, { account_id: '<account_id>' }],
    ['integrations_get', { account_id: 'acme' }, { account_id: 'acme', integration_id: '<integration_id>' }],
    [
      'accounts_patch',
      { account_id: 'acme' },
      { account_id: 'acme', patch: [{ op: 'replace', path: '/<field>', value: '<value>' }] },
    ],
    ['tokens_create_mcp_token', { token_ttl: '30m' }, { token_ttl: '30m', scope: { type: 'management' } }],
    [
      'accounts_list',
      { limits: 3, filter: ['name[eq]x'], total: 'maybe', fields: ['name'] },
      { limit: 3, filter: ['name[eq]x'], fields: ['name'] },
    ],
    ['accounts_create', { title: 'x', environment: 'staging', labels: ['a'] }, { labels: ['a'] }],
    ['members_get', { id: 'x' }, { member_id: 'x' }],
    ['accounts_get', { account_name: 'x' }, { account_id: 'x' }],
    [
      'accounts_update',
      { account_id: 'x', nickname: 'y', fullname: 'z'.repeat(61) },
      { account_id: 'x', fullname: '<...>' },
    ],
  ])('of %s keeps the valid arguments of %j', async (tool, given, args) => {
    const { example } = await refusal(tool, given);
    expect(example).toEqual({ tool, arguments: args });
  });

  test('holds no secret, and nothing that may hold one', async () => {
    const secrets = [
      ['credentials_create', { config: { type: 'token', secret: canary } }],
      [
        'credentials_create',
        { owner_id: 'x', nonsense: canary, config: { type: 'basic', username: 'u', secret: canary } },
      ],
      [
        'integrations_create',
        {
          provider_config: {
            type: 'siem_splunk',
            search_service_credential: { type: 'token', secret: canary },
          },
        },
      ],
      ['organizationWebhooks_create', { name: 'x', secret: { value: canary } }],
      ['members_create', { secret: canary }],
      ['auth_change_password', { old_secret: canary, secret: canary }],
      [
        'credentials_patch',
        { owner_id: 'x', patch: [{ op: 'replace', path: '/config/secret', value: canary }] },
      ],
      ['mappings_apply', { data: canary, nonsense: canary }],
    ] as const;
    for (const [tool, args] of secrets)
      expect(JSON.stringify(await refusal(tool, args)), tool).not.toContain(canary);
  });

  test('is left out when a value is wrong', async () => {
    expect((await refusal('accounts_list', { limit: 0 })).example).toBeUndefined();
  });

  test('of preview_call is a call of preview_call', async () => {
    const { example } = await refusal('preview_call', {
      tool: 'accounts_delete',
      arguments: { account: 'x' },
    });
    expect(example).toEqual({
      tool: 'preview_call',
      arguments: { tool: 'accounts_delete', arguments: { account_id: 'x' } },
    });
  });
});

test.each([
  ['accounts_get', 'acount_id', 'account_id'],
  ['accounts_get', 'account-id', 'account_id'],
  ['accounts_get', 'ACCOUNT-ID', 'account_id'],
  ['accounts_get', 'account', 'account_id'],
  ['accounts_get', 'name', 'account_id'],
  ['accounts_list', 'filters', 'filter'],
  ['accounts_list', 'start-after', 'start_after'],
  ['accounts_create', 'full_name', 'fullname'],
  ['accounts_create', 'enviroment', 'environment'],
])('%s: for %s the argument %s is suggested', async (tool, slip, meant) => {
  const { arguments: faults } = await refusal(tool, { [slip]: 'x' });
  expect(faults).toContainEqual({ argument: slip, problem: `is unknown; did you mean ${meant}?` });
});

test.each(['display_name', 'colour', 'x', 'constructor'])('for %s nothing is suggested', async (name) => {
  const { arguments: faults } = await refusal('accounts_create', JSON.parse(`{"${name}":"x"}`));
  expect(faults).toEqual([{ argument: name, problem: 'is unknown' }]);
});

describe('on the compact surface', () => {
  test.each([
    ['run_read', { operation: 'accounts_get' }, 'run_read', 'accounts_get', { account_id: '<account_id>' }],
    [
      'run_read',
      { operation: 'accounts_get', arguments: { 'account-id': 'x' } },
      'run_read',
      'accounts_get',
      { account_id: 'x' },
    ],
    // The arguments beside the operation in place of within.
    [
      'run_read',
      { operation: 'accounts_get', account_id: 'x' },
      'run_read',
      'accounts_get',
      { account_id: 'x' },
    ],
    [
      'run_read',
      { operation: 'accounts_delete', account_id: 'x' },
      'run_destroy',
      'accounts_delete',
      { account_id: 'x' },
    ],
    [
      'run_write',
      { operation: 'accounts_create', arguments: { nick: 'x', name: 'y' } },
      'run_write',
      'accounts_create',
      { name: 'y' },
    ],
  ])('the example of %s %j is a dispatcher call', async (runner, given, tool, operation, args) => {
    const { example } = await refusal(runner, given, compact);
    expect(example).toEqual({ tool, arguments: { operation, arguments: args } });
  });

  test('a missing operation is shown in the example', async () => {
    const { example } = await refusal('run_read', { account_id: 'x' }, compact);
    expect(example).toEqual({ tool: 'run_read', arguments: { operation: '<operation>' } });
  });

  test('secrets beside the operation are not repeated', async () => {
    const given = {
      operation: 'credentials_create',
      owner_id: 'x',
      config: { type: 'token', secret: canary },
    };
    const { example, ...rest } = await refusal('run_write', given, compact);
    expect(example.arguments.arguments).toEqual({ owner_id: 'x' });
    expect(JSON.stringify(rest)).not.toContain(canary);
  });
});

describe('a tool that does not exist', () => {
  const messageOf = (name: string, program: Program = rig) =>
    program.client.callTool({ name }).then(JSON.stringify, String);

  test.each([
    ['list_accounts', 'accounts_list'],
    ['accounts_remove', 'accounts_delete'],
    ['create_integration', 'integrations_create'],
  ])('%s gets the suggestion %s', async (name, right) => {
    expect(await messageOf(name)).toMatch(
      new RegExp(`-32602.*Unknown tool: ${name}. Closest: .*\\b${right}\\b`),
    );
  });

  const respellings = ['Accounts_List', 'accounts.list', 'accounts-list', 'accountsList', 'ACCOUNTS_LIST'];
  const prefixed = ['mcp__synqly__', 'synqly_', 'synqly-', 'mcp_synqly_', 'synqly:', 'synqly.'].map(
    (prefix) => `${prefix}accounts_list`,
  );

  test.each([
    ...[...respellings, ...prefixed, 'mcp__synqly__Accounts-List'].map((name) => [name, 'accounts_list']),
    ['integrationpoints_list', 'integrationPoints_list'],
    ['mcp__synqly__integrationPoints_list', 'integrationPoints_list'],
    [`mcp__${'x'.repeat(300)}__accounts_list`, 'accounts_list'],
  ])('%s gets the right name first, on both surfaces', async (name, right) => {
    const refused = `-32602: Unknown tool: ${name.slice(0, 100)}. `;
    expect(await messageOf(name)).toContain(`${refused}Use ${right}.`);
    expect(await messageOf(name, compact)).toContain(
      `${refused}Call run_read with {"operation":"${right}","arguments":{...}}.`,
    );
    const { error } = (await compact.call('run_read', { operation: name })).json;
    expect(error).toMatchObject({ code: 'unknown_operation', message: `Unknown operation. Use ${right}.` });
    expect(error.closest[0]).toBe(right);
    for (const [tool, more] of [
      ['preview_call', {}],
      ['read_more', { cursor: 'rows/0' }],
    ] as const) {
      const { json } = await rig.call(tool, { tool: name, ...more });
      expect(json.error.arguments).toEqual([
        { argument: 'tool', problem: `is not the name of an operation; use ${right}` },
      ]);
    }
  });

  test.each([
    ['mcp__synqly__run_read', 'run_read'],
    ['Find-Operations', 'find_operations'],
    ['synqly_whoami', 'whoami'],
  ])('%s gets the tool of the compact surface', async (name, right) => {
    expect(await messageOf(name, compact)).toContain(`Unknown tool: ${name}. Use ${right}.`);
  });

  test('gets no right name that is hidden', async () => {
    const args = ['--base-url', rig.sandbox.baseUrl, '--toolsets', 'accounts', '--read-only'];
    const program = await startProgram(args, { SYNQLY_TOKEN: rig.sandbox.token });
    for (const name of ['Accounts_Delete', 'synqly_members_list'])
      expect(await messageOf(name, program)).not.toContain('Use ');
    await program.close();
  });

  test('gets at most three suggestions, all of them visible tools', async () => {
    const args = ['--base-url', rig.sandbox.baseUrl, '--toolsets', 'accounts', '--read-only'];
    const program = await startProgram(args, { SYNQLY_TOKEN: rig.sandbox.token });
    const message = await messageOf('delete_accounts_list_get', program);
    await program.close();
    expect(message.split('Closest: ')[1]).toMatch(/^accounts_(list|get)(, accounts_(list|get))?\.$/);
  });

  test.each(['run_delete', 'run_change', 'run_create', 'run_operation', 'RUN_UPDATE'])(
    'on the compact surface %s is answered with the tools that run operations',
    async (name) => {
      const message = await messageOf(name, compact);
      expect(message).toContain(`Unknown tool: ${name}. Use run_read, run_write or run_destroy.`);
    },
  );

  test('gets no suggestion when no name is similar', async () => {
    expect(await messageOf('zzzzqqqq')).toMatch(/Unknown tool: zzzzqqqq\.$/);
    expect((await messageOf('x'.repeat(5000))).length).toBeLessThan(300);
  });

  test("gets the operation's dispatcher as the suggestion on the compact surface", async () => {
    expect(await messageOf('accounts_delete', compact)).toContain(
      'Call run_destroy with {"operation":"accounts_delete","arguments":{...}}.',
    );
    expect(await messageOf('list_accounts', compact)).toContain(
      'Call run_read with {"operation":"accounts_list"',
    );
  });
});
