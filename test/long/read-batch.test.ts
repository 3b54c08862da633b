import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { auditLines, pause } from '../e2e/endings-support.ts';
import { type FakeSynqly, startFakeSynqly } from '../e2e/fake-synqly.ts';
import { connectGateway } from '../e2e/gateway-support.ts';
import { type HttpProgram, postTo, startHttpProgram } from '../e2e/http-support.ts';
import { marker, plant } from '../e2e/pins-support.ts';
import { type Program, programOf, type Rig, startProgram, startRig } from '../e2e/support.ts';
import { testSurfaces } from '../e2e/surfaces.ts';

interface BatchCall {
  readonly operation: string;
  readonly arguments?: Record<string, unknown>;
  readonly fields?: readonly string[];
}

// biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
type Answer = any;

const get = (account_id: string): BatchCall => ({ operation: 'accounts_get', arguments: { account_id } });

/** The rows of the table of an operation, each with the names of its columns. */
function rowsOf({ results }: Answer, operation: string): Answer[] {
  const table = results.find((one: Answer) => one.operation === operation && one.rows);
  const objectsOf = ({ same, columns, rows }: Answer): Answer[] =>
    rows.map((row: unknown[]) => ({
      ...same,
      ...Object.fromEntries(row.map((cell, index) => [columns[index], cell])),
    }));
  if (!table) return [];
  const calls = table.calls ? objectsOf(table.calls) : [];
  return objectsOf(table).map((row) => ({ ...calls.find(({ call }) => call === row.call), ...row }));
}

const errorsOf = ({ errors }: Answer): Answer[] =>
  errors.rows.map((row: unknown[]) => ({
    ...errors.same,
    ...Object.fromEntries(row.map((cell, index) => [errors.columns[index], cell])),
  }));

let sandbox: Sandbox;
let names: string[];
const requests: string[] = [];
beforeAll(async () => {
  sandbox = await startSandbox({ size: 60, onExchange: ({ path }) => requests.push(path) });
  const response = await fetch(`${sandbox.baseUrl}/v1/accounts?limit=45`, {
    headers: { authorization: `Bearer ${sandbox.token}` },
  });
  names = ((await response.json()) as Answer).result.map(({ name }: Answer) => name);
});
afterAll(() => sandbox.close());

