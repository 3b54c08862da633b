import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogue, findOperation } from '../../src/tools/catalogue.ts';
import { changing, makeChange } from './changes.ts';
import { destroying, type Ground, makeTarget, prepareGround } from './destroys.ts';
import { startHttpRig } from './http-support.ts';
import { type Program, startProgram } from './support.ts';

type Arguments = Record<string, unknown>;

let ground: Ground;
let subject: Program;
beforeAll(async () => {
  ground = await prepareGround();
  subject = await startProgram(['--base-url', ground.sandbox.baseUrl, '--confirm', 'never'], {
    SYNQLY_TOKEN: ground.sandbox.token,
  });
}, 30_000);
afterAll(async () => {
  await subject.close();
  await ground.close();
});

/** Everything that the sandbox holds, secrets included, but the records of the reads themselves. */
function state(): string {
  const { state } = ground.sandbox;
  const collections = Object.entries(state.collections).map(([kind, { all }]) => [kind, all()]);
  const integrations = state.collections.integration.all();
  return JSON.stringify([
    collections,
    state.organization,
    state.tokens.all(),
    state.jobs,
    [...state.credentialSecrets],
    [...state.passwords],
    [...state.subStates.keys()],
    integrations.map(({ id }) => state.usage.events(id).length),
  ]);
}

const writing = catalogue.filter(({ effect }) => effect !== 'read').map(({ id }) => id);
const secret = 'a-previewed-secret';
const password = 'correct-horse-battery-9';
const everything = { accounts: { ids: ['*'] } };
const splunk = {
  type: 'siem_splunk',
  search_service_url: 'https://splunk.example.com:8089',
  search_service_credential: { type: 'token', secret },
};
let made = 0;

/** Arguments with which the operations succeed that neither change fields nor destroy. */
const others: Record<string, (name: string) => Promise<Arguments> | Arguments> = {
  accounts_create: (name) => ({ name, labels: ['a'] }),
  auth_logon: async (name) => {
    await ground.make('members_create', { name, secret: password, role_binding: ['viewer'] });
    return { organization_id: ground.sandbox.state.organization.id, name, secret: password };
  },
  bridges_create: async (name) => ({ account_id: await account(), name }),
  credentials_create: async (name) => ({
    owner_id: await account(),
    name,
    config: { type: 'token', secret },
  }),
  integrationPoints_create: (name) => ({ name, connector: 'siem', environments: { test: ['*'] } }),
  integrations_create: async (name) => ({ account_id: await account(), name, provider_config: splunk }),
  integrations_verify: async () => ({ account_id: await account(), provider_config: splunk }),
  mappings_create: (name) => ({ name, data: '{}' }),
  members_create: (name) => ({ name, secret: password, type: 'service' }),
  organizationWebhooks_create: (name) => ({
    name,
    url: 'https://hooks.example.com/synqly',
    filters: ['all'],
    secret: { value: secret },
  }),
  roles_create: (name) => ({ name, permission_set: 'viewer', resources: everything }),
  subOrgs_create: (name) => ({ name }),
  tokens_create_token: (name) => ({ name, permission_set: 'viewer', resources: everything }),
  tokens_create_mcp_token: () => ({ scope: { type: 'management', environment: 'test' } }),
  tokens_create_integration_token: async () => (await makeTarget('integrations_delete', ground)).args,
  tokens_create_synqly_integrations_token: () => ({ token_ttl: '1h' }),
  tokens_rotate: async () => (await makeTarget('tokens_reset', ground)).args,
  tokens_refresh: async () => (await makeTarget('tokens_delete', ground)).args,
};

async function account(): Promise<string> {
  return (await makeTarget('accounts_delete', ground)).args.account_id as string;
}

async function argumentsFor(tool: string): Promise<Arguments> {
  if (destroying.includes(tool)) return (await makeTarget(tool, ground)).args;
  if (changing.includes(tool)) return (await makeChange(tool, ground)).args;
  made += 1;
  return (await others[tool]?.(`previewed-${made}`)) as Arguments;
}

