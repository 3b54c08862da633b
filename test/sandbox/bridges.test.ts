import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, addAccount, openApi } from './api.ts';

let api: Api;
let now = Date.parse('2026-11-02T09:00:00Z');

beforeAll(async () => {
  api = await openApi({ clock: () => now });
  await addAccount(api, 'tern');
  await addAccount(api, 'wren');
});
afterAll(() => api.close());

test('creation hands over the credential, once, with its line ends escaped', async () => {
  const { status, body } = await api.post('/v1/bridges/tern', { name: 'depot', labels: ['hamburg'] });
  expect(status).toBe(200);
  const { bridge, credential } = body.result;
  expect(bridge).toMatchObject({ name: 'depot', fullname: 'depot', labels: ['hamburg'] });
  expect(credential).not.toContain('\n');
  const [begin, jwt] = credential.split('\\n');
  expect(begin).toBe('-----BEGIN NATS USER JWT-----');
  const [header, claims] = jwt.split('.').map((part: string) => Buffer.from(part, 'base64url').toString());
  expect(JSON.parse(header)).toMatchObject({ typ: 'JWT' });
  expect(JSON.parse(claims)).toMatchObject({ sub: bridge.id, name: 'depot' });
  expect((await api.get('/v1/bridges/tern/depot')).body.result).toEqual(bridge);
});

test('a bridge belongs to its account, and so does its name', async () => {
  expect((await api.post('/v1/bridges/tern', { name: 'Depot' })).status).toBe(409);
  expect((await api.get('/v1/bridges/wren/depot')).status).toBe(404);
  expect((await api.post('/v1/bridges/wren', { name: 'depot' })).status).toBe(200);
  expect((await api.get('/v1/bridges/tern')).body.result).toHaveLength(1);
  expect((await api.get('/v1/bridges/nobody')).status).toBe(404);
});

test('PUT and PATCH change it', async () => {
  const { body } = await api.get('/v1/bridges/tern/depot');
  const put = await api.put('/v1/bridges/tern/depot', { ...body.result, description: 'Depot network' });
  expect(put.body.result).toMatchObject({ description: 'Depot network', id: body.result.id });
  const patched = await api.patch('/v1/bridges/tern/depot', [
    { op: 'add', path: '/labels/-', value: 'spare' },
    { op: 'remove', path: '/description' },
  ]);
  expect(patched.body.result.labels).toEqual(['hamburg', 'spare']);
  expect(patched.body.result).not.toHaveProperty('description');
});

test('a new bridge has no agent; one of some days has, and its traffic grows', async () => {
  const status = async () => (await api.get('/v1/bridges/tern/depot/status')).body.result;
  expect(await status()).toEqual([]);
  now += 3 * 24 * 3600_000;
  const [agent] = await status();
  expect(agent).toMatchObject({
    local_config: { version: expect.any(String) },
    local_stats: { requests: expect.any(Number) },
  });
  now += 3600_000;
  const [later] = await status();
  expect(later.local_stats.requests).toBeGreaterThan(agent.local_stats.requests);
});

test('deletion is final', async () => {
  expect((await api.delete('/v1/bridges/tern/depot')).status).toBe(204);
  expect((await api.delete('/v1/bridges/tern/depot')).status).toBe(404);
});
