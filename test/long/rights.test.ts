import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterEach, describe, expect, test } from 'vitest';
import { catalogue, findOperation } from '../../src/tools/catalogue.ts';
import { permissionOf } from '../../src/tools/required-permission.ts';
import { type HttpRig, postTo, startHttpRig } from '../e2e/http-support.ts';
import { factSheet, type Program, type Rig, startProgram, startRig, toolCount } from '../e2e/support.ts';
import { namesInIndex } from '../e2e/surfaces.ts';

let rig: Rig | HttpRig | undefined;
let program: Program | undefined;
afterEach(async () => {
  await program?.close();
  await rig?.close();
  rig = undefined;
  program = undefined;
});

const everyAccount = { accounts: { ids: ['*'] } };

/** The program with a token of its own: made with these fields, by the sandbox's administrator. */
async function startWith(
  body: Record<string, unknown>,
  args: string[] = [],
): Promise<{ rig: Rig; program: Program }> {
  const made = await startRig({ sandbox: { size: 'small' } });
  rig = made;
  const { result } = await postTo(made.sandbox, '/v1/tokens', body);
  program = await startProgram(['--base-url', made.sandbox.baseUrl, ...args], {
    SYNQLY_PERMISSIONS: 'learn',
    SYNQLY_TOKEN: result.primary.access.secret,
  });
  return { rig: made, program };
}

async function namesOf({ client }: Pick<Program, 'client'>): Promise<string[]> {
  const { tools } = await client.listTools();
  return tools.map(({ name }) => name);
}

const reads = catalogue.filter(({ effect }) => effect === 'read').map(({ id }) => id);

test('a read-only token is shown reads only, and whoami says what is left out and why', async () => {
  const { program } = await startWith({ name: 'looker', permission_set: 'viewer', resources: everyAccount });
  await expect.poll(() => namesOf(program)).not.toContain('accounts_create');
  const names = await namesOf(program);
  expect(names).toEqual(expect.arrayContaining(reads));
  expect(names).not.toContain('tokens_reset');
  // Nothing says whether a viewer may make one, so that it is shown.
  expect(names).toContain('tokens_create_mcp_token');

  const { json, text } = await program.call('whoami');
  expect(json).toMatchObject({
    organization: { id: expect.any(String), name: expect.any(String) },
    token: { name: 'looker', permission_sets: ['viewer'], resources: everyAccount },
    read_only: false,
    confirm: 'destroy',
  });
  const [left] = json.left_out;
  expect(left.why).toContain('token.permission_sets');
  expect(left.operations).toMatch(/^accounts, .*: create update patch delete!/);
  expect(json.operations + left.count).toBe(96);
  expect(encode(text).length).toBeLessThan(500);
});

test('a tool left out for the token can still be called, and Synqly decides', async () => {
  const { rig, program } = await startWith({ permission_set: 'viewer', resources: everyAccount });
  const { json } = await program.call('accounts_create', { name: 'not-mine' });
  expect(json.error.code).toBe('forbidden');
  const sent = { method: 'POST', path: '/v1/accounts', status: 403 };
  expect(rig.exchanges).toContainEqual(expect.objectContaining(sent));
});

test('the permission sets of all its roles count', async () => {
  const made = await startRig({ sandbox: { size: 'small' } });
  rig = made;
  await postTo(made.sandbox, '/v1/roles', {
    name: 'keeper',
    permission_set: 'account-manager',
    resources: everyAccount,
  });
  const name = 'robot@example.com';
  const secret = 'a-long-enough-phrase-17';
  await postTo(made.sandbox, '/v1/members', { name, secret, role_binding: ['keeper', 'viewer'] });
  const { id } = made.sandbox.state.organization;
  const { result } = await postTo(made.sandbox, `/v1/auth/logon/${id}`, { name, secret });
  program = await startProgram(['--base-url', made.sandbox.baseUrl], {
    SYNQLY_PERMISSIONS: 'learn',
    SYNQLY_TOKEN: result.token.access.secret,
  });
  await expect.poll(() => namesOf(program as Program)).not.toContain('members_create');
  const names = await namesOf(program);
  expect(names).toEqual(expect.arrayContaining([...reads, 'accounts_create', 'credentials_delete']));
  expect((await program.call('whoami')).json.token).toMatchObject({
    roles: ['keeper', 'viewer'],
    permission_sets: ['account-manager', 'viewer'],
  });
});

test('the compact surface finds and names no other operations', async () => {
  const body = { permission_set: 'viewer', resources: everyAccount };
  const { program } = await startWith(body, ['--surface', 'compact']);
  const names = await namesOf(program);
  expect(names).toContain('run_read');
  const named = await namesInIndex(program);
  expect(named).toEqual(expect.arrayContaining(['accounts_list', 'accounts_get']));
  expect(named).not.toContain('accounts_create');
  // A viewer may log off, and destroys nothing else.
  expect(named.filter((name) => name.endsWith('!'))).toEqual(['auth_logoff!']);
  const { json } = await program.call('find_operations', { query: 'delete a customer' });
  const found: string[] = json.operations.map(({ id }: { id: string }) => id);
  expect(found.filter((id) => findOperation(id)?.effect === 'destroy' && id !== 'auth_logoff')).toEqual([]);
});

