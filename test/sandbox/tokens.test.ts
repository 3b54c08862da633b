import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Api, addAccount, openApi, splunkConfig } from './api.ts';
import { expectProblem, expectValidAnswers } from './checks.ts';

let api: Api;
let now: number;
const minute = 60_000;

beforeAll(async () => {
  api = await openApi({ size: 1, clock: () => now });
  await addAccount(api, 'tern', 'test');
  await addAccount(api, 'gull', 'prod');
  await api.patch('/v1/accounts/gull', [{ op: 'add', path: '/labels', value: ['coast'] }]);
  for (const account of ['tern', 'gull'])
    await api.post(`/v1/integrations/${account}`, { name: 'siem', provider_config: splunkConfig() });
});
beforeEach(() => {
  now = Date.parse('2026-11-02T09:00:00Z');
});
now = Date.parse('2026-11-02T09:00:00Z');
afterAll(() => api.close());
afterAll(() => expectValidAnswers(api.exchanges));

interface Asked {
  readonly permission_set?: string;
  readonly resources?: object;
  readonly token_ttl?: string;
  readonly name?: string;
}
async function issue(asked: Asked = {}, by = api) {
  const { status, body } = await by.post('/v1/tokens', {
    permission_set: 'administrator',
    resources: {},
    ...asked,
  });
  expect(status, JSON.stringify(body)).toBe(200);
  return body.result;
}
const holding = (token: { primary: { access: { secret: string } } }) => api.as(token.primary.access.secret);
const works = async (secret: string) => (await api.as(secret).get('/v1/organization')).status === 200;
const accountNames = async (by: Api) =>
  (await by.get('/v1/accounts')).body.result.map(({ name }: { name: string }) => name);

describe('ad hoc tokens', () => {
  test('live as long as asked, a day unless asked', async () => {
    const token = await issue();
    expect(token).toMatchObject({ token_type: 'adhoc', owner_type: 'organization', token_ttl: '24h0m0s' });
    expect(token.primary.access.expires).toBe('2026-11-03T09:00:00.000Z');
    const short = await issue({ token_ttl: '1m30s' });
    now += 89_999;
    expect(await works(short.primary.access.secret)).toBe(true);
    now += 1;
    expect(await works(short.primary.access.secret)).toBe(false);
  });

  test('a lifetime that is none is 400', async () => {
    for (const token_ttl of ['1 hour', '0s', '-1h', '5', 'h']) {
      const reply = await api.post('/v1/tokens', { permission_set: 'viewer', resources: {}, token_ttl });
      expectProblem(reply, 400);
      expect(reply.body.context.parameter.id).toBe('/token_ttl');
    }
  });

  test('a name is taken once, regardless of case', async () => {
    await issue({ name: 'nightly' });
    expectProblem(
      await api.post('/v1/tokens', { name: 'Nightly', permission_set: 'viewer', resources: {} }),
      409,
    );
  });

  test('are deleted with both pairs; tokens of other types are not deleted', async () => {
    const token = await issue({ name: 'brief' });
    const rotated = (await api.put('/v1/tokens/brief/refresh')).body.result;
    expect((await api.delete('/v1/tokens/brief')).status).toBe(204);
    for (const pair of [token.primary, rotated.primary]) expect(await works(pair.access.secret)).toBe(false);
    expectProblem(await api.get('/v1/tokens/brief/info'), 404);
    const { refresh_token_id: id } = api.sandbox.state.organization;
    expectProblem(await api.delete(`/v1/tokens/${id}`), 400);
  });
});

