import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, addAccount, openApi, splunkConfig } from './api.ts';

let api: Api;
let account: string;

beforeAll(async () => {
  api = await openApi();
  account = await addAccount(api, 'tern');
});
afterAll(() => api.close());

const path = (name = '') => `/v1/integrations/${account}${name && `/${name}`}`;
const create = (name: string, more: Record<string, unknown> = {}) =>
  api.post(path(), { name, provider_config: splunkConfig(), ...more });

describe('creation', () => {
  test('stores an inline secret and shows a reference in its place', async () => {
    const { status, body } = await create('inline', { fullname: 'Inline' });
    expect(status).toBe(200);
    const { integration, token, credentials_created: created } = body.result;
    expect(created).toMatchObject([
      {
        owner_type: 'integration',
        integration_id: integration.id,
        config: { type: 'token' },
        managed: 'Managed',
      },
    ]);
    expect(integration.provider_config.search_service_credential).toEqual({
      type: 'token_id',
      value: created[0].id,
    });
    expect(integration).toMatchObject({
      name: 'inline',
      account_id: account,
      category: 'siem',
      provider_type: 'siem_splunk',
      provider_fullname: 'Splunk Enterprise Security',
    });
    expect(token.access.secret).toEqual(expect.any(String));
    expect(body).not.toHaveProperty('messages');
    expect((await api.get(path('inline'))).body.result).toEqual(integration);
    expect(JSON.stringify(body)).not.toContain('good-secret');
  });

  test('takes a stored credential by name and keeps its id', async () => {
    const { body } = await api.post(`/v1/credentials/${account}`, {
      name: 'shared',
      config: { type: 'token', secret: 'shared-secret' },
    });
    const reference = { type: 'token_id', value: 'shared' };
    const made = await create('by-name', {
      provider_config: { ...splunkConfig(), search_service_credential: reference },
    });
    expect(made.status).toBe(200);
    expect(made.body.result).not.toHaveProperty('credentials_created');
    const { search_service_credential: used } = made.body.result.integration.provider_config;
    expect(used).toEqual({ type: 'token_id', value: body.result.id });
  });

  test('goes on with a problem when the provider refuses the credential', async () => {
    const { status, body } = await create('refused', { provider_config: splunkConfig('bad-secret') });
    expect(status).toBe(200);
    expect(body.messages.problems).toMatchObject([
      { status: 400, context: { provider_details: { status: '401' } } },
    ]);
    expect(JSON.stringify(body)).not.toContain('bad-secret');
    const { body: state } = await api.get(`/v1/status/${account}/refused`);
    expect(state.result).toMatchObject({ requests: 1, failed: 1, status: 'error' });
  });

  test('stops when the provider cannot be reached, and stores nothing', async () => {
    const gone = splunkConfig('good', 'https://splunk.tern.invalid');
    const { status, body } = await create('gone', { provider_config: gone });
    expect(status).toBe(502);
    expect(body.context.raw_error).toContain('no such host');
    expect((await api.get(path('gone'))).status).toBe(404);
  });

  test('refuses a name that is taken, whatever its case', async () => {
    await create('twice');
    expect((await create('TWICE')).status).toBe(409);
    const other = await addAccount(api, 'tern-two');
    const elsewhere = await api.post(`/v1/integrations/${other}`, {
      name: 'twice',
      provider_config: splunkConfig(),
    });
    expect(elsewhere.status).toBe(200);
  });

  test.each([
    [
      'an unknown provider',
      { provider_config: { type: 'siem_splunk', search_service_url: 'https://x' } },
      '/provider_config/search_service_credential',
    ],
    [
      'an unknown credential',
      {
        provider_config: {
          ...splunkConfig(),
          search_service_credential: { type: 'token_id', value: 'nope' },
        },
      },
      '/provider_config/search_service_credential/value',
    ],
    ['an unknown integration point', { integration_point_id: 'nope' }, '/integration_point_id'],
    ['an unknown bridge', { bridge_selector: { type: 'id', value: 'nope' } }, '/bridge_selector/value'],
    [
      'a schedule of another connector',
      { scheduled_operations: [schedule('assets_query_devices', '1h')] },
      '/scheduled_operations/0/operation',
    ],
    [
      'a schedule that is too frequent',
      { scheduled_operations: [schedule('siem_query_events', '1m')] },
      '/scheduled_operations/0/frequency/value',
    ],
  ])('refuses %s and names the place', async (_case, more, pointer) => {
    const { status, body } = await create('never', more);
    expect(status).toBe(400);
    expect(body.context.parameter).toMatchObject({ id: pointer, location: 'body' });
  });

  test('refuses a credential of another kind or another account', async () => {
    const config = { type: 'basic', username: 'u', secret: 's' };
    await api.post(`/v1/credentials/${account}`, { name: 'basic', config });
    const other = await addAccount(api, 'tern-three');
    await api.post(`/v1/credentials/${other}`, { name: 'foreign', config: { type: 'token', secret: 's' } });
    for (const value of ['basic', 'foreign']) {
      const reference = { type: 'token_id', value };
      const provider_config = { ...splunkConfig(), search_service_credential: reference };
      expect((await create('never', { provider_config })).status).toBe(400);
    }
  });

  test('makes up a key for each webhook receiver that brings none', async () => {
    const items = [
      { webhook_url: 'https://a.example.com' },
      { webhook_url: 'https://b.example.com', integrator_key: 'own' },
    ];
    const { body } = await create('hooked', { webhook_config: { items } });
    const [first, second] = body.result.integration.webhook_config.items;
    expect(Buffer.from(first.integrator_key, 'base64url').length).toBeGreaterThanOrEqual(24);
    expect(second.integrator_key).toBe('own');
  });

  test('warns when no agent of its bridge is connected', async () => {
    const { body } = await api.post(`/v1/bridges/${account}`, { name: 'depot', labels: ['eu'] });
    const byName = await create('bridged', { bridge_selector: { type: 'id', value: 'depot' } });
    expect(byName.body.result.integration.bridge_selector.value).toBe(body.result.bridge.id);
    expect(byName.body.messages.problems).toMatchObject([{ status: 503 }]);
    const byLabel = await create('labelled', { bridge_selector: { type: 'labels', value: ['eu'] } });
    expect(byLabel.body.messages.problems).toHaveLength(1);
  });
});

