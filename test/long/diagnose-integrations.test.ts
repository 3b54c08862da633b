import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { asDiagnosed, diagnoseByHand, diagnosed } from '../e2e/diagnose-support.ts';
import { startFakeSynqly } from '../e2e/fake-synqly.ts';
import { type Caller, getFrom, type Json, openCaller, rowsOf, ways } from '../e2e/workflows-support.ts';

const tool = 'diagnose_integrations';

let sandbox: Sandbox;
let paths: { operationId: string | undefined; path: string }[] = [];
beforeAll(async () => {
  sandbox = await startSandbox({
    onExchange: ({ operationId, path }) => paths.push({ operationId, path }),
  });
});
afterAll(() => sandbox.close());
afterEach(() => sandbox.faults.clear());

describe.each(ways)('diagnose_integrations on the %s surface over %s', (...way) => {
  let caller: Caller;
  beforeAll(async () => {
    caller = await openCaller(sandbox, way);
  });
  afterAll(() => caller.close());

  test('finds in one call what a walk through all events finds, in at most 1,200 tokens', async () => {
    const { unhealthy, idle, all } = await diagnoseByHand(sandbox);
    const { json, text, isError } = await caller.run(tool);
    expect(isError).toBe(false);
    expect(unhealthy.length).toBeGreaterThan(5);
    expect(diagnosed(rowsOf(json))).toEqual(unhealthy.map(asDiagnosed));
    expect(json.summary).toContain(`${unhealthy.length} of ${all} integrations`);
    expect(json.summary).toContain(`${idle.length} had no requests`);
    for (const name of idle) expect(json.summary).toContain(name);
    expect(json.more).toBeUndefined();
    expect(json.not_read).toBeUndefined();
    const tokens = encode(text).length;
    console.log(`${tool}: ${tokens} tokens`);
    expect(tokens).toBeLessThanOrEqual(1_200);
  });

  test('says who changed a credential before the integration broke, and where to look next', async () => {
    const { json } = await caller.run(tool);
    const splunk = rowsOf(json).find(({ integration }) => integration === 'siem-splunk');
    expect(splunk.changes).toMatch(
      /^credential changed \d{4}-\d\d-\d\dT\d\d:\d\dZ by ingrid\.solheim@kestrelmoor\.example, \d+ (min|h) (before|after)$/,
    );
    expect(splunk.credential).toBe('token');
    for (const { tool: next, arguments: args } of json.next) {
      const answer = await caller.run(next, args);
      expect(answer.isError, next).toBe(false);
    }
    expect(json.next[0].tool).toBe('status_list_events');
  });

  test('is about one account, or one integration', async () => {
    const account_id = 'quillbank-credit-union';
    const { json } = await caller.run(tool, { account_id });
    const rows = rowsOf(json);
    expect(rows.map(({ account }) => account)).toEqual([account_id, account_id]);
    const one = await caller.run(tool, { account_id, integration_id: 'edr-sentinelone' });
    expect(rowsOf(one.json).map(({ integration }) => integration)).toEqual(['edr-sentinelone']);
    const healthy = await caller.run(tool, { account_id: 'tarn-vale-insurance' });
    expect(healthy.json).toEqual({ summary: 'None of 3 integrations is unhealthy.' });
    for (const args of [{ account_id: 'absent' }, { account_id, integration_id: 'absent' }]) {
      const { json: refused } = await caller.run(tool, args);
      expect(refused.error.code).toBe('not_found');
    }
  });

  test('asks the API at most six times for each, besides the pages of lists', async () => {
    paths = [];
    const rows = rowsOf((await caller.run(tool)).json);
    const lists = /^(status_list|audit_list|members_list|bridges_list)$/;
    const others = paths.filter(({ operationId }) => !lists.test(operationId ?? ''));
    const counts = new Map<string, number>();
    for (const { path } of others) {
      const id =
        path
          .split('?')[0]
          ?.match(/[0-9a-f]{8}-[0-9a-f-]{27}/g)
          ?.at(-1) ?? path;
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    expect(counts.size).toBe(rows.length);
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(6);
    expect(paths.length - others.length).toBeLessThanOrEqual(10);
  });

  test('refuses a wrong argument with those that it takes', async () => {
    const { json, isError } = await caller.run(tool, { accounts: 'x' });
    expect(isError).toBe(true);
    expect(json.error.code).toBe('invalid_arguments');
    expect(JSON.stringify(json.error.accepted_arguments)).toContain('account_id');
    const camel = await caller.run(tool, { accountId: 'tarn-vale-insurance' });
    expect(camel.json.summary).toContain('None of 3');
  });
});

describe('what may not be read', () => {
  const run = async (flags: string[], args = {}): Promise<Json> => {
    const caller = await openCaller(sandbox, ['full', 'stdio'], flags);
    const { json } = await caller.run(tool, args);
    await caller.close();
    return json;
  };

  test('is named, and the rest is there', async () => {
    const denied = await run(['--deny', 'audit_list,status_get_*']);
    expect(denied.not_read).toEqual([
      expect.objectContaining({
        operation: 'status_get_integration_timeseries',
        why: 'the administrator has not selected it',
      }),
      expect.objectContaining({ operation: 'audit_list' }),
    ]);
    const rows = rowsOf(denied);
    expect(rows.length).toBeGreaterThan(5);
    expect(rows[0].since).toMatch(/Z$/);
    expect(rows[0]).not.toHaveProperty('failed_24h');
  });

  test('is named when Synqly refuses it', async () => {
    sandbox.faults.add({ route: 'credentials_list', status: 403 });
    sandbox.faults.add({ route: 'audit_list', status: 500 });
    const json = await run([]);
    const reasons = new Map(json.not_read.map(({ operation, why }: Json) => [operation, why]));
    expect(reasons.get('credentials_list')).toBe("the token's permissions do not allow it");
    expect(reasons.get('audit_list')).toMatch(/^upstream_error: |^server_error: |^[a-z_]+: /);
    expect(rowsOf(json).length).toBeGreaterThan(5);
  });

  test('ends the workflow if it is what it is about', async () => {
    sandbox.faults.add({ route: 'status_list', status: 403 });
    expect((await run([])).error.code).toBe('forbidden');
  });
});

test('what does not fit is continued where it ended', async () => {
  const large = await startSandbox({ size: 60 });
  const caller = await openCaller(large, ['full', 'stdio'], ['--max-result-tokens', '1000']);
  const seen: string[] = [];
  let args: Record<string, unknown> | undefined = {};
  for (let calls = 0; args && calls < 20; calls += 1) {
    const { json, text } = await caller.run(tool, args);
    expect(encode(text).length).toBeLessThanOrEqual(1_000);
    seen.push(...rowsOf(json).map(({ account, integration }) => `${account}/${integration}`));
    if (json.more) expect(json.more.remaining).toBeGreaterThan(0);
    args = json.more?.next;
  }
  const { unhealthy } = await diagnoseByHand(large);
  expect(seen).toEqual(unhealthy.map(({ key }) => key));
  await caller.close();
  await large.close();
});

test('what has no time ends with what it has, and says how to go on', async () => {
  sandbox.faults.add({ route: 'status_list_events', delay: 1_400 });
  const caller = await openCaller(sandbox, ['full', 'stdio'], ['--timeout', '3']);
  const started = Date.now();
  const { json, isError } = await caller.run(tool);
  expect(Date.now() - started).toBeLessThan(3_500);
  expect(isError).toBe(false);
  const rows = rowsOf(json);
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.length).toBeLessThan(7);
  expect(json.summary).toContain('7 of 35 integrations');
  expect(json.more.why).toBe(`No time was left for ${7 - rows.length} more.`);
  sandbox.faults.clear();
  const rest = await caller.run(tool, json.more.next);
  expect(rowsOf(rest.json)).toHaveLength(7 - rows.length);
  await caller.close();
});

