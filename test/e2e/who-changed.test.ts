import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { postTo } from './http-support.ts';
import { type Caller, getFrom, type Json, openCaller, rowsOf, ways } from './workflows-support.ts';

const tool = 'who_changed';
const secret = 'a-secret-in-an-audited-body';

let sandbox: Sandbox;
/** An account whose name is the id of another. */
const ids = { impostor: '' };
beforeAll(async () => {
  sandbox = await startSandbox();
  const { token } = await tokenOf('dana@kestrelmoor.example');
  const send = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${sandbox.baseUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return response.status === 204 ? undefined : ((await response.json()) as Json);
  };
  const created = await send('POST', '/v1/accounts', { name: 'labelled', labels: ['gold', 'emea'] });
  const { id } = created.result.account;
  await send('PATCH', '/v1/accounts/labelled', [{ op: 'remove', path: '/labels/0' }]);
  const { result } = await send('GET', `/v1/accounts/${id}`);
  await send('PUT', `/v1/accounts/${id}`, { ...result, fullname: 'Labelled Ltd' });
  await send('PATCH', '/v1/accounts/labelled', [{ op: 'replace', path: '/absent', value: 1 }]);
  // Its name begins alike.
  await send('POST', '/v1/accounts', { name: 'labelled-2' });
  await send('PATCH', '/v1/accounts/labelled-2', [{ op: 'add', path: '/labels', value: ['other'] }]);
  await send('POST', '/v1/credentials/labelled', { name: 'key', config: { type: 'token', secret } });
  await send('PATCH', '/v1/credentials/labelled/key', [
    { op: 'replace', path: '/config/secret', value: secret },
  ]);
  await send('POST', '/v1/accounts', { name: 'twice' });
  await send('POST', '/v1/integration-points', {
    name: 'twice',
    connector: 'ticketing',
    environments: { test: ['ticketing_mock_ticketing'], prod: ['ticketing_mock_ticketing'] },
  });
  ids.impostor = (await send('POST', '/v1/accounts', { name: id })).result.account.id;
  await send('POST', '/v1/accounts', { name: 'gone' });
  await send('DELETE', '/v1/accounts/gone');
});
afterAll(() => sandbox.close());

/** A token that was made for a member, whom the audit trail then names. */
async function tokenOf(name: string): Promise<{ token: string }> {
  const password = 'correct horse battery';
  await postTo(sandbox, '/v1/members', { name, role_binding: ['administrator'], secret: password });
  const organization = (await getFrom(sandbox, '/v1/organization')).result;
  const { result } = await postTo(sandbox, `/v1/auth/logon/${organization.id}`, { name, secret: password });
  return { token: result.token.access.secret };
}