/** A program with a token of its own: some calls end it, or are for members only. */
async function ownProgram(tool: string): Promise<{ program: Program; args: Arguments }> {
  const flags = ['--base-url', ground.sandbox.baseUrl, '--confirm', 'never'];
  if (tool !== 'auth_change_password') {
    return { program: await startProgram(flags, { SYNQLY_TOKEN: await ground.newToken() }), args: {} };
  }
  made += 1;
  const name = `member-${made}`;
  await ground.make('members_create', { name, secret: password, role_binding: ['administrator'] });
  const organization_id = ground.sandbox.state.organization.id;
  const { token } = await ground.make('auth_logon', { organization_id, name, secret: password });
  const args = { old_secret: password, new_secret: `${password}-next` };
  return { program: await startProgram(flags, { SYNQLY_TOKEN: token.access.secret }), args };
}

/** A copy in which every secret that a test planted reads as it does in previews. */
const withheld = (body: unknown): unknown =>
  body === undefined
    ? undefined
    : JSON.parse(
        JSON.stringify(body)
          .replaceAll(`${password}-next`, '[withheld]')
          .replaceAll(password, '[withheld]')
          .replaceAll(secret, '[withheld]')
          .replaceAll('the-next-secret-of-it', '[withheld]'),
      );

describe.each(writing)('%s', (tool) => {
  test('shows the request as it is later sent, and changes nothing', async () => {
    const own = ['auth_logoff', 'auth_change_password'].includes(tool);
    const { program, args } = own
      ? await ownProgram(tool)
      : { program: subject, args: await argumentsFor(tool) };
    const [stateBefore, sentBefore] = [state(), ground.exchanges.length];
    const { json, text, isError } = await program.call('preview_call', { tool, arguments: args });
    expect(isError, text).toBe(false);
    expect(ground.exchanges.slice(sentBefore).filter(({ method }) => method !== 'GET')).toEqual([]);
    expect(state()).toBe(stateBefore);
    for (const hidden of [secret, password, 'the-next-secret-of-it']) expect(text).not.toContain(hidden);

    const called = await program.call(tool, args);
    expect(called.isError, called.text).toBe(false);
    const sent = ground.exchanges.slice(sentBefore).filter(({ operationId }) => operationId === tool);
    expect(sent).toHaveLength(1);
    const { method, path, body, query } = json.sends;
    expect(query).toBeUndefined();
    expect({ method, path }).toEqual({ method: sent[0]?.method, path: sent[0]?.path });
    expect(body).toEqual(withheld(sent[0]?.requestBody));
    expect(json).toMatchObject({ tool, effect: findOperation(tool)?.effect });
    if (own) await program.close();
  });
});

test('shows each changed field with its old and new value', async () => {
  const { args } = await makeChange('accounts_update', ground);
  const { json } = await subject.call('preview_call', { tool: 'accounts_update', arguments: args });
  expect(json.changes).toEqual(
    expect.arrayContaining([
      { path: '/name', from: args.account_id, to: 'renamed-by-update' },
      { path: '/environment', from: 'prod', to: 'test' },
      { path: '/labels', to: ['a', 'b'] },
    ]),
  );
  expect(json.changes).toHaveLength(4);
});

test('shows that a secret changes, and nothing of its value', async () => {
  const { args } = await makeChange('credentials_update', ground);
  const { json, text } = await subject.call('preview_call', { tool: 'credentials_update', arguments: args });
  expect(json.changes).toContainEqual({ path: '/config/secret', to: '[withheld]' });
  expect(text).not.toContain('the-next-secret-of-it');
});

