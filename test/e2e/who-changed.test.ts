import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { postTo } from './http-support.ts';
import { type Caller, getFrom, type Json, openCaller, rowsOf, ways } from './workflows-support.ts';

const tool = 'who_changed';
const secret = 'a-secret-in-an-audited-body';

let sandbox: Sandbox;
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
    expect(json.summary).toContain('No such object can be read now');
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
    const none = await run({ object: 'labelled', type: 'account', since: '2100-01-01T00:00:00Z' });
    expect(none.summary).toContain('Account labelled has no recorded change since 2100-01-01T00:00:00Z.');
    const { error } = await run({ object: 'labelled', since: 'yesterday' });
    expect(error).toMatchObject({ code: 'invalid_arguments', arguments: [{ argument: 'since' }] });
  });
});
