import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, openApi } from './api.ts';

let api: Api;

beforeAll(async () => {
  api = await openApi();
});
afterAll(async () => {
  const answered = JSON.stringify(api.exchanges.map(({ responseBody }) => responseBody));
  await api.close();
  expect(answered).not.toContain('signing-secret');
});

const webhooks = '/v1/organization/webhooks';
const create = (name: string, more: Record<string, unknown> = {}) =>
  api.post(webhooks, {
    name,
    url: 'https://hooks.example.com/synqly',
    filters: ['all'],
    secret: { value: 'signing-secret' },
    ...more,
  });

test('the secret of a webhook becomes a credential that it owns', async () => {
  const { status, body } = await create('hook');
  expect(status).toBe(200);
  expect(body.result).toMatchObject({ name: 'hook', environment: 'prod', filters: ['all'] });
  expect(body.result).not.toHaveProperty('secret');
  const credential = await api.get(`/v1/credentials/lookup/${body.result.credential_id}`);
  expect(credential.body.result).toMatchObject({
    owner_type: 'organization_webhook',
    organization_webhook_id: body.result.id,
    config: { type: 'secret' },
  });
  expect((await api.delete(`/v1/credentials/hook/${body.result.credential_id}`)).status).toBe(409);
  expect((await create('HOOK')).status).toBe(409);
});

test('a PUT keeps to a credential of the webhook', async () => {
  const { body } = await api.get(`${webhooks}/hook`);
  const next = await api.post('/v1/credentials/hook', {
    name: 'next',
    owner_type: 'organization_webhook',
    config: { type: 'secret', secret: 'signing-secret-2' },
  });
  const sent = { ...body.result, credential_id: next.body.result.id, filters: ['account_create'] };
  const put = await api.put(`${webhooks}/hook`, sent);
  expect(put.body.result).toMatchObject({ credential_id: next.body.result.id, filters: ['account_create'] });
  const refused = await api.put(`${webhooks}/hook`, { ...sent, credential_id: 'nothing' });
  expect(refused.status).toBe(400);
  expect(refused.body.context.parameter.id).toBe('/credential_id');
});

test('a patch changes it; a url that is none is refused', async () => {
  const patched = await api.patch(`${webhooks}/hook`, [
    { op: 'replace', path: '/environment', value: 'test' },
  ]);
  expect(patched.body.result.environment).toBe('test');
  expect((await create('bad-url', { url: 'ftp://example.com' })).status).toBe(400);
});

test('deletion takes its credentials along', async () => {
  const { body } = await api.get(`${webhooks}/hook`);
  expect((await api.delete(`${webhooks}/hook`)).status).toBe(204);
  expect((await api.get(`/v1/credentials/lookup/${body.result.credential_id}`)).status).toBe(404);
  expect((await api.get(webhooks, { filter: 'name[eq]hook' })).body.result).toEqual([]);
});