describe.each([
  ['full', 'stdio'],
  ['compact', 'stdio'],
  ['full', 'http'],
  ['compact', 'http'],
] as const)('a batch on the %s surface over %s', (surface, transport) => {
  let program: Program;
  let http: HttpProgram | undefined;
  const tool = surface === 'full' ? 'read_batch' : 'run_read';
  const folder = mkdtempSync(join(tmpdir(), 'batch-'));
  const auditLog = join(folder, 'audit.log');
  const batch = (...calls: BatchCall[]) => program.call(tool, { calls });
  const countLogged = () => program.stderr().split('"tool":"accounts_get"').length;
  beforeAll(async () => {
    const args = ['--base-url', sandbox.baseUrl, '--surface', surface, '--audit-log', auditLog];
    const env = { SYNQLY_TOKEN: sandbox.token, SYNQLY_PERMISSIONS: 'ignore' };
    if (transport === 'stdio') program = await startProgram(args, env);
    else {
      http = await startHttpProgram(args, { SYNQLY_PERMISSIONS: 'ignore' });
      program = programOf(await http.connect(sandbox.token), http.stderr);
    }
  });
  afterAll(async () => {
    await program.close();
    await http?.close();
    rmSync(folder, { recursive: true });
  });

  test('gives 45 results and 5 errors of 50 calls, in their order', async () => {
    const wrong = [3, 11, 20, 33, 49];
    const given = [...names];
    const ids = Array.from({ length: 50 }, (_, index) =>
      wrong.includes(index) ? `absent-${index}` : (given.shift() as string),
    );
    const logged = countLogged();
    const { json, isError } = await batch(...ids.map(get));
    expect(isError).toBe(false);
    expect([json.ok, json.failed]).toEqual([45, 5]);
    const rows = rowsOf(json, 'accounts_get');
    expect(rows.map(({ call, name }) => [call, name])).toEqual(
      ids.map((id, index) => [index, id]).filter(([index]) => !wrong.includes(index as number)),
    );
    const errors = errorsOf(json);
    expect(errors.map(({ call }) => call)).toEqual(wrong);
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['not_found']));
    expect(errors[1].message).toContain('absent-11');
    // Each call is logged as a single one is.
    await vi.waitFor(() => expect(countLogged() - logged).toBe(50));
  });

  test('takes values from earlier answers, and makes a call for each row', async () => {
    const { json } = await batch(
      { operation: 'accounts_list', arguments: { limit: 3 } },
      { operation: 'integrations_list', arguments: { filter: ['account_id[eq]$0.rows.*.id'] } },
      {
        operation: 'accounts_get',
        arguments: { account_id: '$0.rows.1.id' },
        fields: ['name', 'environment'],
      },
      { operation: 'accounts_get', arguments: { account_id: '$2.result.name' }, fields: ['id'] },
    );
    expect(json.failed).toBeUndefined();
    expect(rowsOf(json, 'accounts_list').map(({ name }) => name)).toEqual(names.slice(0, 3));
    const gets = rowsOf(json, 'accounts_get');
    expect(gets[0]).toMatchObject({ call: 2, name: names[1] });
    expect(gets[1]).toMatchObject({ call: 3, account_id: names[1], id: gets[0].account_id });
    const found = rowsOf(json, 'integrations_list');
    const table = json.results.find(({ operation }: Answer) => operation === 'integrations_list');
    const without = table.without_rows?.account_id ?? [];
    expect(new Set([...found.map(({ account_id }) => account_id), ...without]).size).toBe(3);
  });

  test('names the arguments of calls with many rows once', async () => {
    const each = { account_id: '$0.rows.*.account_id', integration_id: '$0.rows.*.integration_id' };
    const { json } = await batch(
      { operation: 'status_list', arguments: { limit: 6 }, fields: ['status'] },
      { operation: 'status_list_events', arguments: { ...each, limit: 3 } },
    );
    const table = json.results.find(({ operation }: Answer) => operation === 'status_list_events');
    expect(table.calls.columns).toEqual(expect.arrayContaining(['call', 'integration_id']));
    expect(table.columns).not.toContain('integration_id');
    const rows = rowsOf(json, 'status_list_events');
    expect(rows.length).toBeGreaterThan(table.calls.rows.length * 1.5);
    expect(new Set(rows.map(({ integration_id }) => integration_id)).size).toBe(table.calls.rows.length);
    const [{ account_id, integration_id, call }] = rows;
    expect(call).toMatch(/^1\.\d$/);
    const single = await program.call(
      ...testSurfaces[surface].toolCall('status_list_events', { account_id, integration_id, limit: 3 }),
    );
    expect(rows.filter((row) => row.call === call)).toHaveLength(single.json.result.length);
  });

  test.each([
    ['its own call', [get('$0.result.id')], 'calls.0.arguments.account_id'],
    ['a later call', [get('$1.result.id'), get('x')], 'calls.0.arguments.account_id'],
    ['a call that is not there', [get('x'), get('$7.result.id')], 'calls.1.arguments.account_id'],
    ['no place in it', [get('x'), get('$0')], 'calls.1.arguments.account_id'],
    ['two lists', [get('x'), get('$0.rows.*.labels.*')], 'calls.1.arguments.account_id'],
  ])('is refused before anything is sent if a path names %s', async (_, calls, argument) => {
    requests.length = 0;
    const { json, isError } = await batch(...calls);
    expect(isError).toBe(true);
    expect(json.error.code).toBe('invalid_arguments');
    expect(json.error.arguments[0].argument).toBe(argument);
    expect(requests).toEqual([]);
  });

  test('says which call a failed one kept from being sent', async () => {
    const { json, isError } = await batch(get('absent'), get('$0.result.id'), get('$0.rows.*.id'));
    expect(isError).toBe(true);
    expect(errorsOf(json).map(({ code }) => code)).toEqual([
      'not_found',
      'dependency_failed',
      'dependency_failed',
    ]);
  });

  test.each(['accounts_delete', 'accounts_create', 'status_reset'])(
    'with %s is refused whole, and the refusal is in the audit log',
    async (operation) => {
      const { json, isError } = await batch(get(names[0] as string), {
        operation,
        arguments: { account_id: names[0] },
      });
      expect(isError).toBe(true);
      expect(json.error).toMatchObject({ code: 'wrong_tool' });
      expect(json.error.next).toContain(`call ${operation} by itself`);
      expect(auditLines(readFileSync(auditLog, 'utf8')).at(-1)).toMatchObject({
        operation,
        outcome: 'wrong_tool',
      });
    },
  );

  test('names the operation that an unknown name means, and makes the other calls', async () => {
    const { json } = await batch(get(names[0] as string), { operation: 'AccountsGet' });
    expect(json.results[0].result.name).toBe(names[0]);
    expect(errorsOf(json)[0]).toMatchObject({
      call: 1,
      code: 'unknown_operation',
      closest: ['accounts_get'],
    });
  });

  test('takes at most 50 calls', async () => {
    const { json, isError } = await batch(...Array.from({ length: 51 }, () => get('x')));
    expect(isError).toBe(true);
    expect(json.error.arguments).toEqual([{ argument: 'calls', problem: 'must hold at most 50 items' }]);
  });

  test('is cut to the token limit with equal shares, and each list can be read on', async () => {
    const lists = [
      'accounts_list',
      'integrations_list',
      'status_list_events',
      'audit_list',
      'credentials_list',
    ];
    const calls = lists.flatMap((operation): BatchCall[] =>
      operation === 'credentials_list'
        ? [{ operation, arguments: { owner_id: names[0] } }]
        : [{ operation, fields: ['*'], arguments: { limit: 60 } }],
    );
    const { json, text } = await batch(...calls);
    expect(encode(text).length).toBeLessThanOrEqual(10_000);
    expect(encode(text).length).toBeGreaterThan(5_000);
    const table = json.results.find(({ operation }: Answer) => operation === 'accounts_list');
    const shown = table.columns ? rowsOf(json, 'accounts_list') : [];
    expect(shown.length).toBeGreaterThan(5);
    const { next, remaining } = table.more[0];
    expect(remaining).toBe(60 - shown.length);
    const { json: rest } = await batch({
      operation: 'accounts_list',
      fields: ['name'],
      arguments: { limit: 60, ...next },
    });
    const all = [...shown, ...rowsOf(rest, 'accounts_list')].map(({ name }) => name);
    expect(all).toHaveLength(60);
    expect(new Set(all).size).toBe(60);
  });

  test('cuts a long object, and read_more gets the rest', async () => {
    const calls: BatchCall[] = Array.from({ length: 6 }, (_, index) => ({
      operation: index === 0 ? 'capabilities_list_providers' : 'audit_list',
      arguments: index === 0 ? {} : { limit: 40 + index },
      ...(index > 0 && { fields: ['*'] }),
    }));
    const { json } = await batch(...calls);
    const providers = json.results.find(
      ({ operation }: Answer) => operation === 'capabilities_list_providers',
    );
    const { tool: name, arguments: args } = providers.cut.next;
    const more = await program.call(name, args);
    expect(more.isError).toBe(false);
    expect(JSON.stringify(more.json)).not.toContain('"error"');
  });

  test('reports its progress', async () => {
    const seen: number[] = [];
    await program.client.callTool(
      { name: tool, arguments: { calls: names.slice(0, 10).map(get) } },
      undefined,
      { onprogress: ({ progress }) => seen.push(progress) },
    );
    await pause(50);
    expect(seen).toEqual([...seen].sort((one, other) => one - other));
    // The client drops what arrives after the answer.
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.at(-1)).toBeLessThanOrEqual(10);
  });
});