describe('limits', () => {
  test('accounts outside are 404, and lists leave them out', async () => {
    const by = holding(await issue({ resources: { accounts: { ids: ['*'], environments: ['test'] } } }));
    expect(await accountNames(by)).toEqual(['tern']);
    expect((await by.get('/v1/accounts/tern')).status).toBe(200);
    expectProblem(await by.get('/v1/accounts/gull'), 404);
    expectProblem(await by.get('/v1/integrations/gull/siem'), 404);
    expectProblem(await by.get('/v1/credentials/gull'), 404);
    expectProblem(await by.get('/v1/bridges/gull'), 404);
    expectProblem(await by.get('/v1/status/gull/siem'), 404);
    expectProblem(await by.post('/v1/tokens/gull/siem', {}), 404);
    expect((await by.get('/v1/integrations')).body.result).toHaveLength(1);
    expect((await by.get('/v1/status')).body.result).toHaveLength(1);
  });

  test('accounts are limited by id, name and label', async () => {
    const { id } = (await api.get('/v1/accounts/tern')).body.result;
    expect(await accountNames(holding(await issue({ resources: { accounts: { ids: [id] } } })))).toEqual([
      'tern',
    ]);
    expect(await accountNames(holding(await issue({ resources: { accounts: { ids: ['gull'] } } })))).toEqual([
      'gull',
    ]);
    const coast = holding(await issue({ resources: { accounts: { ids: ['*'], labels: ['coast'] } } }));
    expect(await accountNames(coast)).toEqual(['gull']);
    const both = { accounts: { ids: ['*'], labels: ['coast'], environments: ['test'] } };
    expect(await accountNames(holding(await issue({ resources: both })))).toEqual([]);
    expect(await accountNames(holding(await issue({ resources: { accounts: { ids: [] } } })))).toEqual([]);
  });

  test('integrations are limited by category', async () => {
    const by = holding(await issue({ resources: { integrations: { categories: ['ticketing'] } } }));
    expectProblem(await by.get('/v1/integrations/tern/siem'), 404);
    expect((await by.get('/v1/accounts/tern')).status).toBe(200);
  });

  test('no account is made or moved beyond them', async () => {
    const by = holding(await issue({ resources: { accounts: { ids: ['*'], environments: ['test'] } } }));
    expectProblem(await by.post('/v1/accounts', { name: 'skua', environment: 'prod' }), 403);
    expect((await by.post('/v1/accounts', { name: 'skua', environment: 'test' })).status).toBe(200);
    const move = [{ op: 'replace', path: '/environment', value: 'prod' }];
    expectProblem(await by.patch('/v1/accounts/skua', move), 403);
    expect((await by.delete('/v1/accounts/skua')).status).toBe(204);
  });

  test('a permission set allows its actions and no others', async () => {
    const viewer = holding(await issue({ permission_set: 'viewer' }));
    expect((await viewer.get('/v1/members')).status).toBe(200);
    const refused = await viewer.delete('/v1/accounts/tern');
    expectProblem(refused, 403);
    expect(refused.body.detail).toMatch(/accounts_delete.*viewer/);
    const issuer = holding(await issue({ permission_set: 'token-issuer' }));
    expect((await issuer.post('/v1/tokens/tern/siem', {})).status).toBe(200);
    expectProblem(await issuer.get('/v1/members'), 403);
    expectProblem(await issuer.post('/v1/tokens', { permission_set: 'token-issuer', resources: {} }), 403);
    expect((await issuer.get('/v1/capabilities/connectors')).status).toBe(200);
  });
});

