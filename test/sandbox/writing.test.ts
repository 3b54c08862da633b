import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Api, openApi, splunkConfig } from './api.ts';
import { expectProblem, expectValidAnswers } from './checks.ts';

let api: Api;
let account: Record<string, unknown>;
const path = '/v1/accounts/heron';

beforeAll(async () => {
  api = await openApi({ size: 1 });
});
afterAll(() => api.close());
afterAll(() => expectValidAnswers(api.exchanges));

beforeEach(async () => {
  await api.delete(path);
  const made = await api.post('/v1/accounts', {
    name: 'heron',
    fullname: 'Heron',
    environment: 'test',
    labels: ['a', 'b'],
  });
  account = made.body.result.account;
});

describe('names', () => {
  test('stand in for ids, whatever their case', async () => {
    for (const given of [account.id, 'heron', 'HERON'])
      expect((await api.get(`/v1/accounts/${given}`)).body.result).toEqual(account);
  });

  test('are unique regardless of case', async () => {
    const reply = await api.post('/v1/accounts', { name: 'HERON' });
    expectProblem(reply, 409);
    expect(reply.body.context.resources).toEqual([{ type: 'account', id: account.id, rel: 'cause' }]);
    await api.post('/v1/accounts', { name: 'other' });
    expectProblem(await api.patch(path, [{ op: 'replace', path: '/name', value: 'OTHER' }]), 409);
    expectProblem(await api.put(path, { ...account, name: 'Other' }), 409);
    expect((await api.put(path, { ...account, name: 'Heron' })).status).toBe(200);
  });

  test('are made from the display name, or else are the id', async () => {
    const fullname = 'Ünïcode & Söns (Test)';
    const one = await api.post('/v1/accounts', { fullname });
    expect(one.body.result.account).toMatchObject({ name: 'unicode-sons-test', fullname });
    const { body } = await api.post('/v1/accounts', {});
    expect(body.result.account.name).toBe(body.result.account.id);
    expect(body.result.account).toMatchObject({ environment: 'prod', fullname: body.result.account.id });
  });

  test('a renamed object is found by its new name only', async () => {
    await api.patch(path, [{ op: 'replace', path: '/name', value: 'egret' }]);
    expect((await api.get('/v1/accounts/egret')).status).toBe(200);
    expectProblem(await api.get(path), 404);
    await api.delete('/v1/accounts/egret');
  });
});

describe('PUT', () => {
  test('puts the whole object in place, and moves updated_at', async () => {
    const { status, body } = await api.put(path, { ...account, fullname: 'Grey heron' });
    expect(status).toBe(200);
    expect(body.result).toEqual({
      ...account,
      fullname: 'Grey heron',
      updated_at: body.result.updated_at,
    });
    expect(body.result.updated_at > String(account.updated_at)).toBe(true);
  });

  test('takes optional fields away that are left out', async () => {
    const { labels: _labels, ...rest } = account;
    expect((await api.put(path, rest)).body.result).not.toHaveProperty('labels');
  });

  test('demands the whole object', async () => {
    const reply = await api.put(path, { fullname: 'Heron' });
    expectProblem(reply, 400);
    expect(reply.body.detail).toMatch(/\/id is required.*\/environment is required/);
  });

  test('refuses a change of what the server manages, but not of times', async () => {
    const reply = await api.put(path, { ...account, organization_id: 'mine' });
    expectProblem(reply, 400);
    expect(reply.body.context.parameter).toEqual({
      id: '/organization_id',
      location: 'body',
      value: 'mine',
    });
    expectProblem(await api.put(path, { ...account, id: 'other' }), 400);
    const stale = { ...account, updated_at: '2001-01-01T00:00:00Z', created_at: '2001-01-01T00:00:00Z' };
    const { body } = await api.put(path, stale);
    expect(body.result.created_at).toBe(account.created_at);
  });

  test('a value outside its enumeration is refused, and the choices are told', async () => {
    const reply = await api.put(path, { ...account, environment: 'staging' });
    expectProblem(reply, 400);
    expect(reply.body.detail).toContain('test, prod');
    expect(reply.body.context.parameter).toEqual({ id: '/environment', location: 'body', value: 'staging' });
  });
});

