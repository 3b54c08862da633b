import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { catalogue } from '../../src/tools/catalogue.ts';
import { makeFolder, makeMcpToken, startGateway } from './gateway-support.ts';
import { type HttpRig, postTo, startHttpRig } from './http-support.ts';
import { helperNames, type Program, startProgram, wholeLists } from './support.ts';

let rig: HttpRig;
beforeAll(async () => {
  rig = await startHttpRig({ args: ['--toolsets', 'accounts,integrations', '--rate-per-minute', '100000'] });
  await postTo(rig.sandbox, '/v1/accounts', { name: 'inside', environment: 'test' });
  await postTo(rig.sandbox, '/v1/accounts', { name: 'beyond', environment: 'prod' });
});
afterAll(() => rig.close());

let program: Program | undefined;
afterEach(async () => {
  await program?.close();
  program = undefined;
});

type Headers = Record<string, string>;

// biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
async function ask(message: object, headers: Headers, to: HttpRig = rig): Promise<any> {
  const response = await to.post(message, { authorization: `Bearer ${to.sandbox.token}`, ...headers });
  return response.json();
}

async function namesWith(headers: Headers): Promise<string[]> {
  const { result } = await ask({ method: 'tools/list' }, headers);
  const names: string[] = result.tools.map(({ name }: { name: string }) => name);
  return names.filter((name) => !helperNames.includes(name));
}

async function callWith(headers: Headers, name: string, args: object = {}) {
  const { result } = await ask({ method: 'tools/call', params: wholeLists(name, { ...args }) }, headers);
  return JSON.parse(result.content[0].text);
}

const served = catalogue.filter(({ group }) => group === 'accounts' || group === 'integrations');
const idsOf = (keep: (operation: (typeof served)[number]) => boolean) =>
  served.filter(keep).map(({ id }) => id);

test.each<[string, Headers, string[]]>([
  ['groups', { 'synqly-toolsets': 'accounts' }, idsOf(({ group }) => group === 'accounts')],
  [
    'allowed names',
    { 'synqly-allow': 'accounts_get, *_list_account' },
    ['accounts_get', 'integrations_list_account'],
  ],
  ['denied names', { 'synqly-deny': '*_delete' }, idsOf(({ id }) => !id.endsWith('_delete'))],
  ['reading only', { 'synqly-read-only': 'true' }, idsOf(({ effect }) => effect === 'read')],
  [
    'several at once',
    { 'synqly-toolsets': 'integrations', 'synqly-deny': '*_list*', 'synqly-read-only': '1' },
    ['integrations_get'],
  ],
])('a header narrows the list by %s', async (_, headers, expected) => {
  expect(await namesWith(headers)).toEqual(expected);
  // Nobody else is narrowed by it, the same token included.
  expect(await namesWith({})).toEqual(idsOf(() => true));
});

test('a header cannot add to what the server allows', async () => {
  expect(await namesWith({ 'synqly-toolsets': 'accounts,members', 'synqly-allow': 'tokens_list' })).toEqual(
    idsOf(({ group }) => group === 'accounts'),
  );
  expect(await namesWith({ 'synqly-read-only': 'false' })).toEqual(idsOf(() => true));
  for (const headers of [{ 'synqly-allow': 'members_list' }, {}])
    expect((await callWith(headers, 'members_list')).error.code).toBe('not_selected');
});

test('a read-only server stays read-only whatever headers say', async () => {
  const http = await startHttpRig({ args: ['--read-only'], sandbox: { size: 'small' } });
  const headers = { 'synqly-read-only': 'false', 'synqly-toolsets': 'accounts' };
  const { result } = await ask({ method: 'tools/list' }, headers, http);
  expect(result.tools.map(({ name }: { name: string }) => name)).toEqual([
    'accounts_list',
    'accounts_get',
    'read_batch',
    'read_more',
    'whoami',
  ]);
  await http.close();
});

test('a tool that a header leaves out is refused when it is called, previewed or confirmed', async () => {
  const before = rig.exchanges.length;
  const headers = { 'synqly-deny': 'accounts_delete' };
  const args = { account_id: 'inside' };
  expect((await callWith(headers, 'accounts_delete', args)).error.code).toBe('not_selected');
  expect((await callWith({ 'synqly-read-only': 'true' }, 'accounts_patch', args)).error.code).toBe(
    'read_only',
  );
  const preview = await callWith(headers, 'preview_call', { tool: 'accounts_delete', arguments: args });
  expect(preview.error.code).toBe('not_selected');
  expect(rig.exchanges.slice(before).filter(({ method }) => method !== 'GET')).toEqual([]);

  const { error } = await callWith({}, 'accounts_delete', args);
  expect(error.code).toBe('confirmation_required');
  const confirmed = await callWith(headers, 'confirm_call', { id: error.confirmation.id });
  expect(confirmed.error.code).toBe('not_selected');
  expect((await callWith({}, 'accounts_get', args)).result.name).toBe('inside');
});

