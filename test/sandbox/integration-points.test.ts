import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, addAccount, openApi } from './api.ts';

let api: Api;

beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

const points = '/v1/integration-points';
const siem = { connector: 'siem', environments: { test: ['*'], prod: ['siem_splunk'] } };

test('a point is created, read by name, changed and deleted', async () => {
  const made = await api.post(points, { ...siem, fullname: 'Your logs' });
  expect(made.status).toBe(200);
  expect(made.body.result).toMatchObject({ ...siem, name: 'your-logs', fullname: 'Your logs' });
  const { body } = await api.get(`${points}/YOUR-LOGS`);
  expect(body.result).toEqual(made.body.result);

  const put = await api.put(`${points}/your-logs`, { ...body.result, description: 'Where the logs are' });
  expect(put.body.result).toMatchObject({ id: body.result.id, description: 'Where the logs are' });
  const patched = await api.patch(`${points}/your-logs`, [
    { op: 'add', path: '/environments/prod/-', value: 'siem_sentinel' },
  ]);
  expect(patched.body.result.environments.prod).toEqual(['siem_splunk', 'siem_sentinel']);
  expect((await api.delete(`${points}/your-logs`)).status).toBe(204);
  expect((await api.get(`${points}/your-logs`)).status).toBe(404);
});

test.each([
  ['no environment', { environments: {} }, '/environments'],
  [
    'a provider of another connector',
    { environments: { test: ['siem_splunk', 'ticketing_jira'] } },
    '/environments/test/1',
  ],
  [
    'a mapping for a provider of another connector',
    { mappings: [{ providers: ['edr_defender'], mappings: ['m:1'], operation_ids: ['siem_query_events'] }] },
    '/mappings/0/providers/0',
  ],
  [
    'a schedule of another connector',
    {
      scheduled_operations: [
        { operation: 'assets_query_devices', enabled: true, frequency: { type: 'periodic', value: '1h' } },
      ],
    },
    '/scheduled_operations/0/operation',
  ],
])('%s is refused', async (_case, more, pointer) => {
  const { status, body } = await api.post(points, { ...siem, ...more });
  expect(status).toBe(400);
  expect(body.context.parameter.id).toBe(pointer);
});

test('one environment with an empty list is enough, and allows nothing', async () => {
  expect((await api.post(points, { connector: 'edr', environments: { test: [] } })).status).toBe(200);
});

test('a point in use is neither deleted nor turned to another connector', async () => {
  const account = await addAccount(api, 'wren');
  await api.post(points, { ...siem, name: 'used' });
  const { body } = await api.post(`/v1/integrations/${account}`, {
    provider_config: { type: 'siem_mock_siem' },
    integration_point_id: 'used',
  });
  const user = { type: 'integration', id: body.result.integration.id, rel: 'affected' };
  const refused = await api.delete(`${points}/used`);
  expect(refused.status).toBe(409);
  expect(refused.body.context.resources).toEqual([user]);
  const turned = await api.patch(`${points}/used`, [
    { op: 'replace', path: '/connector', value: 'edr' },
    { op: 'replace', path: '/environments', value: { test: ['*'] } },
  ]);
  expect(turned.status).toBe(409);
});

test('a later change of schedules leaves existing integrations alone', async () => {
  const account = await addAccount(api, 'plover');
  await api.post(points, { ...siem, name: 'later' });
  const made = await api.post(`/v1/integrations/${account}`, {
    name: 'early',
    provider_config: { type: 'siem_mock_siem' },
    integration_point_id: 'later',
  });
  expect(made.status).toBe(200);
  const value = [
    { operation: 'siem_query_events', enabled: true, frequency: { type: 'periodic', value: '1h' } },
  ];
  const changed = await api.patch(`${points}/later`, [{ op: 'add', path: '/scheduled_operations', value }]);
  expect(changed.body.result.scheduled_operations).toEqual(value);
  const { body } = await api.get(`/v1/integrations/${account}/early`);
  expect(body.result).not.toHaveProperty('scheduled_operations');
});

test('the list counts, filters and pages', async () => {
  const { body } = await api.get(points, { filter: 'connector[eq]siem', total: 'true', limit: '1' });
  expect(body.result).toHaveLength(1);
  expect(body.total).toBeGreaterThanOrEqual(2);
  const next = await api.get(points, { filter: 'connector[eq]siem', start_after: body.result[0].name });
  expect(next.body.result[0].name > body.result[0].name).toBe(true);
});
