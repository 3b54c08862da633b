import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { operationFacts } from '../../src/sandbox/facts.ts';
import { handlers } from '../../src/sandbox/handlers.ts';
import { actionOf } from '../../src/sandbox/permissions.ts';
import { type Api, openApi, type Reply } from './api.ts';
import { expectProblem, expectValidAnswers } from './checks.ts';

let api: Api;
let now = Date.parse('2026-11-02T09:00:00Z');

beforeAll(async () => {
  api = await openApi({ clock: () => now });
});
afterAll(() => api.close());
afterAll(() => expectValidAnswers(api.exchanges));

async function raw(method: string, path: string, init: RequestInit = {}): Promise<Reply> {
  const headers = { authorization: `Bearer ${api.sandbox.token}`, ...init.headers };
  const response = await fetch(api.sandbox.baseUrl + path, { ...init, method, headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined };
}

test('each of the 96 operations has a handler, and no other', () => {
  const ids = operationFacts().map(({ operationId }) => operationId);
  expect(ids).toHaveLength(96);
  expect(Object.keys(handlers).sort()).toEqual(ids.sort());
});

test('every action is one that the fact sheet knows', async () => {
  const { body } = await api.get('/v1/meta/openapi/management');
  const { schemas } = body.components;
  for (const { operationId } of operationFacts()) {
    const found = actionOf(operationId);
    if (!found) continue;
    const ref: string = schemas.ApiPermissionMap.properties[found.api].anyOf[0].$ref;
    const { items } = schemas[ref.split('/').at(-1) ?? ''].properties.actions;
    expect(schemas[items.$ref.split('/').at(-1)].enum, operationId).toContain(found.action);
  }
});

describe('routes', () => {
  test('an unknown path is 404', async () => {
    expectProblem(await api.get('/v1/nothing'), 404);
    expectProblem(await api.get('/'), 404);
  });

  test('an empty path parameter is 404', async () => {
    expectProblem(await api.get('/v1/accounts/'), 404);
    expectProblem(await api.get('/v1/integrations//'), 404);
  });

  test('a known path with another method is 405 and says what is allowed', async () => {
    const reply = await api.delete('/v1/accounts');
    expectProblem(reply, 405);
    expect(reply.headers.get('allow')).toBe('GET, POST');
    expectProblem(await raw('OPTIONS', '/v1/accounts'), 405);
    expect((await fetch(`${api.sandbox.baseUrl}/v1/accounts`, { method: 'HEAD' })).status).toBe(405);
  });

  test('path parameters are percent-decoded once', async () => {
    await api.post('/v1/accounts', { name: 'a/b %2F' });
    expect((await api.get('/v1/accounts/a%2Fb%20%252F')).body.result.name).toBe('a/b %2F');
    expectProblem(await api.get('/v1/accounts/%'), 400);
  });

  test('fixed path segments win over parameters', async () => {
    expectProblem(await api.get('/v1/credentials/lookup/none'), 404);
    expect((await api.get('/v1/status/timeseries')).body.result).toHaveProperty('series');
  });

  test('every answer carries a request id of its own', async () => {
    const [one, two] = [await api.get('/v1/roles'), await api.get('/v1/roles')];
    expect(one.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(one.headers.get('x-request-id')).not.toBe(two.headers.get('x-request-id'));
  });
});

describe('bodies and queries', () => {
  const json = { 'content-type': 'application/json' };

  test('a body that is not declared as JSON is 415', async () => {
    const text = { body: '{}', headers: { 'content-type': 'text/plain' } };
    expectProblem(await raw('POST', '/v1/accounts', text), 415);
    const merge = { body: '[]', headers: { 'content-type': 'application/merge-patch+json' } };
    expectProblem(await raw('PATCH', '/v1/accounts/x', merge), 415);
  });

  test('a body that is missing or not JSON is 400', async () => {
    expectProblem(await raw('POST', '/v1/accounts', { headers: json }), 400);
    expectProblem(await raw('POST', '/v1/accounts', { body: '{"name":', headers: json }), 400);
  });

  test('a body over 5 MB is 413', async () => {
    expectProblem(await raw('POST', '/v1/accounts', { body: 'x'.repeat(5_300_000), headers: json }), 413);
  });

  test('a body against its schema is 400 and names the place by JSON Pointer', async () => {
    const reply = await api.post('/v1/roles', { permission_set: 'viewer', resources: { accounts: {} } });
    expectProblem(reply, 400);
    expect(reply.body.context.parameter).toMatchObject({ id: '/resources/accounts/ids', location: 'body' });
    const scope = await api.post('/v1/tokens/mcp', { scope: { type: 'developer' } });
    expect(scope.body.context.parameter.id).toBe('/scope/account_id');
    const unknown = await api.post('/v1/tokens/mcp', { scope: { type: 'everything' } });
    expect(unknown.body.context.parameter.id).toBe('/scope');
  });

  test('unknown fields of a create call are accepted', async () => {
    const { status, body } = await api.post('/v1/accounts', { name: 'open', color: 'red' });
    expect(status).toBe(200);
    expect(body.result.account).not.toHaveProperty('color');
  });

  test('a query parameter of the wrong type is 400 and named', async () => {
    for (const query of [
      'limit=0',
      'limit=ten',
      'limit=1.5',
      'total=yes',
      'limit=1&limit=2',
      'start_after=a&start_after=b',
    ]) {
      const reply = await api.get(`/v1/accounts?${query}`);
      expectProblem(reply, 400);
      expect(reply.body.context.parameter).toMatchObject({ id: query.split('=')[0], location: 'query' });
    }
  });
});

describe('checks of the token', () => {
  const unauthorized = async (authorization: string) => {
    const reply = await raw('GET', '/v1/accounts', { headers: { authorization } });
    expectProblem(reply, 401);
    expect(reply.headers.get('www-authenticate')).toMatch(/^Bearer/);
    return reply.body;
  };

  test('without a valid bearer every call is 401', async () => {
    const bare = await fetch(`${api.sandbox.baseUrl}/v1/accounts`);
    expectProblem({ status: bare.status, headers: bare.headers, body: await bare.json() }, 401);
    await unauthorized('Basic dXNlcjpwYXNz');
    await unauthorized('Bearer ');
    await unauthorized('Bearer made-up');
    await unauthorized(api.sandbox.token);
  });

  test('the token is looked at before the body and the permission before the query', async () => {
    expectProblem(await api.as('made-up').post('/v1/accounts', 7), 401);
    const viewer = await issue({ permission_set: 'viewer', resources: {} });
    expectProblem(await api.as(viewer).post('/v1/accounts', 7), 403);
  });

  test('an expired token is refused, and says so', async () => {
    const token = await issue({ permission_set: 'viewer', resources: {}, token_ttl: '10m' });
    expect((await api.as(token).get('/v1/accounts')).status).toBe(200);
    now += 10 * 60_000;
    const reply = await api.as(token).get('/v1/accounts');
    expectProblem(reply, 401);
    expect(reply.body.message).toMatch(/expired/);
  });

  test('integration tokens, MCP tokens and refresh secrets do not open the Management API', async () => {
    const { body: list } = await api.get('/v1/integrations');
    const { account_id: account, id } = list.result[0];
    const integration = await api.post(`/v1/tokens/${account}/${id}`, {});
    const refused = await api.as(integration.body.result.secret).get('/v1/accounts');
    expectProblem(refused, 403);
    expect(refused.body.message).toMatch(/integration token/);

    const mcp = await api.post('/v1/tokens/mcp', { scope: { type: 'management' } });
    const second = await api.as(mcp.body.result.secret).get('/v1/accounts');
    expectProblem(second, 403);
    expect(second.body.message).toMatch(/MCP token/);

    const { body } = await api.post('/v1/tokens', { permission_set: 'viewer', resources: {} });
    expectProblem(await api.as(body.result.primary.refresh.secret).get('/v1/accounts'), 401);
  });

  async function issue(body: object): Promise<string> {
    return (await api.post('/v1/tokens', body)).body.result.primary.access.secret;
  }
});

describe('state of the organization', () => {
  const organization = () => api.sandbox.state.organization;
  afterEach(() => {
    Object.assign(organization(), { state: 'enabled' });
    delete organization().end_date;
  });

  test('a disabled organization answers every call with 402', async () => {
    organization().state = 'disabled';
    expectProblem(await api.get('/v1/accounts'), 402);
    expectProblem(await api.post('/v1/accounts', 7), 402);
    expectProblem(await api.as('made-up').get('/v1/accounts'), 401);
  });

  test('an evaluation ends at the end of its last day, UTC', async () => {
    Object.assign(organization(), { state: 'plg', end_date: '2026-11-02' });
    expect((await api.get('/v1/accounts')).status).toBe(200);
    organization().end_date = '2026-11-01';
    expectProblem(await api.get('/v1/accounts'), 402);
    organization().state = 'pov';
    expect((await api.get('/v1/accounts')).status).toBe(200);
  });
});

describe('audit', () => {
  test('every call is recorded, refused ones too, under times that differ', async () => {
    const before = api.sandbox.state.audit.length;
    await api.get('/v1/roles');
    await api.get('/v1/accounts/nothing');
    await api.as('made-up').get('/v1/roles');
    const records = api.sandbox.state.audit.slice(before);
    expect(records).toMatchObject([
      { method: 'GET', path: '/v1/roles', code: '200', audit_type: 'API', remote_addr: '127.0.0.1' },
      { method: 'GET', path: '/v1/accounts/nothing', code: '404', status: 'Not Found' },
      { method: 'GET', path: '/v1/roles', code: '401' },
    ]);
    expect(new Set(records.map((record) => record.created_at)).size).toBe(3);
  });

  test('a record names the account and holds the body, but no password in it', async () => {
    const made = await api.post('/v1/accounts', { name: 'seen', environment: 'test' });
    expect(api.sandbox.state.audit.at(-1)).toMatchObject({ account_id: made.body.result.account.id });
    await api.patch('/v1/accounts/seen', [{ op: 'replace', path: '/fullname', value: 'Seen' }]);
    const { body } = await api.get('/v1/accounts/seen');
    expect(api.sandbox.state.audit.at(-2)).toMatchObject({
      account_id: body.result.id,
      environment: 'test',
      body: [{ op: 'replace', path: '/fullname', value: 'Seen' }],
    });
    await api.post('/v1/members', { name: 'kept@example.com', secret: 'long-enough-password' });
    expect(api.sandbox.state.audit.at(-1)).toMatchObject({
      body: { name: 'kept@example.com', secret: '***' },
    });
    await api.post('/v1/tokens', { permission_set: 'viewer', resources: {} });
    expect(String(api.sandbox.state.audit.at(-1)?.response)).toContain('"secret":"***"');
  });

  test('the trail pages by time, in either direction only', async () => {
    const first = await api.get('/v1/audit/organizations', { limit: '3' });
    const next = await api.get('/v1/audit/organizations', {
      limit: '1',
      start_after: first.body.result[2].created_at,
    });
    expect(next.body.result[0].created_at > first.body.result[2].created_at).toBe(true);
    const last = await api.get('/v1/audit/organizations', { limit: '1', order: 'created_at[desc]' });
    expect(last.body.result[0].path).toBe('/v1/audit/organizations');
    expectProblem(await api.get('/v1/audit/organizations', { order: 'path' }), 400);
    expectProblem(await api.get('/v1/audit/organizations', { start_after: 'yesterday' }), 400);
    const refused = await api.get('/v1/audit/organizations', { filter: ['code[eq]409', 'method[eq]POST'] });
    expect(refused.body.result[0].path).toBe('/v1/accounts');
  });
});