describe('run_read', () => {
  let program: Program;
  beforeAll(async () => {
    program = await startProgram(['--base-url', sandbox.baseUrl, '--surface', 'compact'], {
      SYNQLY_TOKEN: sandbox.token,
    });
  });
  afterAll(() => program.close());

  test('takes one call or several, not both and not none', async () => {
    const both = await program.call('run_read', {
      operation: 'accounts_list',
      calls: [{ operation: 'accounts_list' }],
    });
    expect(both.json.error).toMatchObject({
      code: 'invalid_arguments',
      arguments: [
        { argument: 'operation', problem: 'cannot be given with calls' },
        { argument: 'arguments', problem: 'cannot be given with calls' },
      ],
    });
    const none = await program.call('run_read', {});
    expect(none.json.error).toMatchObject({
      code: 'invalid_arguments',
      arguments: [{ argument: 'operation', problem: 'is required (string)' }],
    });
  });

  test('stands for read_batch, which is not listed', async () => {
    const { tools } = await program.client.listTools();
    expect(tools.map(({ name }) => name)).not.toContain('read_batch');
  });
});

describe('a call for each row', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({ sandbox: { size: 300 } });
  }, 60_000);
  afterAll(() => rig.close());

  test('is made at most 100 times, and the answer says what is left and how to go on', async () => {
    const list = { operation: 'accounts_list', arguments: { limit: 300 }, fields: ['name'] };
    const seen = new Set<string>();
    let path = '$0.rows.*.id';
    const lefts: unknown[] = [];
    for (let round = 0; round < 3; round += 1) {
      rig.exchanges.length = 0;
      const { json } = await rig.call('read_batch', {
        calls: [list, { operation: 'accounts_get', arguments: { account_id: path }, fields: ['name'] }],
      });
      expect(rig.exchanges.filter(({ operationId }) => operationId === 'accounts_get')).toHaveLength(100);
      for (const { name } of rowsOf(json, 'accounts_get')) seen.add(name);
      lefts.push(json.for_each?.[0].left_out);
      path = /\$0\S+(?=\.$)/.exec(json.for_each?.[0].next ?? '')?.[0] ?? '';
    }
    expect(lefts).toEqual([200, 100, undefined]);
    expect(seen.size).toBe(300);
  }, 60_000);

  test('is made once for rows with the same value', async () => {
    rig.exchanges.length = 0;
    const { json } = await rig.call('read_batch', {
      calls: [
        { operation: 'status_list', arguments: { limit: 80 }, fields: ['account_id'] },
        { operation: 'accounts_get', arguments: { account_id: '$0.rows.*.account_id' } },
      ],
    });
    const accounts = new Set(rowsOf(json, 'status_list').map(({ account_id }) => account_id));
    expect(accounts.size).toBeGreaterThan(1);
    expect(accounts.size).toBeLessThan(80);
    expect(rig.exchanges.filter(({ operationId }) => operationId === 'accounts_get')).toHaveLength(
      accounts.size,
    );
  });
});