describe('a header pins', () => {
  test('to an account', async () => {
    const headers = { 'synqly-account': 'inside' };
    expect(
      (await callWith(headers, 'accounts_list')).result.map(({ name }: { name: string }) => name),
    ).toEqual(['inside']);
    expect(
      (await callWith(headers, 'integrations_list_account', { account_id: 'beyond' })).error.code,
    ).toMatch(/outside_pin|invalid_arguments/);
    expect(await namesWith(headers)).not.toContain('accounts_create');
  });

  test('to an environment', async () => {
    const { result } = await callWith({ 'synqly-environment': 'test' }, 'accounts_list', { limit: 200 });
    expect(result.length).toBeGreaterThan(0);
    for (const { environment } of result) expect(environment).toBe('test');
    const got = await callWith({ 'synqly-environment': 'test' }, 'accounts_get', { account_id: 'beyond' });
    expect(got.error.code).toBe('outside_pin');
  });

  test('to nothing beyond the pin of an MCP token', async () => {
    const store = await makeFolder();
    const { sandbox } = rig;
    const gateway = await startGateway(sandbox, store.named);
    const { token } = await makeMcpToken(sandbox, store.named, '--account', 'inside');
    const asked = (headers: Headers) =>
      gateway.post({ method: 'ping' }, { authorization: `Bearer ${token}`, ...headers });
    expect((await asked({ 'synqly-account': 'beyond' })).status).toBe(403);
    const { id } = sandbox.state.collections.account.get('inside');
    expect((await asked({ 'synqly-account': id })).status).toBe(200);
    await gateway.close();
    await store.close();
  });
});

test.each<[Headers, string]>([
  [{ 'synqly-toolsets': 'acounts' }, 'acounts'],
  [{ 'synqly-deny': 'nothing_*' }, 'nothing_*'],
  [{ 'synqly-read-only': 'perhaps' }, 'synqly-read-only must be true or false'],
  [{ 'synqly-environment': 'staging' }, 'synqly-environment must be one of test, prod'],
])('a header that cannot be understood is refused: %j', async (headers, named) => {
  const response = await rig.post(
    { method: 'tools/list' },
    { authorization: `Bearer ${rig.sandbox.token}`, ...headers },
  );
  expect(response.status).toBe(400);
  expect(((await response.json()) as { error: { message: string } }).error.message).toContain(named);
});

test('a session keeps the headers that it was opened with', async () => {
  const http = await startHttpRig({ args: ['--sessions'], sandbox: { size: 'small' } });
  const narrow = { 'synqly-read-only': 'true' };
  const opened = await http.post(
    {
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
    },
    { authorization: `Bearer ${http.sandbox.token}`, ...narrow },
  );
  const id = opened.headers.get('mcp-session-id') ?? '';
  await opened.text();
  const listWith = (headers: Headers) =>
    http.post(
      { method: 'tools/list' },
      { authorization: `Bearer ${http.sandbox.token}`, 'mcp-session-id': id, ...headers },
    );
  expect((await listWith({})).status).toBe(404);
  const listed = await listWith(narrow);
  expect(listed.status).toBe(200);
  expect(await listed.text()).not.toContain('"accounts_create"');
  await http.close();
});

test('Synqly-Surface shows the same operations on another surface, to this client only', async () => {
  const compact = ['find_operations', 'run_read', 'run_write', 'run_destroy'];
  expect(await namesWith({ 'synqly-surface': 'compact' })).toEqual(expect.arrayContaining(compact));
  expect(await namesWith({ 'synqly-surface': 'compact' })).not.toContain('accounts_list');
  expect(await namesWith({ 'synqly-surface': 'full' })).toContain('accounts_list');
  expect(await namesWith({})).not.toContain('run_read');
  const narrowed = await namesWith({ 'synqly-surface': 'compact', 'synqly-read-only': 'true' });
  expect(narrowed).not.toContain('run_destroy');
  const wrong = { authorization: `Bearer ${rig.sandbox.token}`, 'synqly-surface': 'tiny' };
  expect((await rig.post({ method: 'tools/list' }, wrong)).status).toBe(400);
});

test('connect passes its surface on', async () => {
  const args = ['connect', rig.url, '--surface', 'compact'];
  program = await startProgram(args, { SYNQLY_MCP_TOKEN: rig.sandbox.token });
  const { tools } = await program.client.listTools();
  expect(tools.map(({ name }) => name)).toContain('run_read');
});

test('connect sends its own flags as these headers', async () => {
  const args = ['connect', rig.url, '--toolsets', 'accounts', '--read-only', '--environment', 'test'];
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

test.each([
  ['Synqly-Readonly', 'synqly-read-only'],
  ['Synqly_Read_Only', 'synqly-read-only'],
  ['X-Synqly-Read-Only', 'synqly-read-only'],
  ['Synqly-Acount', 'synqly-account'],
  ['Synqly-Toolset', 'synqly-toolsets'],
  ['Synqly-Env', 'synqly-environment'],
  ['Synqly-Whatever', undefined],
])('the unknown header %s is refused with a suggestion', async (name, meant) => {
  const response = await rig.post(
    { method: 'tools/list' },
    { authorization: `Bearer ${rig.sandbox.token}`, [name]: 'true', 'synqly-deny': '*_delete' },
  );
  expect(response.status).toBe(400);
  const text = await response.text();
  expect(text).toContain(`The header ${name.toLowerCase()} is unknown`);
  expect(text).toContain(meant === undefined ? 'synqly-read-only' : `Did you mean ${meant}?`);
  const alone = { authorization: `Bearer ${rig.sandbox.token}`, [name]: 'true' };
  expect((await rig.post({ method: 'tools/list' }, alone)).status).toBe(400);
});

test('headers of other products that contain the name are ignored', async () => {
  const headers = { 'x-synqly-signature': 'sha256=0', 'x-from-synqly': '1' };
  expect((await namesWith(headers)).length).toBeGreaterThan(10);
});
