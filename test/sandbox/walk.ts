import type { Api } from './api.ts';
import { splunkConfig } from './api.ts';

const everything = { limit: '1000' };
const password = 'correct-horse-battery-9';

/** Calls every operation of the API at least once, so that it succeeds; lists first, on what was seeded. */
export async function walk(api: Api): Promise<void> {
  await listAll(api);
  await walkOrganization(api);
  await walkAccount(api);
  await walkPeople(api);
  await walkTokens(api);
  await api.get('/v1/audit/organizations', everything);
}

/** Reads an object, puts it back whole with another display name, and patches that. */
async function change(api: Api, path: string): Promise<void> {
  const { body } = await api.get(path);
  await api.put(path, { ...body.result, fullname: 'Put back' });
  await api.patch(path, [{ op: 'replace', path: '/fullname', value: 'Patched' }]);
}

async function listAll(api: Api): Promise<void> {
  await api.get('/v1/accounts', { ...everything, total: 'true' });
  await api.get('/v1/integrations', { ...everything, expand: 'all', total: 'true' });
  await api.get('/v1/integration-points', { ...everything, total: 'true' });
  await api.get('/v1/mappings', { ...everything, total: 'true' });
  await api.get('/v1/status', { ...everything, expand: 'all' });
  for (const path of ['members', 'roles', 'tokens', 'permissionsets', 'organization/webhooks', 'jobs'])
    await api.get(`/v1/${path}`);
  await api.get('/v1/jobs/history', { limit: '500' });
  await api.get('/v1/capabilities/connectors', { expand: 'providers' });
  await api.get('/v1/capabilities/providers', { expand: ['connector', 'operations', 'provider_config'] });
  await api.get('/v1/capabilities/providers/siem_splunk', {
    expand: ['connector', 'operations', 'request_body', 'provider_config'],
  });
  await api.get('/v1/meta/openapi/management');
  await api.get('/v1/meta/openapi/engine');
  await walkSeeded(api);
}

/** Reads what belongs to each seeded account and integration. */
async function walkSeeded(api: Api): Promise<void> {
  const { body } = await api.get('/v1/integrations', everything);
  for (const { account_id: account, id } of body.result.slice(0, 10)) {
    const { body: bridges } = await api.get(`/v1/bridges/${account}`);
    for (const bridge of bridges.result) await api.get(`/v1/bridges/${account}/${bridge.id}/status`);
    await api.get(`/v1/credentials/${account}`);
    await api.get(`/v1/status/${account}/${id}/events`, everything);
    await api.get(`/v1/status/${account}/${id}/timeseries`);
  }
}

async function walkOrganization(api: Api): Promise<void> {
  await change(api, '/v1/organization');
  await api.get('/v1/permissionsets/viewer');
  await api.post('/v1/organization/webhooks', {
    name: 'hook',
    url: 'https://hooks.example.com',
    filters: ['all'],
    secret: { value: 'hook-secret' },
  });
  await change(api, '/v1/organization/webhooks/hook');
  await api.delete('/v1/organization/webhooks/hook');
  await api.post('/v1/mappings', { name: 'hosts', data: '{"host": "$.hostname"}' });
  await change(api, '/v1/mappings/hosts');
  await api.post('/v1/mappings/apply', { mappings: ['hosts'], data: { hostname: 'db1' } });
  await api.delete('/v1/mappings/hosts');
  await api.post('/v1/suborgs', { name: 'group', member: { name: 'first@example.com', secret: password } });
  await api.get('/v1/suborgs');
  await api.get('/v1/suborgs/group');
  await api.delete('/v1/suborgs/group');
}