describe('the API', () => {
  let api: FakeSynqly;
  let program: Program;
  let inFlight = 0;
  let most = 0;
  let status = 200;
  let retryAfter: string | undefined;
  let limited = 0;
  let delay = 30;
  const times: { readonly at: number; readonly status: number }[] = [];
  beforeAll(async () => {
    api = await startFakeSynqly(async () => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await pause(delay);
      inFlight -= 1;
      const isLimited = limited > 0;
      limited -= 1;
      const answer = isLimited ? 429 : status;
      times.push({ at: Date.now(), status: answer });
      return {
        status: answer,
        headers: answer === 429 && retryAfter !== undefined ? { 'retry-after': retryAfter } : {},
        json: answer === 200 ? { result: { id: 'id', name: 'name' } } : { message: 'slow down' },
      };
    });
    program = await startProgram(['--base-url', api.url, '--timeout', '8'], {
      SYNQLY_TOKEN: 'token-of-a-test',
      SYNQLY_PERMISSIONS: 'ignore',
    });
  });
  afterAll(async () => {
    await program.close();
    api.close();
  });
  const batch = (count: number) =>
    program.call('read_batch', {
      calls: Array.from({ length: count }, (_, index) => get(`account-${index}`)),
    });
  const start = (next: { limited: number; retryAfter?: string; delay?: number }) => {
    api.requests.length = 0;
    times.length = 0;
    most = 0;
    status = 200;
    limited = next.limited;
    delay = next.delay ?? 30;
    retryAfter = next.retryAfter;
  };

  test('gets at most 8 requests at a time', async () => {
    start({ limited: 0 });
    const { json } = await batch(40);
    expect(json.ok).toBe(40);
    expect(api.requests).toHaveLength(40);
    expect(most).toBe(8);
  });

  test('that answers 429 gets no request of the batch until its Retry-After has passed', async () => {
    start({ limited: 3, retryAfter: '2' });
    const { json } = await batch(30);
    expect(json.ok).toBe(30);
    expect(api.requests).toHaveLength(33);
    const first = times.find((one) => one.status === 429)?.at ?? 0;
    // What was in flight with the first 429 still ends.
    const during = times.filter(({ at }) => at > first + 100 && at < first + 1900);
    expect(during).toEqual([]);
  }, 30_000);

  test('that asks for a long pause gets no further request, also where there is time for it', async () => {
    start({ limited: 1000, retryAfter: '30' });
    const patient = await startProgram(['--base-url', api.url, '--timeout', '50'], {
      SYNQLY_TOKEN: 'token-of-a-test',
      SYNQLY_PERMISSIONS: 'ignore',
    });
    const began = Date.now();
    const { json, isError } = await patient.call('read_batch', {
      calls: Array.from({ length: 50 }, (_, index) => get(`account-${index}`)),
    });
    expect(Date.now() - began).toBeLessThan(10_000);
    await patient.close();
    expect(isError).toBe(true);
    expect(api.requests.length).toBeLessThanOrEqual(8);
    expect(json.failed).toBe(50);
    const [first] = errorsOf(json);
    expect(first).toMatchObject({ code: 'rate_limited', retry: 'safe' });
    expect(first.retry_after_s).toBeGreaterThan(25);
  }, 60_000);

  test('that answers nothing but 429 without saying how long gets few requests', async () => {
    start({ limited: 1000 });
    const { json } = await batch(50);
    expect(json.failed).toBe(50);
    // 8 at first, 4 after a second, 2 after two more, 1 after four more.
    expect(api.requests.length).toBeLessThanOrEqual(16);
  }, 30_000);

  test('that is slow leaves errors for the calls that had no time, beside the results of the others', async () => {
    start({ limited: 0, delay: 1_500 });
    const began = Date.now();
    const { json } = await batch(50);
    expect(Date.now() - began).toBeLessThan(12_000);
    expect(json.ok).toBeGreaterThanOrEqual(24);
    expect(json.ok + json.failed).toBe(50);
    expect(new Set(errorsOf(json).map(({ code }) => code))).toEqual(new Set(['timeout']));
    expect(api.requests.length).toBeLessThanOrEqual(json.ok + 8);
  }, 30_000);

  test('gets nothing more once the client cancels', async () => {
    start({ limited: 0 });
    const abort = new AbortController();
    const answer = program.client.callTool(
      {
        name: 'read_batch',
        arguments: { calls: Array.from({ length: 50 }, (_, index) => get(`a-${index}`)) },
      },
      undefined,
      { signal: abort.signal },
    );
    await pause(45);
    abort.abort();
    await expect(answer).rejects.toThrow();
    await pause(100);
    const sent = api.requests.length;
    expect(sent).toBeLessThan(40);
    await pause(500);
    expect(api.requests).toHaveLength(sent);
  });
});

