import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, addAccount, openApi, splunkConfig } from './api.ts';

let api: Api;
let account: string;

beforeAll(async () => {
  api = await openApi();
  account = await addAccount(api, 'tern');
});
afterAll(async () => {
  const answered = JSON.stringify(api.exchanges.map(({ responseBody }) => responseBody));
  await api.close();
  expect(answered).not.toContain('hidden-secret');
});

const path = (name = '') => `/v1/credentials/tern${name && `/${name}`}`;
const create = (name: string, more: Record<string, unknown> = {}) =>
  api.post(path(), { name, config: { type: 'token', secret: 'hidden-secret' }, ...more });

test('a credential is stored for an account and never shown', async () => {
  const { status, body } = await create('plain', { expires: '2027-01-01T00:00:00Z' });
  expect(status).toBe(200);
  expect(body.result).toMatchObject({
    name: 'plain',
    account_id: account,
    owner_type: 'account',
    config: { type: 'token' },
    managed: 'Unmanaged',
    expires: '2027-01-01T00:00:00Z',
  });
  expect(body.result.config).toEqual({ type: 'token' });
  expect((await api.get(path('PLAIN'))).body.result).toEqual(body.result);
  expect((await api.get(path())).body.result).toEqual([body.result]);
  expect((await api.get(`/v1/credentials/lookup/${body.result.id}`)).body.result).toEqual(body.result);
  expect((await create('Plain')).status).toBe(409);
});

test('integration points and webhooks own credentials too, by owner_type', async () => {
  await api.post('/v1/integration-points', {
    name: 'logs',
    connector: 'siem',
    environments: { test: ['*'] },
  });
  const config = { type: 'o_auth_client', client_id: 'c', client_secret: 'hidden-secret' };
  const made = await api.post('/v1/credentials/logs', {
    name: 'app',
    owner_type: 'integration_point',
    config,
  });
  expect(made.body.result).toMatchObject({
    owner_type: 'integration_point',
    config: { type: 'o_auth_client' },
  });
  expect((await api.get('/v1/credentials/logs')).body.result).toHaveLength(1);
  expect((await api.post('/v1/credentials/logs', { config })).status).toBe(404);
});

test('an unknown owner, an unknown credential and a name in place of an id to look up are 404', async () => {
  expect((await api.get('/v1/credentials/nobody')).status).toBe(404);
  expect((await api.get(path('nothing'))).status).toBe(404);
  expect((await api.get('/v1/credentials/lookup/plain')).status).toBe(404);
});

test('a credential without config is refused', async () => {
  const { status, body } = await api.post(path(), { name: 'empty' });
  expect(status).toBe(400);
  expect(body.context.parameter.id).toBe('/config');
});

test('a PUT sets the secret with config and keeps it without', async () => {
  const { body } = await create('put');
  const secrets = api.sandbox.state.credentialSecrets;
  const { config: _kind, ...rest } = body.result;
  const kept = await api.put(path('put'), { ...rest, fullname: 'Renamed' });
  expect(kept.body.result).toMatchObject({ fullname: 'Renamed', config: { type: 'token' } });
  expect(secrets.get(rest.id)).toEqual({ type: 'token', secret: 'hidden-secret' });
  const basic = { type: 'basic', username: 'u', secret: 'hidden-secret-2' };
  const set = await api.put(path('put'), { ...rest, config: basic });
  expect(set.body.result.config).toEqual({ type: 'basic' });
  expect(secrets.get(rest.id)).toEqual(basic);
  expect((await api.put(path('put'), { ...rest, managed: 'Managed' })).status).toBe(400);
});

test('a patch can set the secret, but neither show nor carry it away', async () => {
  const { body } = await create('patch');
  const set = await api.patch(path('patch'), [
    { op: 'replace', path: '/config/secret', value: 'hidden-secret-3' },
    { op: 'replace', path: '/fullname', value: 'Patched' },
  ]);
  expect(set.body.result).toMatchObject({ fullname: 'Patched', config: { type: 'token' } });
  expect(api.sandbox.state.credentialSecrets.get(body.result.id)).toEqual({
    type: 'token',
    secret: 'hidden-secret-3',
  });
  for (const from of ['/config/secret', '/config', '']) {
    const copy = await api.patch(path('patch'), [{ op: 'copy', from, path: '/fullname' }]);
    expect(copy.status).toBe(400);
  }
  const broken = await api.patch(path('patch'), [{ op: 'remove', path: '/config/type' }]);
  expect(broken.status).toBe(400);
});

test('a credential in use is not deleted', async () => {
  const { body } = await create('used');
  const reference = { type: 'token_id', value: body.result.id };
  const made = await api.post(`/v1/integrations/${account}`, {
    name: 'user',
    provider_config: { ...splunkConfig(), search_service_credential: reference },
  });
  const refused = await api.delete(path('used'));
  expect(refused.status).toBe(409);
  expect(refused.body.context.resources).toEqual([
    { type: 'integration', id: made.body.result.integration.id, rel: 'affected' },
  ]);
  await api.delete(`/v1/integrations/${account}/user`);
  expect((await api.delete(path('used'))).status).toBe(204);
  expect((await api.get(path('used'))).status).toBe(404);
});

test('an integration recovers when its credential is mended', async () => {
  const { body } = await create('mending', { config: { type: 'token', secret: 'bad-hidden-secret' } });
  const reference = { type: 'token_id', value: 'mending' };
  await api.post(`/v1/integrations/${account}`, {
    name: 'broken',
    provider_config: { ...splunkConfig(), search_service_credential: reference },
  });
  const status = async () => (await api.get(`/v1/status/${account}/broken`)).body.result;
  expect(await status()).toMatchObject({ status: 'error', failed: 1 });
  await api.put(path('mending'), { ...body.result, config: { type: 'token', secret: 'hidden-secret' } });
  expect(await status()).toMatchObject({ status: 'ok', requests: 2, failed: 1 });
});
