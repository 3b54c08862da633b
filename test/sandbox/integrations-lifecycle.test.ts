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

describe('change', () => {
  test('an inline secret replaces the one the integration owns', async () => {
    const made = (await create('changing')).body.result;
    const sent = { ...made.integration, fullname: 'Changed', provider_config: splunkConfig('newer-secret') };
    const { status, body } = await api.put(path('changing'), sent);
    expect(status).toBe(200);
    expect(body).not.toHaveProperty('credentials_created');
    expect(body.result.provider_config).toEqual(made.integration.provider_config);
    expect(body.result.fullname).toBe('Changed');
    expect(api.sandbox.state.credentialSecrets.get(made.credentials_created[0].id)).toEqual({
      type: 'token',
      secret: 'newer-secret',
    });
  });

  test('an inline secret is stored anew when the integration owns none, and drops out with its use', async () => {
    await api.post(`/v1/credentials/${account}`, { name: 'lent', config: { type: 'token', secret: 'lent' } });
    const lent = { type: 'token_id', value: 'lent' };
    await create('own', { provider_config: { ...splunkConfig(), search_service_credential: lent } });
    const pointer = '/provider_config/search_service_credential';
    const inline = await api.patch(path('own'), [
      { op: 'replace', path: pointer, value: { type: 'token', secret: 'brought' } },
    ]);
    expect(inline.body.credentials_created).toHaveLength(1);
    const [{ id }] = inline.body.credentials_created;
    expect((await api.get(`/v1/credentials/lookup/${id}`)).status).toBe(200);
    await api.patch(path('own'), [{ op: 'replace', path: pointer, value: lent }]);
    expect((await api.get(`/v1/credentials/lookup/${id}`)).status).toBe(404);
  });

  test('a provider of the same category may take over, none of another', async () => {
    await create('moving');
    const mock = await api.patch(path('moving'), [
      { op: 'replace', path: '/provider_config', value: { type: 'siem_mock_siem' } },
    ]);
    expect(mock.body.result).toMatchObject({
      provider_type: 'siem_mock_siem',
      provider_fullname: 'Synqly Test Provider',
    });
    const { status, body } = await api.patch(path('moving'), [
      { op: 'replace', path: '/provider_config', value: { type: 'ticketing_mock_ticketing' } },
    ]);
    expect(status).toBe(400);
    expect(body.context.parameter.id).toBe('/provider_config/type');
  });

  test('a PUT without a required field and a patch of a managed one are refused', async () => {
    const { body } = await create('guarded');
    const { refresh_token_id: _left, ...incomplete } = body.result.integration;
    expect((await api.put(path('guarded'), incomplete)).status).toBe(400);
    const managed = [{ op: 'replace', path: '/category', value: 'ticketing' }];
    expect((await api.patch(path('guarded'), managed)).status).toBe(400);
  });
});

describe('lists', () => {
  test('expand, total, filters of the account and of the integration', async () => {
    const filter = [
      `account_id[eq]${account}`,
      'provider_type[in]siem_splunk,siem_mock_siem',
      'environment[eq]test',
    ];
    const { body } = await api.get('/v1/integrations', { filter, expand: 'all', total: 'true', limit: '2' });
    expect(body.result).toHaveLength(2);
    expect(body.total).toBeGreaterThan(2);
    expect(body.result[0].account).toMatchObject({ id: account, environment: 'test' });
    const none = await api.get('/v1/integrations', { filter: [...filter, 'category[eq]ticketing'] });
    expect(none.body).toEqual({ result: [] });
  });

  test('an expanded component can be ordered by', async () => {
    const order = ['account.name[desc]', 'name'];
    const { body } = await api.get('/v1/integrations', { order, expand: 'accounts' });
    const names = body.result.map((one: { account: { name: string } }) => one.account.name);
    expect(names).toEqual([...names].sort().reverse());
    expect((await api.get('/v1/integrations', { order })).status).toBe(400);
  });

  test('an expanded integration can be put back', async () => {
    const filter = [`account_id[eq]${account}`, 'name[eq]pointed'];
    await api.post('/v1/integration-points', {
      name: 'logs',
      connector: 'siem',
      environments: { test: ['*'] },
    });
    await create('pointed', { integration_point_id: 'logs' });
    const { body } = await api.get('/v1/integrations', { filter, expand: 'all' });
    expect(body.result[0].integration_point.name).toBe('logs');
    const put = await api.put(path('pointed'), body.result[0]);
    expect(put.status).toBe(200);
    expect(put.body.result).not.toHaveProperty('account');
  });
});

test('deletion ends status, owned credentials and jobs', async () => {
  const { body } = await create('leaving');
  const { integration, credentials_created: created } = body.result;
  expect((await api.delete(path('leaving'))).status).toBe(204);
  expect((await api.get(path(integration.id))).status).toBe(404);
  expect((await api.get(`/v1/status/${account}/leaving`)).status).toBe(404);
  expect((await api.get(`/v1/credentials/lookup/${created[0].id}`)).status).toBe(404);
  expect((await create('leaving')).status).toBe(200);
});

describe('a token limited to test accounts and ticketing', () => {
  let limited: Api;
  let production: string;

  beforeAll(async () => {
    production = await addAccount(api, 'tern-main', 'prod');
    const config = { type: 'token', secret: 'good' };
    await api.post(`/v1/credentials/${production}`, { name: 'kept', config });
    await api.post(`/v1/integrations/${production}`, { name: 'main', provider_config: splunkConfig() });
    const { body } = await api.post('/v1/tokens', {
      name: 'limited',
      permission_set: 'account-manager',
      resources: {
        accounts: { ids: ['*'], environments: ['test'] },
        integrations: { categories: ['ticketing'] },
      },
    });
    limited = api.as(body.result.primary.access.secret);
  });

  test('creates within its limits only', async () => {
    const mock = { provider_config: { type: 'ticketing_mock_ticketing' } };
    expect((await limited.post(path(), { name: 'tickets', ...mock })).status).toBe(200);
    expect((await limited.post(path(), { name: 'logs', provider_config: splunkConfig() })).status).toBe(403);
    expect((await limited.post(`/v1/integrations/${production}`, mock)).status).toBe(404);
  });

  test('sees none of the rest', async () => {
    const { body } = await limited.get('/v1/integrations', { expand: 'account' });
    expect(body.result.length).toBeGreaterThan(0);
    for (const one of body.result)
      expect(one).toMatchObject({ category: 'ticketing', account: { environment: 'test' } });
    for (const hidden of [
      `/v1/credentials/${production}`,
      `/v1/bridges/${production}`,
      `/v1/integrations/${production}`,
    ])
      expect((await limited.get(hidden)).status).toBe(404);
    expect((await limited.get(path('own'))).status).toBe(404);
  });
});
