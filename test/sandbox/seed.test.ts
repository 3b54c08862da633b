import { describe, expect, test } from 'vitest';
import { createFaults } from '../../src/sandbox/faults.ts';
import { createRandom } from '../../src/sandbox/random.ts';
import { people, seedPassword } from '../../src/sandbox/seed/names.ts';
import { parseSize } from '../../src/sandbox/seed.ts';
import { startSandbox } from '../../src/sandbox/start.ts';
import { type Api, openApi, testTime } from './api.ts';

type Item = Record<string, string>;

async function dump(api: Api): Promise<Record<string, unknown>> {
  const { body: integrations } = await api.get('/v1/integrations', { limit: '1000' });
  const [one] = integrations.result;
  const paths = [
    '/v1/accounts',
    '/v1/integration-points',
    '/v1/mappings',
    '/v1/members',
    '/v1/roles',
    '/v1/tokens',
    '/v1/jobs',
    '/v1/jobs/history?limit=500',
    '/v1/organization',
    '/v1/organization/webhooks',
    '/v1/suborgs',
    '/v1/status?limit=1000',
    '/v1/status/timeseries',
    `/v1/status/${one.account_id}/${one.id}/events`,
    `/v1/status/${one.account_id}/${one.id}/timeseries`,
    `/v1/credentials/${one.id}`,
    `/v1/bridges/${one.account_id}`,
    '/v1/audit/organizations?limit=1000',
    '/v1/accounts/none',
  ];
  const made = await api.post('/v1/accounts', { fullname: 'Made later' });
  const answers = await Promise.all(paths.map(async (path) => [path, (await api.get(path)).body]));
  return { integrations, made: made.body, ...Object.fromEntries(answers) };
}

describe('determinism', () => {
  test('the same seed and clock give the same sandbox, down to ids, tokens and errors', async () => {
    const [one, two] = [
      await openApi({ size: 'medium', seed: 5 }),
      await openApi({ size: 'medium', seed: 5 }),
    ];
    expect(one.sandbox.token).toBe(two.sandbox.token);
    const [first, second] = [await dump(one), await dump(two)];
    // The last calls ran at once, and instances are numbered in the order of arrival.
    for (const answers of [first, second]) delete (answers['/v1/accounts/none'] as Item).instance;
    expect(first).toEqual(second);
    await Promise.all([one.close(), two.close()]);
  });

  test('another seed gives others', async () => {
    const [one, two] = [await openApi({ seed: 1 }), await openApi({ seed: 2 })];
    expect(one.sandbox.token).not.toBe(two.sandbox.token);
    expect((await one.get('/v1/integrations')).body).not.toEqual((await two.get('/v1/integrations')).body);
    await Promise.all([one.close(), two.close()]);
  });
});