describe.each(ways)('who_changed on the %s surface over %s', (...way) => {
  let caller: Caller;
  const run = async (args: Record<string, unknown>): Promise<Json> => (await caller.run(tool, args)).json;
  beforeAll(async () => {
    caller = await openCaller(sandbox, way);
  });
  afterAll(() => caller.close());

  test('names who changed which field from what to what, in one call, newest first', async () => {
    const { json, text } = await caller.run(tool, { object: 'labelled', type: 'account' });
    const rows = rowsOf(json);
    expect(rows.map(({ did, changes }) => [did, changes])).toEqual([
      ['changed', 'fullname: "labelled" → "Labelled Ltd"'],
      ['changed', 'labels: ["gold","emea"] → ["emea"]'],
      ['created', null],
    ]);
    for (const row of rows) {
      expect(row.who).toBe('dana@kestrelmoor.example');
      expect(row.from).toBe('127.0.0.1');
      expect(row.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    }
    expect(json.summary).toMatch(
      /^Account labelled has 3 recorded changes, the last \S+ by dana@kestrelmoor\.example\. 1 further attempt failed\.$/,
    );
    console.log(`${tool}: ${encode(text).length} tokens`);
    expect(encode(text).length).toBeLessThan(400);
  });

  test('finds changes that name the object by its id when its name is given, and the other way round', async () => {
    const { id } = (await getFrom(sandbox, '/v1/accounts/labelled')).result;
    const byId = await run({ object: id, type: 'account' });
    expect(rowsOf(byId)).toHaveLength(3);
    expect(byId.summary).toContain('Account labelled');
  });

  test('shows that a secret was changed, and not what it is', async () => {
    const { json, text } = await caller.run(tool, { object: 'key' });
    expect(rowsOf(json).map(({ did }) => did)).toEqual(['changed']);
    expect(rowsOf(json)[0].changes).toContain('config.secret');
    expect(text).not.toContain(secret);
  });

  test('has what happened to an object that is gone', async () => {
    const json = await run({ object: 'gone', type: 'account' });
    expect(rowsOf(json).map(({ did }) => did)).toEqual(['deleted', 'created']);
    expect(json.summary).toContain(
      'No such account can be read now: these are the changes whose record names it.',
    );
  });

  test('finds the type of an object, and asks for it where several are called alike', async () => {
    for (const object of ['labelled', (await getFrom(sandbox, '/v1/accounts/labelled')).result.id]) {
      const json = await run({ object });
      expect(json.summary).toContain('Account labelled has 3 recorded changes');
      expect(json).toEqual(await run({ object, type: 'account' }));
    }
    const { error } = await run({ object: 'twice' });
    expect(error).toMatchObject({ code: 'invalid_arguments', arguments: [{ argument: 'type' }] });
    expect(error.arguments[0].problem).toContain('account, integration_point');
    const none = await run({ object: 'nothing-is-called-so' });
    expect(none.summary).toBe(
      'Object nothing-is-called-so has no recorded change. No such object can be read now.',
    );
  });

  test('suggests the type of an object that is gone, by which its creation is found', async () => {
    const json = await run({ object: 'gone' });
    expect(rowsOf(json).map(({ did }) => did)).toEqual(['deleted']);
    const next = json.next.find((one: Json) => one.tool === tool);
    expect(next.arguments).toEqual({ object: 'gone', type: 'account' });
    expect(rowsOf(await run(next.arguments)).map(({ did }) => did)).toEqual(['deleted', 'created']);
  });

  test('is not about another object, whose id is the name of this one', async () => {
    const { id } = (await getFrom(sandbox, '/v1/accounts/labelled')).result;
    const json = await run({ object: ids.impostor, type: 'account' });
    expect(json.summary).toContain('has 1 recorded change,');
    expect(rowsOf(json).map(({ did }) => did)).toEqual(['created']);
    expect(rowsOf(await run({ object: id, type: 'account' }))).toHaveLength(3);
  });

  test('takes a name that no path can hold', async () => {
    for (const object of ['a/b', '..', 'a\\b'])
      expect(await run({ object, type: 'account' })).toEqual({
        summary: `Account ${object} has no recorded change. No such account can be read now.`,
      });
  });

  test('says that a bridge cannot be looked up without its account', async () => {
    const json = await run({ object: 'datacenter', type: 'bridge' });
    expect(json.not_read).toEqual([{ operation: 'bridges_get', why: 'the call needs account_id' }]);
  });

  test('has the credentials of an integration among its changes', async () => {
    const args = { object: 'siem-splunk', type: 'integration', account_id: 'aldermere-logistics' };
    const json = await run(args);
    expect(rowsOf(json).map(({ did, who }) => [did, who])).toEqual([
      ['credential changed', 'ingrid.solheim@kestrelmoor.example'],
      ['created', 'ci-provisioner'],
    ]);
    const recent = await run({ ...args, since: new Date(Date.now() - 86_400_000).toISOString() });
    expect(rowsOf(recent).map(({ did }) => did)).toEqual(['credential changed']);
    const { error } = await run({ object: 'siem-splunk', type: 'integration' });
    expect(error.arguments[0]).toMatchObject({ argument: 'account_id' });
  });

  test('says so when there is nothing, and refuses what is no time', async () => {
    const since = new Date(Date.now() - 1).toISOString();
    const none = await run({ object: 'labelled', type: 'account', since });
    expect(none.summary).toContain(`Account labelled has no recorded change since ${since.slice(0, 19)}Z.`);
    for (const wrong of ['yesterday', '7d', '0', '5', 'Nov 1', '2026-13-01', '2100-01-01T00:00:00Z']) {
      const { error } = await run({ object: 'labelled', since: wrong });
      expect(error, wrong).toMatchObject({ code: 'invalid_arguments', arguments: [{ argument: 'since' }] });
    }
    // A time without an offset is of UTC, wherever the server runs.
    const local = await run({ object: 'labelled', type: 'account', since: '2026-01-01T10:00' });
    expect(local.summary).toContain('since 2026-01-01T10:00:00Z');
    const date = await run({ object: 'labelled', type: 'account', since: '2026-01-01' });
    expect(date.summary).toContain('since 2026-01-01T00:00:00Z');
  });
});

test('names the types of objects that it could not look for', async () => {
  const caller = await openCaller(sandbox, ['full', 'stdio'], ['--deny', 'accounts_get']);
  const { json } = await caller.run(tool, { object: 'nothing-is-called-so' });
  expect(json.not_read).toEqual([
    { operation: 'accounts_get', why: 'the administrator has not selected it' },
  ]);
  // An object that is found needs no other type.
  expect((await caller.run(tool, { object: 'edr' })).json.not_read).toBeUndefined();
  await caller.close();
});
