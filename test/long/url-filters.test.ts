import { spawnSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { catalogue } from '../../src/tools/catalogue.ts';
import { makeFolder, makeMcpToken, startGateway } from '../e2e/gateway-support.ts';
import { endpointAt, type HttpRig, postTo, startHttpRig } from '../e2e/http-support.ts';
import {
  builtCli,
  canary,
  cleanEnvironment,
  helperNames,
  type Program,
  startProgram,
  wholeLists,
} from '../e2e/support.ts';

let rig: HttpRig;
let sessions: HttpRig;
beforeAll(async () => {
  const args = ['--toolsets', 'accounts,integrations', '--rate-per-minute', '100000', '--log-level', 'debug'];
  rig = await startHttpRig({ args });
  sessions = await startHttpRig({ args: ['--sessions'], sandbox: { size: 'small' } });
  await postTo(rig.sandbox, '/v1/accounts', { name: 'inside', environment: 'test' });
  await postTo(rig.sandbox, '/v1/accounts', { name: 'Über & Co+1', environment: 'test' });
});
afterAll(async () => {
  await rig.close();
  await sessions.close();
});

let program: Program | undefined;
afterEach(async () => {
  await program?.close();
  program = undefined;
});

type Headers = Record<string, string>;
interface Asked {
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
  readonly result: any;
  readonly message: string;
}

async function ask(query: string, message: object, headers: Headers = {}, to: HttpRig = rig): Promise<Asked> {
  const bearer = { authorization: `Bearer ${to.sandbox.token}`, ...headers };
  const response = await endpointAt(`${to.url}${query}`).post(message, bearer);
  const text = await response.text();
  const { result, error } = JSON.parse(text);
  return { status: response.status, text, result, message: error?.message };
}

async function namesWith(query: string, headers: Headers = {}): Promise<string[]> {
  const { result, message } = await ask(query, { method: 'tools/list' }, headers);
  if (!result) throw new Error(message);
  const names: string[] = result.tools.map(({ name }: { name: string }) => name);
  return names.filter((name) => !helperNames.includes(name));
}

async function callWith(query: string, name: string, args: object = {}, headers: Headers = {}) {
  const call = { method: 'tools/call', params: wholeLists(name, { ...args }) };
  const { result } = await ask(query, call, headers);
  return JSON.parse(result.content[0].text);
}

const served = catalogue.filter(({ group }) => group === 'accounts' || group === 'integrations');
const idsOf = (keep: (operation: (typeof served)[number]) => boolean) =>
  served.filter(keep).map(({ id }) => id);
const refused = (query: string, headers?: Headers) => ask(query, { method: 'tools/list' }, headers);

test.each<[string, string, string[]]>([
  ['toolsets', '?toolsets=accounts', idsOf(({ group }) => group === 'accounts')],
  ['toolsets in capitals', '?toolsets=Accounts', idsOf(({ group }) => group === 'accounts')],
  ['names', '?allow=accounts_get,%20*_list_account', ['accounts_get', 'integrations_list_account']],
  ['denied names', '?deny=*_delete', idsOf(({ id }) => !id.endsWith('_delete'))],
  ['denied names, encoded', '?deny=%2A_delete', idsOf(({ id }) => !id.endsWith('_delete'))],
  ['reading only', '?read_only=true', idsOf(({ effect }) => effect === 'read')],
  ['reading only, as a number', '?read_only=1', idsOf(({ effect }) => effect === 'read')],
  ['several', '?toolsets=integrations&deny=*_list*&read_only=true', ['integrations_get']],
])('the URL narrows the list by %s', async (_, query, expected) => {
  expect(await namesWith(query)).toEqual(expected);
  // Nobody else is narrowed by it, the same token included.
  expect(await namesWith('')).toEqual(idsOf(() => true));
});

test('the URL never widens', async () => {
  expect(await namesWith('?toolsets=accounts,members&allow=tokens_list')).toEqual(
    idsOf(({ group }) => group === 'accounts'),
  );
  expect(await namesWith('?read_only=false')).toEqual(idsOf(() => true));
  expect((await callWith('?allow=members_list', 'members_list')).error.code).toBe('not_selected');
  expect((await callWith('?read_only=true', 'accounts_create', { name: 'x' })).error.code).toBe('read_only');
});

describe('headers and the URL', () => {
  test('both apply', async () => {
    const header = { 'synqly-toolsets': 'accounts' };
    expect(await namesWith('?toolsets=integrations', header)).toEqual([]);
    expect(await namesWith('?toolsets=integrations,accounts', header)).toEqual(
      idsOf(({ group }) => group === 'accounts'),
    );
    expect(await namesWith('?read_only=false', { ...header, 'synqly-read-only': 'true' })).toEqual(
      idsOf(({ group, effect }) => group === 'accounts' && effect === 'read'),
    );
    expect(await namesWith('?read_only=true', { ...header, 'synqly-read-only': 'false' })).toEqual(
      idsOf(({ group, effect }) => group === 'accounts' && effect === 'read'),
    );
    const denied = { 'synqly-deny': '*_list*' };
    expect(await namesWith('?deny=*_delete', denied)).toEqual(
      idsOf(({ id }) => !id.includes('_list') && !id.endsWith('_delete')),
    );
    // The cached list of either is not given to the other.
    expect(await namesWith('?deny=*_delete')).toEqual(idsOf(({ id }) => !id.endsWith('_delete')));
    expect(await namesWith('', denied)).toEqual(idsOf(({ id }) => !id.includes('_list')));
  });

  test('pin together, and are refused when they pin differently', async () => {
    const json = await callWith('?account=inside', 'whoami', {}, { 'synqly-environment': 'test' });
    expect(json.pinned_to).toMatchObject({ account: 'inside', environment: 'test' });
    for (const [query, headers] of [
      ['?account=inside', { 'synqly-account': 'beyond' }],
      ['?environment=test', { 'synqly-environment': 'prod' }],
    ] as const) {
      const { status, message } = await refused(query, headers);
      expect([status, message]).toEqual([400, expect.stringContaining('pin different')]);
    }
    expect((await refused('?account=inside', { 'synqly-account': 'inside' })).status).toBe(200);
  });

  test('are refused when they name different surfaces', async () => {
    const { status, message } = await refused('?surface=compact', { 'synqly-surface': 'full' });
    expect([status, message]).toEqual([400, expect.stringContaining('different surfaces')]);
    expect(await namesWith('?surface=compact', { 'synqly-surface': 'compact' })).toContain('run_read');
  });
});

test('the URL chooses a surface', async () => {
  expect(await namesWith('?surface=compact')).toContain('run_read');
  expect(await namesWith('?surface=FULL')).not.toContain('run_read');
});

describe('the URL pins', () => {
  test('to an account', async () => {
    const listed = await callWith('?account=inside', 'accounts_list');
    expect(listed.result.map(({ name }: { name: string }) => name)).toEqual(['inside']);
    expect(await namesWith('?account=inside')).not.toContain('accounts_create');
  });

  test.each(['%C3%9Cber%20%26%20Co%2B1', '%c3%9cber+%26+Co%2b1'])('to an account named %s', async (value) => {
    const listed = await callWith(`?account=${value}`, 'accounts_list');
    expect(listed.result.map(({ name }: { name: string }) => name)).toEqual(['Über & Co+1']);
  });

  test('to nothing beyond the pin of an MCP token', async () => {
    const store = await makeFolder();
    const gateway = await startGateway(rig.sandbox, store.named);
    const { token } = await makeMcpToken(rig.sandbox, store.named, '--account', 'inside');
    const asked = (query: string) =>
      endpointAt(`${gateway.url}${query}`).post({ method: 'ping' }, { authorization: `Bearer ${token}` });
    expect((await asked('?account=beyond')).status).toBe(403);
    const { id } = rig.sandbox.state.collections.account.get('inside');
    expect((await asked(`?account=${id}`)).status).toBe(200);
    await gateway.close();
    await store.close();
  });
});

test.each([
  ['?toolsets=acounts', 'unknown tool or toolset: acounts. Toolsets are accounts,'],
  ['?deny=nothing_*', 'nothing_*'],
  ['?read_only=perhaps', 'read_only in the URL must be true or false'],
  ['?read_only', 'read_only in the URL is empty'],
  ['?read_only=', 'read_only in the URL is empty'],
  ['?toolsets=%20,%20', 'toolsets in the URL is empty'],
  ['?account=$%7Buser_config.account%7D', 'account in the URL holds ${user_config.account}'],
  ['?environment=staging', 'environment in the URL must be one of test, prod'],
  ['?surface=tiny', 'surface in the URL must be one of full, compact'],
  ['?account=%ff', 'account in the URL is not percent-encoded UTF-8'],
  ['?account=100%', 'account in the URL is not percent-encoded UTF-8'],
  ['?account=a%0d%0ab', 'account in the URL must not have control characters'],
  ['?account=acme&account=globex', 'account is in the URL twice: give it once, with one value'],
  ['?toolsets=accounts&toolsets=integrations', 'give it once, with commas between its names'],
  ['?read_only=true&read_only=true', 'read_only is in the URL twice'],
  ['?account=acme&read%5Fonly=true&read_only=false', 'read_only is in the URL twice'],
  [`?account=${'x'.repeat(501)}`, 'at most 500 characters'],
])('the value in %s is refused', async (query, words) => {
  const { status, message } = await refused(query);
  expect([status, message]).toEqual([400, expect.stringContaining(words)]);
});

const known = 'toolsets, allow, deny, read_only, account, environment, surface';
test.each([
  ['?readonly=true', 'readonly', 'read_only'],
  ['?read-only=true', 'read-only', 'read_only'],
  ['?Read_Only=true', 'Read_Only', 'read_only'],
  ['?TOOLSETS=accounts', 'TOOLSETS', 'toolsets'],
  ['?synqly-account=acme', 'synqly-account', 'account'],
  ['?toolset=accounts', 'toolset', 'toolsets'],
  ['?toolsets=accounts&amp;read_only=true', undefined, undefined],
  ['?sessionId=1', 'sessionId', undefined],
  ['?=true', undefined, undefined],
  [`?${canary}`, undefined, undefined],
])('the unknown parameter in %s is refused with the known ones', async (query, name, meant) => {
  const { status, message } = await refused(query);
  expect(status).toBe(400);
  expect(message).toContain(`Use only ${known}`);
  if (name !== undefined) expect(message).toContain(`unknown parameter ${name}.`);
  if (meant !== undefined) expect(message).toContain(`Did you mean ${meant}?`);
  expect(message).not.toContain(canary);
});

describe('a secret in the URL is refused, with a header in its place', () => {
  test.each([
    'token',
    'access_token',
    'api_key',
    'apikey',
    'API-Key',
    'x-api-key',
    'authorization',
    'key',
    'auth',
  ])('%s', async (name) => {
    for (const headers of [{}, { authorization: 'Bearer ' }, { authorization: `Bearer ${canary}` }]) {
      const { status, message, text } = await refused(`?read_only=true&${name}=${canary}`, headers);
      expect([status, message]).toEqual([400, expect.stringContaining('Authorization: Bearer <token>')]);
      expect(message).toContain(name);
      expect(text).not.toContain(canary);
    }
  });

  test('which no log and no metric holds', async () => {
    await callWith('', 'organization_get');
    const written = rig.stderr() + (await (await fetch(`${rig.origin}/metrics`)).text());
    expect(written).toContain('"msg":"call"');
    expect(written).not.toContain(canary);
  });

  test('before connect sends it', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [builtCli, 'connect', `${rig.url}?token=${canary}`],
      {
        env: cleanEnvironment({ SYNQLY_MCP_TOKEN: rig.sandbox.token }),
        encoding: 'utf8',
        timeout: 60_000,
      },
    );
    expect([status, stderr]).toEqual([2, expect.stringContaining('set SYNQLY_MCP_TOKEN')]);
    expect(stderr).not.toContain(canary);
  });
});

