import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, addAccount, openApi, splunkConfig, testTime } from './api.ts';

let api: Api;
let now = Date.parse(testTime);

beforeAll(async () => {
  api = await openApi({ clock: () => now });
  await addAccount(api, 'tern');
  await api.post('/v1/integrations/tern', { name: 'logs', provider_config: splunkConfig() });
});
afterAll(() => api.close());

const path = (end = '') => `/v1/status/tern/logs${end}`;
type Status = Record<string, string>;
type Step = Record<string, number>;

test('creating, changing and issuing a token for an integration count as its requests', async () => {
  const requests = async () => (await api.get(path())).body.result.requests;
  expect(await requests()).toBe(1);
  await api.patch('/v1/integrations/tern/logs', [{ op: 'replace', path: '/fullname', value: 'Logs' }]);
  expect(await requests()).toBe(2);
  await api.post('/v1/tokens/tern/logs', {});
  expect(await requests()).toBe(3);
});

test('status_list pages by account and integration, and expands', async () => {
  const { body } = await api.get('/v1/status');
  const keys = body.result.map((one: Status) => `${one.account_id},${one.integration_id}`);
  expect(keys.length).toBeGreaterThan(3);
  expect(keys).toEqual([...keys].sort());
  const page = await api.get('/v1/status', { start_after: keys[1], limit: '1', expand: 'all' });
  const [item] = page.body.result;
  expect(`${item.account_id},${item.integration_id}`).toBe(keys[2]);
  expect(item.account.id).toBe(item.account_id);
  expect(item.integration.id).toBe(item.integration_id);
  expect((await api.get('/v1/status', { start_after: 'just-one' })).status).toBe(400);
});

test('a seeded organization has a day of traffic, and some integrations in trouble', async () => {
  const { body } = await api.get('/v1/status');
  const states = new Set(body.result.map((one: Status) => one.status));
  expect(states).toContain('ok');
  expect(states).toContain('error');
  const { result } = (await api.get('/v1/status/timeseries')).body;
  expect(result).toMatchObject({ interval: '5m', end_time: testTime });
  expect(result.series).toHaveLength(12);
  expect(result.series.slice(0, -1).every((step: Step) => (step.succeeded ?? 0) > 0)).toBe(true);
});

test('events tell what failed, and are paged by time', async () => {
  const config = splunkConfig('bad-secret');
  await api.patch('/v1/integrations/tern/logs', [
    {
      op: 'replace',
      path: '/provider_config/search_service_credential',
      value: config.search_service_credential,
    },
  ]);
  await api.post('/v1/integrations/tern/verify', {
    integration: { name: 'logs', provider_config: config },
  });
  const { body } = await api.get(path('/events'));
  expect(body.result).toMatchObject([
    { status: 'error', error: expect.stringContaining('401'), request: 4 },
    { status: 'error', request: 5 },
  ]);
  const next = await api.get(path('/events'), { start_after: body.result[0].created_at });
  expect(next.body.result).toEqual([body.result[1]]);
  const turned = await api.get(path('/events'), { order: 'created_at[desc]', limit: '1' });
  expect(turned.body.result).toEqual([body.result[1]]);
  expect((await api.get(path('/events'), { order: 'status' })).status).toBe(400);
});

test('the timeseries of an integration covers a day in hours', async () => {
  const { body } = await api.get(path('/timeseries'), { interval: 'hour' });
  expect(body.result.interval).toBe('1h');
  expect(body.result.series).toHaveLength(24);
  expect(body.result.series.at(-1)).toMatchObject({ succeeded: 3, failed: 2 });
  expect((await api.get(path('/timeseries'), { interval: 'day' })).status).toBe(400);
});

test('a reset clears counters and events and nothing else', async () => {
  const before = (await api.get('/v1/integrations/tern/logs')).body;
  expect((await api.put(path())).status).toBe(204);
  expect((await api.get(path())).body.result).toMatchObject({ requests: 0, failed: 0, status: 'unknown' });
  expect((await api.get(path('/events'))).body.result).toEqual([]);
  expect((await api.get('/v1/integrations/tern/logs')).body).toEqual(before);
});

test('traffic of seeded integrations goes on with the clock', async () => {
  const total = async () => {
    const { result } = (await api.get('/v1/status')).body;
    return result.reduce((sum: number, one: Step) => sum + (one.requests ?? 0), 0);
  };
  const before = await total();
  expect(await total()).toBe(before);
  now += 30 * 60_000;
  expect(await total()).toBeGreaterThan(before);
});

test('an integration of another account is 404', async () => {
  await addAccount(api, 'wren');
  expect((await api.get('/v1/status/wren/logs')).status).toBe(404);
});