describe('a token issues none with more rights than its own', () => {
  const limited = () => issue({ resources: { accounts: { ids: ['*'], environments: ['test'] } } });
  const ask = async (by: Api, permission_set: string, resources: object) =>
    (await by.post('/v1/tokens', { permission_set, resources })).status;

  test.each([
    ['the same', 'administrator', { accounts: { ids: ['*'], environments: ['test'] } }, 200],
    ['fewer actions', 'viewer', { accounts: { ids: ['*'], environments: ['test'] } }, 200],
    ['one account', 'viewer', { accounts: { ids: ['tern'] } }, 200],
    ['further limits', 'viewer', { accounts: { ids: ['*'], environments: ['test'], labels: ['x'] } }, 200],
    ['no limits', 'viewer', {}, 403],
    ['all environments', 'viewer', { accounts: { ids: ['*'] } }, 403],
    ['another environment', 'viewer', { accounts: { ids: ['*'], environments: ['test', 'prod'] } }, 403],
    ['an account outside', 'viewer', { accounts: { ids: ['gull'] } }, 403],
    ['an account yet to come', 'viewer', { accounts: { ids: ['later'] } }, 403],
  ])('%s', async (_case, permissionSet, resources, status) => {
    expect(await ask(holding(await limited()), permissionSet, resources)).toBe(status);
  });

  test('nor by actions, MCP scope, refresh, rotation or reset', async () => {
    const manager = holding(await issue({ permission_set: 'account-manager' }));
    expect(await ask(manager, 'administrator', {})).toBe(403);
    expect(await ask(manager, 'account-manager', {})).toBe(200);
    const by = holding(await limited());
    expectProblem(await by.post('/v1/tokens/mcp', { scope: { type: 'management' } }), 403);
    expect(
      (await by.post('/v1/tokens/mcp', { scope: { type: 'management', environment: 'test' } })).status,
    ).toBe(200);
    const organization = api.sandbox.state.organization;
    const top = `${organization.id}/${organization.refresh_token_id}`;
    expectProblem(await by.put(`/v1/tokens/${top}/reset`), 403);
    expectProblem(await by.put(`/v1/tokens/${top}/rotate`), 403);
    expectProblem(await by.put(`/v1/tokens/${organization.refresh_token_id}/refresh`), 403);
    expectProblem(await by.post('/v1/tokens/synqly-integrations', {}), 403);
  });

  test('nor by reading secrets', async () => {
    const { refresh_token_id: id } = api.sandbox.state.organization;
    const path = `/v1/tokens/${id}/info`;
    expect((await api.get(path)).body.result.primary.access.secret).toBe(api.sandbox.token);
    for (const token of [await limited(), await issue({ permission_set: 'viewer' })]) {
      const { body } = await holding(token).get(path);
      expect(body.result.primary.access.secret).toBe('');
      const { body: list } = await holding(token).get('/v1/tokens');
      expect(JSON.stringify(list)).not.toContain(api.sandbox.token);
    }
  });
});