describe('all tools are shown', () => {
  test('to an administrator', async () => {
    rig = await startRig({ sandbox: { size: 'small' } });
    expect(await namesOf(rig as Rig)).toHaveLength(toolCount);
    const { json } = await (rig as Rig).call('whoami');
    expect(json.token.permission_sets).toEqual(['administrator']);
    expect(json.left_out).toBeUndefined();
  });

  test('when the token may not read permissions, which whoami reports', async () => {
    const { program } = await startWith({ permission_set: 'token-issuer', resources: everyAccount });
    expect(await namesOf(program)).toHaveLength(toolCount);
    expect((await program.call('whoami')).json.token).toMatch(/permissions of the token are unknown/);
  });

  test('when permissions are ignored', async () => {
    const body = { permission_set: 'viewer', resources: everyAccount };
    const { rig, program } = await startWith(body, ['--permissions', 'ignore']);
    const asked = rig.exchanges.length;
    expect(await namesOf(program)).toHaveLength(toolCount);
    expect(rig.exchanges).toHaveLength(asked);
  });

  test.each([
    ['has no token of this secret', { result: [{ name: 'x', primary: { access: { secret: '***' } } }] }],
    ['answers something else', { result: 'no list' }],
    [
      'when actions have unknown names',
      {
        result: [
          {
            name: 'x',
            primary: {
              access: { secret: 'own-token', permissions: { adhoc_role: { permission_set: 'viewer' } } },
            },
          },
        ],
        permissions: ['list'],
      },
    ],
  ])('when Synqly %s', async (_, answer) => {
    const synqly = createServer((__, response) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer)),
    );
    await new Promise<void>((resolve) => synqly.listen(0, '127.0.0.1', resolve));
    const { port } = synqly.address() as AddressInfo;
    program = await startProgram(['--base-url', `http://127.0.0.1:${port}`], {
      SYNQLY_PERMISSIONS: 'learn',
      SYNQLY_TOKEN: 'own-token',
    });
    expect(await namesOf(program)).toHaveLength(toolCount);
    synqly.close().closeAllConnections();
  });

  test('when Synqly does not answer, without waiting as long as a call would', {
    timeout: 40_000,
  }, async () => {
    const made = await startRig({ sandbox: { size: 'small' } });
    rig = made;
    made.sandbox.faults.add({ route: 'tokens_list', hang: true });
    // A call would wait for longer than this test may take.
    const args = ['--base-url', made.sandbox.baseUrl, '--timeout', '55'];
    program = await startProgram(args, { SYNQLY_PERMISSIONS: 'learn', SYNQLY_TOKEN: made.sandbox.token });
    expect(await namesOf(program)).toHaveLength(toolCount);
  });
});

test('over HTTP each caller is shown what its own token may do', async () => {
  const http = await startHttpRig({ env: { SYNQLY_PERMISSIONS: 'learn' }, sandbox: { size: 'small' } });
  rig = http;
  const viewer = await http.makeToken({ permission_set: 'viewer', resources: everyAccount });
  const clients = await Promise.all([http.connect(viewer.secret), http.connect(http.sandbox.token)]);
  const [few, all] = clients as [Program['client'], Program['client']];
  await expect.poll(() => namesOf({ client: few })).not.toContain('accounts_delete');
  expect(await namesOf({ client: all })).toHaveLength(toolCount);
  await Promise.all(clients.map((client) => client.close()));
});

test('under a pin, whoami reveals nothing outside it', async () => {
  const body = { name: 'wide', permission_set: 'viewer', resources: { accounts: { ids: ['*'] } } };
  const made = await startWith(body);
  const [account] = made.rig.sandbox.state.collections.account.all();
  await made.program.close();
  program = await startProgram(
    ['--base-url', made.rig.sandbox.baseUrl, '--account', account?.name ?? '', '--read-only'],
    { SYNQLY_PERMISSIONS: 'learn', SYNQLY_TOKEN: made.rig.sandbox.token },
  );
  const { json } = await program.call('whoami');
  expect(json).toMatchObject({ pinned_to: { account: account?.name }, read_only: true });
  expect(json.organization).toBeUndefined();
  expect(json.token.resources).toBeUndefined();
  expect(json.left_out.map(({ why }: { why: string }) => why)).toEqual([
    expect.stringContaining('pinned'),
    expect.stringContaining('is read-only'),
  ]);
});

test('each required action exists in the fact sheet', () => {
  const { schemas } = factSheet.components;
  const apis = schemas.ApiPermissionMap.properties;
  for (const operation of catalogue) {
    const permission = permissionOf(operation);
    if (!permission) continue;
    const part = apis[permission.api]?.anyOf?.[0]?.$ref?.split('/').at(-1);
    const actions = schemas[part]?.properties.actions.items.$ref.split('/').at(-1);
    expect(schemas[actions]?.enum, operation.id).toContain(permission.action);
  }
  const unknown = catalogue.filter((operation) => !permissionOf(operation)).map(({ id }) => id);
  expect(unknown).toEqual([
    ...catalogue.filter(({ group }) => group === 'capabilities').map(({ id }) => id),
    ...catalogue.filter(({ group }) => group === 'meta').map(({ id }) => id),
    'tokens_create_mcp_token',
  ]);
});