test('waits where Synqly limits its requests, and leaves nothing out', async () => {
  sandbox.faults.add({ route: 'status_list_events', status: 429, retryAfter: 1, times: 3 });
  const caller = await openCaller(sandbox, ['full', 'stdio']);
  paths = [];
  const started = Date.now();
  const { json } = await caller.run(tool);
  expect(Date.now() - started).toBeGreaterThan(1_000);
  expect(json.not_read).toBeUndefined();
  expect(rowsOf(json).every(({ since }) => since !== null)).toBe(true);
  const events = paths.filter(({ operationId }) => operationId === 'status_list_events');
  // Seven integrations, one of which has a second page, and the three that were refused.
  expect(events.length).toBeLessThanOrEqual(12);
  await caller.close();
});

test('answers in time, whatever Synqly does not answer', async () => {
  sandbox.faults.add({ route: 'status_list_events', hang: true });
  const caller = await openCaller(sandbox, ['full', 'stdio'], ['--timeout', '5']);
  const started = Date.now();
  const { json, isError } = await caller.run(tool);
  expect(Date.now() - started).toBeLessThan(5_000);
  expect(isError).toBe(false);
  expect(json.summary).toContain('7 of 35 integrations');
  expect(json.not_read[0]).toMatchObject({ operation: 'status_list_events', why: 'no time was left' });
  await caller.close();
});