test('names and counts the dependents of an object', async () => {
  const takes = async (tool: string, args: Arguments) => {
    const { json } = await subject.call('preview_call', { tool, arguments: args });
    return json.affects;
  };
  const one = (name: unknown) => ({ count: 1, names: [name] });
  const { args: credential } = await makeTarget('credentials_delete', ground);
  const account_id = credential.owner_id;
  const { args: point } = await makeTarget('integrationPoints_delete', ground);
  await ground.make('integrationPoints_patch', {
    ...point,
    patch: [{ op: 'add', path: '/environments/prod', value: ['*'] }],
  });
  const { id } = await ground.make('credentials_get', credential);
  const { bridge } = await ground.make('bridges_create', { account_id, name: 'its-bridge' });
  const search_service_credential = { type: 'token_id', value: id };
  await ground.make('integrations_create', {
    account_id,
    name: 'user',
    ...point,
    bridge_selector: { type: 'id', value: bridge.id },
    provider_config: { ...splunk, search_service_credential },
  });
  const used = 'integrations that use it';
  expect(await takes('credentials_delete', credential)).toEqual({ [used]: one('user') });
  expect(await takes('integrationPoints_delete', point)).toEqual({
    [used]: one('user'),
    credentials: { count: 0 },
  });
  expect(await takes('bridges_delete', { account_id, bridge_id: 'its-bridge' })).toEqual({
    [used]: one('user'),
  });
  expect(await takes('integrations_delete', { account_id, integration_id: 'user' })).toEqual({
    credentials: { count: 0 },
    tokens: one('user-default'),
  });

  const { args: role, name } = await makeTarget('roles_delete', ground);
  await ground.make('members_create', {
    name: 'bound',
    secret: password,
    role_binding: [name],
    type: 'service',
  });
  expect(await takes('roles_delete', role)).toEqual({ 'members that have it': one('bound') });
  const organization_id = ground.sandbox.state.organization.id;
  const logon = await ground.make('auth_logon', { organization_id, name: 'bound', secret: password });
  expect(await takes('members_delete', { member_id: 'bound' })).toEqual({
    tokens: one(logon.refresh_token_id),
  });
  const { args: hook } = await makeTarget('organizationWebhooks_delete', ground);
  expect(await takes('organizationWebhooks_delete', hook)).toEqual({
    credentials: one(`${hook.webhook_id}-secret`),
  });
  const reset = await takes('status_reset', { account_id, integration_id: 'user' });
  expect(reset.counters).toMatchObject({ requests: expect.any(Number), failed: expect.any(Number) });
});

test('is refused when the call would be refused', async () => {
  const refused = async (args: Arguments, code: string) => {
    expect((await subject.call('preview_call', args)).json.error?.code).toBe(code);
  };
  await refused({}, 'invalid_arguments');
  await refused({ tool: 'accounts_explode' }, 'invalid_arguments');
  await refused({ tool: 'confirm_call', arguments: { id: 'x' } }, 'invalid_arguments');
  await refused({ tool: 'accounts_delete', arguments: {} }, 'invalid_arguments');
  await refused({ tool: 'accounts_delete', arguments: { account_id: 'nobody' } }, 'not_found');
  await refused({ tool: 'accounts_delete', arguments: { account_id: '..' } }, 'invalid_arguments');
  const stale = { account_id: await account(), fullname: 'New', updated_at: '2020-01-01T00:00:00Z' };
  await refused({ tool: 'accounts_update', arguments: stale }, 'stale_object');
});

test('arguments may come as JSON text, as some clients send them', async () => {
  const args = JSON.stringify({ account_id: await account() });
  const { json } = await subject.call('preview_call', { tool: 'accounts_delete', arguments: args });
  expect(json.sends.method).toBe('DELETE');
});

test('a preview is limited by pins', async () => {
  const pinned = await startProgram(['--base-url', ground.sandbox.baseUrl, '--account', await account()], {
    SYNQLY_TOKEN: ground.sandbox.token,
  });
  const previewed = async (tool: string, args: Arguments = {}) =>
    (await pinned.call('preview_call', { tool, arguments: args })).json;
  expect((await previewed('members_delete', { member_id: 'x' })).error?.code).toBe('outside_pin');
  const { args } = await makeTarget('integrations_delete', ground);
  const { integration_id } = args;
  expect((await previewed('integrations_delete', { integration_id })).error?.code).toBe('outside_pin');
  expect((await previewed('accounts_delete')).sends.path).toMatch(/^\/v1\/accounts\/[0-9a-f-]{36}$/);
  await pinned.close();
});

test('works over stateless HTTP', async () => {
  const rig = await startHttpRig({ baseUrl: ground.sandbox.baseUrl });
  const args = { account_id: await account() };
  const json = await rig.call(await ground.newToken(), 'preview_call', {
    tool: 'accounts_delete',
    arguments: args,
  });
  expect(json.sends).toEqual({ method: 'DELETE', path: `/v1/accounts/${args.account_id}` });
  await rig.close();
});