describe('a medium sandbox', () => {
  test('holds everything there is to look at', async () => {
    const api = await openApi({ size: 'medium' });
    const audit = [...api.sandbox.state.audit];
    const list = async (path: string): Promise<Item[]> => (await api.get(path, { limit: '500' })).body.result;

    const accounts = await list('/v1/accounts');
    expect(accounts).toHaveLength(12);
    expect(new Set(accounts.map(({ environment }) => environment))).toEqual(new Set(['test', 'prod']));
    const integrations = await list('/v1/integrations');
    expect(new Set(integrations.map(({ category }) => category)).size).toBeGreaterThan(5);
    expect(JSON.stringify(integrations)).not.toMatch(/"secret"/);

    const states = new Set((await list('/v1/status')).map(({ status }) => status));
    for (const state of ['ok', 'error', 'degraded', 'unknown']) expect(states, state).toContain(state);
    const members = await list('/v1/members');
    expect(new Set(members.map(({ state }) => state))).toEqual(
      new Set(['enabled', 'invited', 'locked', 'disabled']),
    );
    expect(members.some(({ type }) => type === 'service')).toBe(true);

    for (const path of [
      'integration-points',
      'mappings',
      'organization/webhooks',
      'suborgs',
      'jobs',
      'jobs/history',
    ])
      expect((await list(`/v1/${path}`)).length, path).toBeGreaterThan(0);
    expect((await list('/v1/roles')).length).toBeGreaterThan(4);
    expect(new Set(audit.map(({ code }) => code))).toEqual(new Set(['200', '400', '403', '404', '409']));
    const times = audit.map(({ created_at: time }) => time);
    expect([...times].sort()).toEqual(times);
    expect(times.every((time) => String(time) <= testTime)).toBe(true);
    await api.close();
  });

  test('a failing integration of it recovers when its credential is put right', async () => {
    const api = await openApi({ size: 'medium' });
    const { body } = await api.get('/v1/status', { filter: 'status[eq]error', expand: 'integration' });
    const failing = body.result.find(
      ({ integration }: { integration: Item }) => integration.provider_type === 'siem_splunk',
    );
    const path = `/v1/status/${failing.account_id}/${failing.integration_id}`;
    const newest = async () => {
      const events = await api.get(`${path}/events`, { limit: '1', order: 'created_at[desc]' });
      return events.body.result[0];
    };
    expect(await newest()).toMatchObject({ status: 'error', error: expect.stringContaining('401') });

    const credentials = `/v1/credentials/${failing.integration_id}`;
    const [stored] = (await api.get(credentials)).body.result;
    const config = { type: 'token', secret: 'a-good-one' };
    const patched = await api.patch(`${credentials}/${stored.id}`, [
      { op: 'add', path: '/config', value: config },
    ]);
    expect(patched.status).toBe(200);
    expect((await api.get(path)).body.result.status).not.toBe('error');
    expect(await newest()).toMatchObject({ status: 'ok' });
    await api.close();
  });

  test('its people can log on', async () => {
    const api = await openApi({ size: 'small' });
    const outcomes = [];
    for (const { name } of people) {
      const logon = { name: `${name}@kestrelmoor.example`, secret: seedPassword };
      outcomes.push((await api.post('/v1/auth/logon/kestrelmoor', logon)).body.result.auth_code);
    }
    expect(outcomes).toEqual(['success', 'success', 'success', 'success', 'invited', 'locked', 'disabled']);
    await api.close();
  });
});

test('the large sandbox has more than a thousand integrations and lists a thousand in one page', async () => {
  const api = await openApi({ size: 'large' });
  const { body } = await api.get('/v1/integrations', {
    limit: '1000',
    total: 'true',
    order: 'created_at[desc]',
  });
  expect(body.result).toHaveLength(1000);
  expect(body.total).toBeGreaterThan(1000);
  await api.close();
});

test('sizes are words or numbers of accounts', () => {
  expect([parseSize('small'), parseSize('7')]).toEqual(['small', 7]);
  for (const text of ['tiny', '0', '-1', '1.5', 'toString'])
    expect(() => parseSize(text)).toThrow(/small, medium, large/);
});

test('a sandbox listens on loopback only, and checks what it is told', async () => {
  await expect(startSandbox({ host: '0.0.0.0' })).rejects.toThrow(/loopback/);
  await expect(startSandbox({ clock: 'noon' })).rejects.toThrow(/RFC 3339/);
  const sandbox = await startSandbox({ size: 1, host: 'localhost' });
  expect(sandbox.baseUrl).toMatch(/^http:\/\/(127\.0\.0\.1|\[::1\]):\d+$/);
  await expect(startSandbox({ size: 1, port: Number(new URL(sandbox.baseUrl).port) })).rejects.toThrow(
    /EADDRINUSE/,
  );
  await sandbox.close();
});

test('streams of one seed are independent of each other', () => {
  const [world, other] = [createRandom(1, 'world'), createRandom(1, 'faults')];
  expect(world.uuid()).not.toBe(other.uuid());
  expect(createRandom(1, 'world').uuid()).toBe(createRandom(1, 'world').uuid());
  expect(createFaults([], world).all()).toEqual([]);
});