async function walkAccount(api: Api): Promise<void> {
  await api.post('/v1/accounts', { name: 'walked', environment: 'test', labels: ['trial'] });
  await change(api, '/v1/accounts/walked');
  const environments = { test: ['*'], prod: ['siem_splunk'] };
  await api.post('/v1/integration-points', { name: 'walked', connector: 'siem', environments });
  await change(api, '/v1/integration-points/walked');
  await api.post('/v1/bridges/walked', { name: 'depot', labels: ['hamburg'] });
  await change(api, '/v1/bridges/walked/depot');
  await api.get('/v1/bridges/walked');

  const config = { type: 'token', secret: 'walked-secret' };
  const { body } = await api.post('/v1/credentials/walked', { name: 'token', config });
  await api.get(`/v1/credentials/lookup/${body.result.id}`);
  await api.put('/v1/credentials/walked/token', { ...body.result, config });
  await api.patch('/v1/credentials/walked/token', [{ op: 'replace', path: '/fullname', value: 'Patched' }]);
  await api.get('/v1/credentials/walked/token');
  await api.get('/v1/credentials/walked');

  await walkIntegration(api);
  await api.delete('/v1/credentials/walked/token');
  await api.delete('/v1/bridges/walked/depot');
  await api.delete('/v1/integration-points/walked');
  await api.delete('/v1/accounts/walked');
}

async function walkIntegration(api: Api): Promise<void> {
  const integration = {
    name: 'logs',
    provider_config: splunkConfig(),
    integration_point_id: 'walked',
    webhook_config: { items: [{ webhook_url: 'https://hooks.example.com' }] },
  };
  await api.post('/v1/integrations/walked/verify', { integration });
  await api.post('/v1/integrations/walked', integration);
  const refused = { name: 'refused', provider_config: splunkConfig('bad-secret') };
  await api.post('/v1/integrations/walked', refused);
  const disconnected = { bridge_selector: { type: 'id', value: 'depot' } };
  await api.post('/v1/integrations/walked/verify', { integration: { ...integration, ...disconnected } });
  await change(api, '/v1/integrations/walked/logs');
  await api.put('/v1/integrations/walked/refused', {
    ...(await api.get('/v1/integrations/walked/refused')).body.result,
    provider_config: { ...splunkConfig(), hec_credential: { type: 'token', secret: 'stored-on-the-way' } },
  });
  await api.get('/v1/integrations/walked', { expand: 'all', total: 'true' });
  await api.get('/v1/status/walked/logs');
  await api.get('/v1/status/walked/refused/events');
  await api.get('/v1/status/walked/logs/timeseries', { interval: 'hour' });
  await api.get('/v1/status/timeseries');
  await api.put('/v1/status/walked/logs');
  await api.post('/v1/tokens/walked/logs', { token_ttl: '30m' });
  await api.delete('/v1/integrations/walked/logs');
}

async function walkPeople(api: Api): Promise<void> {
  const resources = { accounts: { ids: ['*'], environments: ['test'] } };
  await api.post('/v1/roles', { name: 'tester', permission_set: 'viewer', resources });
  await change(api, '/v1/roles/tester');
  await api.post('/v1/members', { name: 'ines@example.com', secret: password, role_binding: ['tester'] });
  await change(api, '/v1/members/ines@example.com');
  const organization = (await api.get('/v1/organization')).body.result.id;
  const credentials = { name: 'ines@example.com', secret: password };
  const { body } = await api.post(`/v1/auth/logon/${organization}`, credentials);
  const member = api.as(body.result.token.access.secret);
  const secrets = { old_secret: password, new_secret: `${password}-next` };
  await member.post('/v1/auth/change_password', secrets);
  await member.post('/v1/auth/logoff');
  await api.delete('/v1/members/ines@example.com');
  await api.delete('/v1/roles/tester');
}

async function walkTokens(api: Api): Promise<void> {
  const { body } = await api.post('/v1/tokens', {
    name: 'reporting',
    permission_set: 'viewer',
    resources: { accounts: { ids: ['*'] } },
    token_ttl: '2h',
  });
  const { id, owner_id: owner } = body.result;
  await api.get(`/v1/tokens/${id}/info`);
  const rotated = await api.put(`/v1/tokens/${owner}/${id}/rotate`);
  await api.delete(`/v1/tokens/${id}/secondary`);
  await api.as(rotated.body.result.primary.refresh.secret).put(`/v1/tokens/${id}/refresh`);
  await api.put(`/v1/tokens/${owner}/${id}/reset`);
  await api.delete(`/v1/tokens/${id}`);
  await api.post('/v1/tokens/mcp', { scope: { type: 'management', environment: 'test' } });
  await api.post('/v1/tokens/synqly-integrations', {});
}