describe('PATCH', () => {
  test('runs the steps of RFC 6902 in order', async () => {
    const { status, body } = await api.patch(path, [
      { op: 'test', path: '/labels/1', value: 'b' },
      { op: 'add', path: '/labels/-', value: 'c' },
      { op: 'remove', path: '/labels/0' },
      { op: 'copy', from: '/labels/0', path: '/fullname' },
      { op: 'move', from: '/labels/1', path: '/labels/0' },
      { op: 'replace', path: '/environment', value: 'prod' },
    ]);
    expect(status).toBe(200);
    expect(body.result).toMatchObject({ labels: ['c', 'b'], fullname: 'b', environment: 'prod' });
    expect(body.result.updated_at > String(account.updated_at)).toBe(true);
  });

  test('a failed test is 409, and nothing is changed', async () => {
    const reply = await api.patch(path, [
      { op: 'replace', path: '/fullname', value: 'Gone' },
      { op: 'test', path: '/updated_at', value: '2001-01-01T00:00:00Z' },
    ]);
    expectProblem(reply, 409);
    expect(reply.body.context.parameter.id).toBe('/1/path');
    expect((await api.get(path)).body.result).toEqual(account);
  });

  test.each([
    [{ op: 'remove', path: '/nothing' }, '/0/path'],
    [{ op: 'replace', path: '/labels/7', value: 'x' }, '/0/path'],
    [{ op: 'add', path: '/a/b/c', value: 'x' }, '/0/path'],
    [{ op: 'add', path: 'fullname', value: 'x' }, '/0/path'],
    [{ op: 'add', path: '', value: {} }, '/0/path'],
    [{ op: 'add', path: '/fullname' }, '/0/value'],
    [{ op: 'move', path: '/fullname' }, '/0/from'],
    [{ op: 'merge', path: '/fullname', value: 'x' }, '/0/op'],
    [{ op: 'replace', path: '/id', value: 'x' }, '/id'],
    [{ op: 'replace', path: '/created_at', value: '2001-01-01T00:00:00Z' }, '/created_at'],
    [{ op: 'remove', path: '/organization_id' }, '/organization_id'],
    [{ op: 'replace', path: '/fullname', value: 7 }, '/fullname'],
    [{ op: 'remove', path: '/environment' }, '/environment'],
    [{ op: 'add', path: '/labels/-', value: 'not a label' }, '/labels/2'],
  ])('%j is 400 at %s, and nothing is changed', async (step, pointer) => {
    const reply = await api.patch(path, [step]);
    expectProblem(reply, 400);
    expect(reply.body.context.parameter.id).toBe(pointer);
    expect((await api.get(path)).body.result).toEqual(account);
  });

  test('an empty patch, or one that is no list, is 400', async () => {
    expectProblem(await api.patch(path, []), 400);
    // No list, which the type forbids.
    expectProblem(await api.patch(path, { fullname: 'x' } as never), 400);
  });
});

describe('DELETE', () => {
  test('takes along what belongs to the account, and is final', async () => {
    const made = await api.post('/v1/integrations/heron', { name: 'siem', provider_config: splunkConfig() });
    const { integration } = made.body.result;
    const token = (await api.get(`/v1/tokens/${integration.refresh_token_id}/info`)).body.result;
    const own = await api.post('/v1/credentials/heron', { config: { type: 'secret', secret: 's' } });
    const bridge = await api.post('/v1/bridges/heron', { name: 'dc' });
    const { state } = api.sandbox;

    const reply = await api.delete(path);
    expect(reply).toMatchObject({ status: 204, body: undefined });
    expectProblem(await api.get(path), 404);
    expectProblem(await api.delete(path), 404);
    expect(state.collections.integration.find(integration.id)).toBeUndefined();
    expect(state.collections.credential.find(own.body.result.id)).toBeUndefined();
    expect(state.collections.credential.all(integration.id)).toEqual([]);
    expect(state.credentialSecrets.has(own.body.result.id)).toBe(false);
    expect(state.collections.bridge.find(bridge.body.result.bridge.id)).toBeUndefined();
    expectProblem(await api.get(`/v1/tokens/${token.id}/info`), 404);
    expectProblem(await api.as(token.primary.access.secret).get('/v1/accounts'), 401);
    expect((await api.get('/v1/status', { limit: '1000' })).body.result).not.toContainEqual(
      expect.objectContaining({ integration_id: integration.id }),
    );
  });
});
