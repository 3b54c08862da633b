import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { startFakeSynqly } from './fake-synqly.ts';
import { postTo } from './http-support.ts';
import { type Caller, getFrom, type Json, openCaller, rowsOf, ways } from './workflows-support.ts';

const tool = 'access_review';
const password = 'correct horse battery';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
  const dana = { name: 'dana@kestrelmoor.example', role_binding: ['viewer'], secret: password };
  await postTo(sandbox, '/v1/members', dana);
  const { id } = (await getFrom(sandbox, '/v1/organization')).result;
  await postTo(sandbox, `/v1/auth/logon/${id}`, { name: dana.name, secret: password });
  await postTo(sandbox, '/v1/roles', {
    name: 'nobody',
    permission_set: 'account-manager',
    resources: { accounts: { ids: ['*'], environments: ['test'], labels: ['region:eu'] } },
  });
  await postTo(sandbox, '/v1/tokens', {
    name: 'short',
    permission_set: 'viewer',
    resources: {},
    token_ttl: '1h',
  });
});
afterAll(() => sandbox.close());

describe.each(ways)('access_review on the %s surface over %s', (...way) => {
  let caller: Caller;
  let json: Json;
  let text: string;
  beforeAll(async () => {
    caller = await openCaller(sandbox, way);
    ({ json, text } = await caller.run(tool));
  });
  afterAll(() => caller.close());

  test('has every member with roles, and when each was last seen', async () => {
    const { result: members } = await getFrom(sandbox, '/v1/members');
    const { result: entries } = await getFrom(
      sandbox,
      '/v1/audit/organizations?limit=1000&order=created_at%5Bdesc%5D',
    );
    const minute = (time: string) => `${time.slice(0, 16)}Z`;
    const expected = members.map(({ id, name, state, role_binding, last_logon }: Json) => {
      const entry = entries.find(({ member_id }: Json) => member_id === id)?.created_at ?? '';
      const last = [entry, last_logon.startsWith('0001') ? '' : last_logon].sort().at(-1);
      return [name, state, role_binding.join(', '), last === '' ? 'never' : minute(last)];
    });
    const rows = rowsOf(json).map(({ member, state, roles, last_seen }) => [member, state, roles, last_seen]);
    expect(rows).toEqual(expected);
    expect(rows.find(([name]) => name === 'dana@kestrelmoor.example')?.[3]).not.toBe('never');
    expect(json.summary).toContain(`${members.length} members (`);
    expect(json.summary).toContain(
      '3 administrators: ci-provisioner, ingrid.solheim@kestrelmoor.example, mateo.quiroga@kestrelmoor.example.',
    );
  });

  test('says what each role and token may do, and on what', () => {
    const roles = new Map(rowsOf(json.roles).map((one) => [one.role, one]));
    expect(roles.get('nobody')).toMatchObject({
      permission_set: 'account-manager',
      on: 'accounts of test labelled region:eu',
      members: 0,
    });
    expect(roles.get('ticketing-viewer').on).toBe('ticketing integrations');
    expect(roles.get('viewer')).toMatchObject({ on: 'everything', members: 3 });
    const tokens = new Map(rowsOf(json.tokens).map((one) => [one.token, one]));
    expect(tokens.get('ci-pipeline')).toMatchObject({
      made_by: 'ci-provisioner',
      permission_set: 'account-manager',
      on: 'accounts of test',
    });
    const sets = new Map(rowsOf(json.permission_sets).map((one) => [one.permission_set, one]));
    expect(sets.get('account-manager')).toMatchObject({ roles: 2, tokens: 1 });
    expect(sets.get('connect-ui')).toMatchObject({ roles: 0, tokens: 0 });
  });

  test('finds what expires soon, and what nobody uses', () => {
    const findings: string = json.findings.join('\n');
    expect(findings).toMatch(
      /^Enabled, but never logged on, and not seen .*: mateo\.quiroga@kestrelmoor\.example\.$/m,
    );
    expect(findings).toMatch(/^Roles that no member has: nobody, ticketing-viewer\.$/m);
    expect(findings).toMatch(/^Tokens that expire within 30 days: ci-pipeline, .*status-dashboard\.$/m);
    expect(findings).toMatch(/^Locked or disabled, and still has roles: priya\.holt.*, tobias\.renn.*\.$/m);
    expect(findings).not.toContain('dana');
  });

  test('is short, and suggests calls that work', async () => {
    console.log(`${tool}: ${encode(text).length} tokens`);
    expect(encode(text).length).toBeLessThan(1_400);
    expect(json.next.length).toBeGreaterThan(0);
    for (const { tool: next, arguments: args } of json.next)
      expect((await caller.run(next, args)).isError, next).toBe(false);
  });
});

test('without the audit trail, it has the last logons', async () => {
  const caller = await openCaller(sandbox, ['full', 'stdio'], ['--deny', 'audit_list']);
  const { json } = await caller.run(tool);
  expect(json.not_read).toEqual([{ operation: 'audit_list', why: 'the administrator has not selected it' }]);
  const seen = new Map(rowsOf(json).map(({ member, last_seen }) => [member, last_seen]));
  expect(seen.get('ingrid.solheim@kestrelmoor.example')).toBe('no logon');
  expect(seen.get('dana@kestrelmoor.example')).toMatch(/Z$/);
  // Nobody is said not to have been seen where nothing could show it.
  expect(json.findings.join()).toContain('Enabled, but never logged on: ');
  expect(json.findings.join()).not.toContain('not seen');
  await caller.close();
});

test('of an audit trail that is longer than what is read, it says how far that reaches', async () => {
  const busy = await startSandbox();
  const { result } = await getFrom(busy, '/v1/members');
  const ingrid = result.find(({ name }: Json) => name.startsWith('ingrid'));
  const now = Date.now();
  const api = await startFakeSynqly(({ path, query }) => {
    if (path !== '/v1/audit/organizations') return undefined;
    const entry = (at: number) => ({
      created_at: new Date(now - at * 60_000).toISOString(),
      member_id: ingrid.id,
      method: 'GET',
      path: '/v1/accounts',
    });
    return { json: { result: Array.from({ length: Number(query.get('limit')) }, (_, at) => entry(at)) } };
  }, busy.baseUrl);
  const caller = await openCaller({ baseUrl: api.url, token: busy.token }, ['full', 'stdio']);
  const { json } = await caller.run(tool);
  const seen = new Map(rowsOf(json).map(({ member, last_seen }) => [member, last_seen]));
  expect(seen.get(ingrid.name)).toMatch(/Z$/);
  expect(seen.get('mateo.quiroga@kestrelmoor.example')).toBe('not in the last 17 h');
  await caller.close();
  api.close();
  await busy.close();
});

test('of malformed lists it shows what is there', async () => {
  const api = await startFakeSynqly(async ({ path, query, headers }) => {
    if (path !== '/v1/members' && path !== '/v1/roles') return undefined;
    const response = await fetch(`${sandbox.baseUrl}${path}?${query}`, {
      headers: { authorization: headers.authorization ?? '' },
    });
    const { result } = (await response.json()) as Json;
    const odd = result.map((row: Json) => ({
      ...row,
      ...(row.role_binding && { role_binding: [...row.role_binding, null, {}] }),
    }));
    return { json: { result: [...odd, { id: 'a', name: null }] } };
  }, sandbox.baseUrl);
  const caller = await openCaller({ baseUrl: api.url, token: sandbox.token }, ['full', 'stdio']);
  const { text } = await caller.run(tool);
  expect(text).not.toMatch(/undefined|\[object Object\]|"null|, null/);
  await caller.close();
  api.close();
});