test('GET and DELETE are refused in the same way', async () => {
  const headers = { authorization: `Bearer ${sessions.sandbox.token}` };
  for (const method of ['GET', 'DELETE']) {
    const response = await fetch(`${sessions.url}?readonly=true`, { method, headers });
    expect([response.status, await response.text()]).toEqual([
      400,
      expect.stringContaining('unknown parameter'),
    ]);
  }
});

test('a session keeps the URL that it was opened with, in POST, GET and DELETE', async () => {
  const { sandbox, url } = sessions;
  const headers = { authorization: `Bearer ${sandbox.token}` };
  const opened = await endpointAt(`${url}?toolsets=accounts&read_only=true`).post(
    {
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
    },
    headers,
  );
  expect(opened.status).toBe(200);
  await opened.text();
  const inSession = { ...headers, 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  const list = (query: string) => endpointAt(`${url}${query}`).post({ method: 'tools/list' }, inSession);
  const end = (query: string) => fetch(`${url}${query}`, { method: 'DELETE', headers: inSession });
  const listen = async (query: string) => {
    const abort = new AbortController();
    const { signal } = abort;
    const stream = { ...inSession, accept: 'text/event-stream' };
    const { status } = await fetch(`${url}${query}`, { headers: stream, signal });
    abort.abort();
    return status;
  };
  const other = ['', '?toolsets=accounts', '?toolsets=accounts&read_only=false'];
  for (const query of other) {
    expect((await list(query)).status).toBe(404);
    expect((await end(query)).status).toBe(404);
    expect(await listen(query)).toBe(404);
  }
  const same = '?read_only=true&toolsets=accounts';
  const listed = await list(same);
  expect(listed.status).toBe(200);
  expect(await listed.text()).not.toContain('"accounts_create"');
  expect(await listen(same)).toBe(200);
  expect((await end(same)).status).toBe(200);
});

test('a query does not share out the rate limit', async () => {
  const limited = await startHttpRig({ args: ['--rate-per-minute', '3'], sandbox: { size: 'small' } });
  const queries = ['', '?read_only=true', '?deny=*_delete', '?toolsets=accounts'];
  const statuses: number[] = [];
  for (const query of queries) statuses.push((await ask(query, { method: 'ping' }, {}, limited)).status);
  expect(statuses).toEqual([200, 200, 200, 429]);
  await limited.close();
});

test('connect passes the query on, and its own flags narrow further', async () => {
  const args = ['connect', `${rig.url}?toolsets=accounts&environment=test`, '--read-only'];
  program = await startProgram(args, { SYNQLY_MCP_TOKEN: rig.sandbox.token });
  const { tools } = await program.client.listTools();
  expect(tools.map(({ name }) => name)).toEqual([
    'accounts_list',
    'accounts_get',
    'read_batch',
    'read_more',
    'whoami',
  ]);
  const { json } = await program.call('whoami');
  expect(json).toMatchObject({ read_only: true, pinned_to: { environment: 'test' }, operations: 2 });
});

test('connect says which parameter the server refused', async () => {
  const started = startProgram(['connect', `${rig.url}?readonly=true`], {
    SYNQLY_MCP_TOKEN: rig.sandbox.token,
  });
  await expect(started).rejects.toThrow(/Did you mean read_only\?/);
});

test('a web page may send its preflight with a query', async () => {
  const origin = 'https://chat.example';
  const open = await startHttpRig({ args: ['--allowed-origins', origin], sandbox: { size: 'small' } });
  const headers = { origin, 'access-control-request-method': 'POST' };
  const preflight = await fetch(`${open.url}?read_only=true`, { method: 'OPTIONS', headers });
  expect(preflight.status).toBe(204);
  await open.close();
});