describe.each([
  ['full', 'flags over stdio'],
  ['compact', 'flags over stdio'],
  ['full', 'an MCP token over HTTP'],
  ['compact', 'an MCP token over HTTP'],
] as const)('a batch under an account pin, on the %s surface with %s', (surface, way) => {
  test('shows nothing of another account', async () => {
    const rig = await startRig({ sandbox: { size: 'small' }, args: ['--confirm', 'never'] });
    const { inside, outside } = await plant(rig);
    const pinned = way.startsWith('flags')
      ? await startProgram(
          ['--base-url', rig.sandbox.baseUrl, '--surface', surface, '--account', inside.name],
          { SYNQLY_TOKEN: rig.sandbox.token },
        )
      : await connectGateway(rig.sandbox, ['--account', inside.name], ['--surface', surface]);
    const { json, text } = await pinned.call(surface === 'full' ? 'read_batch' : 'run_read', {
      calls: [
        { operation: 'accounts_list', fields: ['*'] },
        { operation: 'integrations_list', fields: ['*'] },
        { operation: 'accounts_get' },
        { operation: 'integrations_get', arguments: { integration_id: '$1.rows.*.id' } },
        { operation: 'bridges_get', arguments: { bridge_id: outside.bridgeId } },
        { operation: 'accounts_get', arguments: { account_id: outside.id } },
        { operation: 'members_list' },
      ],
    });
    expect(json.ok).toBeGreaterThan(3);
    expect(text).not.toContain(marker);
    expect(text).toContain(inside.id);
    const codes = Object.fromEntries(errorsOf(json).map(({ call, code }) => [call, code]));
    expect(Object.keys(codes)).toEqual(['4', '5', '6']);
    expect(codes[6]).toBe('unknown_operation');
    await pinned.close();
    await rig.close();
  }, 60_000);
});