test('reports its progress, and sends nothing more once the client cancels', async () => {
  sandbox.faults.add({ route: 'status_list_events', delay: 400 });
  const caller = await openCaller(sandbox, ['full', 'stdio']);
  paths = [];
  const seen: number[] = [];
  const abort = new AbortController();
  const answer = caller.program.client.callTool({ name: tool, arguments: {} }, undefined, {
    signal: abort.signal,
    onprogress: ({ progress }) => {
      seen.push(progress);
      if (progress >= 2) abort.abort();
    },
  });
  await expect(answer).rejects.toThrow();
  expect(seen).toEqual([...seen].sort((one, other) => one - other));
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  // The audit trail is read last.
  const operations = paths.map(({ operationId }) => operationId);
  expect(operations).toContain('status_list_events');
  expect(operations).not.toContain('audit_list');
  await caller.close();
});

test('asks the API at most six times for an integration that has everything', async () => {
  const seen: string[] = [];
  const full = await startSandbox({ onExchange: ({ operationId }) => seen.push(String(operationId)) });
  const account_id = 'aldermere-logistics';
  const { result: all } = await getFrom(full, `/v1/integrations/${account_id}`);
  const one = all.find(({ name }: Json) => name === 'siem-splunk');
  const { result: shared } = await getFrom(full, `/v1/credentials/${account_id}`);
  // A bridge, a credential of its own and one of the account, and more errors than one page has.
  const stored = full.state.collections.integration.all().find(({ id }) => id === one.id);
  const config = { ...one.provider_config, second: { type: 'basic_id', value: shared[0].id } };
  const selector = { type: 'labels', value: ['site:main'] };
  Object.assign(stored ?? {}, { provider_config: config, bridge_selector: selector });
  for (let count = 0; count < 400; count += 1) full.state.usage.record(one.id, 'no answer');
  const caller = await openCaller(full, ['full', 'stdio']);
  seen.length = 0;
  const { json } = await caller.run(tool, { account_id, integration_id: one.name });
  const [row] = rowsOf(json);
  expect(row).toMatchObject({ error: 'no answer', bridge: 'datacenter: 2 connected' });
  expect(row.credential).toBe('token; basic');
  const pages = /^(accounts_get|(status|audit|members|bridges)_list)$/;
  const others = seen.filter((id) => !pages.test(id)).sort();
  expect(others).toEqual([
    'bridges_get_status',
    'credentials_list',
    'credentials_lookup',
    'status_get_integration_timeseries',
    'status_list_events',
    'status_list_events',
  ]);
  await caller.close();
  await full.close();
});

test('does not call healthy what has no status', async () => {
  let spoil: (row: Json) => Json = (row) => ({ ...row, status: null, failed: null, requests: null });
  const api = await startFakeSynqly(async ({ path, query, headers }) => {
    if (path !== '/v1/status') return undefined;
    const response = await fetch(`${sandbox.baseUrl}${path}?${query}`, {
      headers: { authorization: headers.authorization ?? '' },
    });
    const { result } = (await response.json()) as Json;
    return { json: { result: result.map(spoil) } };
  }, sandbox.baseUrl);
  const caller = await openCaller({ baseUrl: api.url, token: sandbox.token }, ['full', 'stdio']);
  const account_id = 'tarn-vale-insurance';
  const run = async (name: string) => (await caller.run(name, { account_id })).json;
  expect((await run(tool)).summary).toMatch(/^The status of 3 is not known: tarn-vale-insurance\//);
  expect((await run('account_overview')).summary).toContain('The status of 3 integrations is not known.');
  expect((await run('account_overview')).summary).not.toContain('unhealthy');
  let count = 0;
  spoil = (row) => (count++ === 0 ? { ...row, status: '' } : row);
  expect((await run(tool)).summary).toMatch(
    /^None of 2 integrations whose status is known is unhealthy\. The status of 1 is not known: /,
  );
  spoil = () => ({});
  const unnamed = await run(tool);
  expect(unnamed.summary).toBe('Synqly has no status of any integration.');
  expect(unnamed.not_read[0]).toMatchObject({ operation: 'status_list' });
  await caller.close();
  api.close();
});