describe('pairs', () => {
  test('a refresh by the refresh secret keeps the former pair until it is removed', async () => {
    const token = await issue({ name: 'renewed' });
    const refreshed = await api.as(token.primary.refresh.secret).put('/v1/tokens/renewed/refresh');
    expect(refreshed.status).toBe(200);
    const { primary, secondary } = refreshed.body.result;
    expect(secondary).toEqual(token.primary);
    expect(await works(primary.access.secret)).toBe(true);
    expect(await works(token.primary.access.secret)).toBe(true);
    expect((await api.delete('/v1/tokens/renewed/secondary')).status).toBe(204);
    expect(await works(token.primary.access.secret)).toBe(false);
    expect(await works(primary.access.secret)).toBe(true);
    expectProblem(await api.delete('/v1/tokens/renewed/secondary'), 404);
  });

  test('a second rotation discards the pair before the last', async () => {
    const token = await issue({ name: 'turned' });
    const path = `/v1/tokens/${api.sandbox.state.organization.id}/turned/rotate`;
    const first = (await api.put(path)).body.result;
    const second = (await api.put(path)).body.result;
    expect(second.secondary).toEqual(first.primary);
    expect(await works(token.primary.access.secret)).toBe(false);
    expect(await works(first.primary.access.secret)).toBe(true);
  });

  test('a reset ends everything issued before and restarts the expiry', async () => {
    const token = await issue({ name: 'redone' });
    now += 60 * minute;
    const { body } = await api.put(`/v1/tokens/kestrelmoor/redone/reset`);
    expect(body.result).not.toHaveProperty('secondary');
    expect(body.result.expires > token.expires).toBe(true);
    expect(await works(token.primary.access.secret)).toBe(false);
    expect(await works(body.result.primary.access.secret)).toBe(true);
    expectProblem(await api.as(token.primary.refresh.secret).put('/v1/tokens/redone/refresh'), 401);
  });

  test('a refresh secret opens its own token only', async () => {
    const [one, two] = [await issue(), await issue()];
    const by = api.as(one.primary.refresh.secret);
    expectProblem(await by.put(`/v1/tokens/${two.id}/refresh`), 403);
    expectProblem(await by.get(`/v1/tokens/${one.id}/info`), 401);
  });

  test('the token of an integration is rotated under its owner, by id or name', async () => {
    const { integration } = api.sandbox.state.collections;
    const [siem] = integration.all(api.sandbox.state.collections.account.get('tern').id);
    const { status, body } = await api.put(`/v1/tokens/${siem?.id}/${siem?.refresh_token_id}/rotate`);
    expect(status).toBe(200);
    expect(body.result).toMatchObject({ owner_type: 'integration', owner_id: siem?.id });
    expectProblem(await api.put(`/v1/tokens/kestrelmoor/${siem?.refresh_token_id}/rotate`), 404);
  });

  test('the sandbox tells its token even after a reset', async () => {
    const before = api.sandbox.token;
    const { organization } = api.sandbox.state;
    await api.put(`/v1/tokens/${organization.id}/${organization.refresh_token_id}/reset`);
    expect(api.sandbox.token).not.toBe(before);
    expect((await api.get('/v1/accounts')).status).toBe(200);
  });
});

describe('other kinds', () => {
  test('an MCP token lives an hour unless asked, a day at most, and tells its scope', async () => {
    const { id } = (await api.get('/v1/accounts/tern')).body.result;
    const scope = { type: 'integration-usage', account_id: 'tern' };
    const { body } = await api.post('/v1/tokens/mcp', { scope });
    expect(body.result).toMatchObject({
      expires: '2026-11-02T10:00:00.000Z',
      claims: { scope: { type: 'integration-usage', account_id: id } },
      permissions: { adhoc_role: { permission_set: 'mcp-integrations-use-only' } },
    });
    expect((await api.post('/v1/tokens/mcp', { scope, token_ttl: '24h' })).status).toBe(200);
    expectProblem(await api.post('/v1/tokens/mcp', { scope, token_ttl: '24h1s' }), 400);
    expectProblem(await api.post('/v1/tokens/mcp', { scope: { ...scope, account_id: 'nobody' } }), 400);
    expect((await api.get('/v1/tokens')).body.result).not.toContainEqual(
      expect.objectContaining({ id: body.result.permissions.id }),
    );
  });

  test('an integration token lives ten minutes unless asked', async () => {
    const { body } = await api.post('/v1/tokens/tern/siem', {});
    expect(body.result.expires).toBe('2026-11-02T09:10:00.000Z');
    expect(body.result.permissions.resource_type).toBe('integration');
    expectProblem(await api.post('/v1/tokens/tern/none', {}), 404);
  });

  test("Synqly's own integrations have an account that is made once", async () => {
    const first = (await api.post('/v1/tokens/synqly-integrations', {})).body.result;
    const second = (await api.post('/v1/tokens/synqly-integrations', { token_ttl: '1h' })).body.result;
    expect(second.account_id).toBe(first.account_id);
    expect(await accountNames(holding(first.token))).toEqual(['synqly-integrations']);
  });

  test('the list holds the tokens of the organization, not those of integrations', async () => {
    const { body } = await api.get('/v1/tokens', { limit: '1000' });
    const owners = new Set(body.result.map((token: { owner_id: string }) => token.owner_id));
    expect([...owners]).toEqual([api.sandbox.state.organization.id]);
  });
});