describe('integration points', () => {
  const point = { connector: 'siem', environments: { test: ['siem_splunk'], prod: [] } };

  test('allow providers by environment', async () => {
    await api.post('/v1/integration-points', { ...point, name: 'logs' });
    expect((await create('allowed', { integration_point_id: 'logs' })).status).toBe(200);
    const production = await addAccount(api, 'tern-prod', 'prod');
    const refused = await api.post(`/v1/integrations/${production}`, {
      provider_config: splunkConfig(),
      integration_point_id: 'logs',
    });
    expect(refused.status).toBe(400);
    expect(refused.body.detail).toBe('It allows none.');
    const mock = await create('mock', {
      integration_point_id: 'logs',
      provider_config: { type: 'siem_mock_siem' },
    });
    expect(mock.body.context.parameter.id).toBe('/provider_config/type');
  });

  test('hand their schedules to an integration that brings none, as jobs too', async () => {
    const schedules = [
      schedule('siem_query_events', '30m'),
      { ...schedule('siem_query_investigations', '1d'), enabled: false },
    ];
    await api.post('/v1/integration-points', { ...point, name: 'timed', scheduled_operations: schedules });
    const { body } = await create('copied', { integration_point_id: 'timed', scheduled_operations: [] });
    const { integration } = body.result;
    expect(integration.scheduled_operations).toEqual(schedules);
    const jobs = await api.get('/v1/jobs', { filter: `integration_id[eq]${integration.id}` });
    expect(jobs.body.result).toMatchObject([{ operation: 'siem_query_events', status: 'SCHEDULED' }]);

    await api.patch(path('copied'), [{ op: 'replace', path: '/scheduled_operations', value: [] }]);
    expect((await api.get(path('copied'))).body.result.scheduled_operations).toEqual([]);
    const after = await api.get('/v1/jobs', { filter: `integration_id[eq]${integration.id}` });
    expect(after.body.result).toEqual([]);
  });
});

describe('verification', () => {
  const verify = (integration: Record<string, unknown>) => api.post(path('verify'), { integration });

  test('succeeds with an empty object and stores nothing', async () => {
    const before = (await api.get(path(), { total: 'true' })).body.total;
    const { status, body } = await verify({ provider_config: splunkConfig() });
    expect({ status, body }).toEqual({ status: 200, body: {} });
    expect((await api.get(path(), { total: 'true' })).body.total).toBe(before);
  });

  test('answers a refusal with what the provider said', async () => {
    const { status, body } = await verify({ provider_config: splunkConfig('invalid') });
    expect(status).toBe(400);
    expect(body.context).toMatchObject({
      raw_error: expect.stringContaining('401'),
      provider_details: { status: '401' },
      parameter: { id: '/integration/provider_config/search_service_credential' },
    });
  });

  test.each([
    [501, 'https://501.example.com'],
    [502, 'https://nowhere.invalid'],
    [503, 'https://503.example.com'],
    [504, 'https://504.example.com'],
  ])('answers %i for %s', async (status, url) => {
    expect((await verify({ provider_config: splunkConfig('good', url) })).status).toBe(status);
  });

  test('takes the configuration of an existing integration as it was read', async () => {
    await create('existing');
    const { body } = await api.get(path('existing'));
    const { provider_config } = body.result;
    expect((await verify({ name: 'existing', provider_config })).status).toBe(200);
    expect((await create('borrower', { provider_config })).status).toBe(400);
  });

  test('counts as a request of the integration it names', async () => {
    await create('counted');
    await verify({ name: 'counted', provider_config: splunkConfig('bad-one') });
    const { body } = await api.get(`/v1/status/${account}/counted`);
    expect(body.result).toMatchObject({ requests: 2, failed: 1, status: 'error' });
  });
});

function schedule(operation: string, value: string) {
  return { operation, enabled: true, frequency: { type: 'periodic', value } };
}