test('a read-only server offers read_batch, and refuses a write in it as one', async () => {
  const program = await startProgram(['--base-url', sandbox.baseUrl, '--read-only'], {
    SYNQLY_TOKEN: sandbox.token,
  });
  const { json } = await program.call('read_batch', { calls: [get(names[0] as string)] });
  expect(json.results[0].result.name).toBe(names[0]);
  const refused = await program.call('read_batch', { calls: [{ operation: 'accounts_delete' }] });
  expect(refused.json.error.code).toBe('read_only');
  await program.close();
});

test('a batch reads only what the toolsets include', async () => {
  const program = await startProgram(['--base-url', sandbox.baseUrl, '--toolsets', 'accounts'], {
    SYNQLY_TOKEN: sandbox.token,
  });
  const { json } = await program.call('read_batch', {
    calls: [get(names[0] as string), { operation: 'members_list' }],
  });
  expect(json.ok).toBe(1);
  expect(errorsOf(json)[0]).toMatchObject({ call: 1, code: 'not_selected' });
  await program.close();
});

test('a token gets what it may read, and errors for the rest', async () => {
  const { result } = await postTo(sandbox, '/v1/tokens', {
    name: 'batch-reader',
    permission_set: 'account-manager',
    resources: { limits: { accounts: { allow: ['*'] } } },
  });
  const program = await startProgram(['--base-url', sandbox.baseUrl], {
    SYNQLY_TOKEN: result.primary.access.secret,
  });
  const { json } = await program.call('read_batch', {
    calls: [get(names[0] as string), { operation: 'audit_list' }],
  });
  expect(json.ok).toBe(1);
  expect(errorsOf(json)[0]).toMatchObject({ call: 1, code: 'forbidden' });
  await program.close();
});

test.each(['full', 'compact'])(
  'a batch on the %s surface shows no token that an error repeats',
  async (surface) => {
    const rig = await startRig({
      sandbox: { size: 'small', faults: [{ route: 'accounts_get', echo: true }] },
      args: ['--surface', surface],
    });
    const { json, text } = await rig.call(surface === 'full' ? 'read_batch' : 'run_read', {
      calls: [get('one'), get('two'), { operation: 'accounts_list', arguments: { limit: 2 } }],
    });
    expect(json.failed).toBe(2);
    expect(text).not.toContain(rig.sandbox.token);
    await rig.close();
  },
);

test('a batch shows no token that an argument repeats', async () => {
  const rig = await startRig({ sandbox: { size: 'small' } });
  const list = (filter: string): BatchCall => ({
    operation: 'accounts_list',
    arguments: { filter: [filter], limit: 2 },
  });
  const { json, text } = await rig.call('read_batch', {
    calls: [list(`name[lte]zz${rig.sandbox.token}`), list('name[lte]zz')],
  });
  expect(rowsOf(json, 'accounts_list')).toHaveLength(4);
  expect(text).not.toContain(rig.sandbox.token);
  await rig.close();
});
