import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, openApi } from './api.ts';

let api: Api;

beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

const apply = (mappings: string[], data: unknown) => api.post('/v1/mappings/apply', { mappings, data });
const create = (name: string, template: unknown) =>
  api.post('/v1/mappings', {
    name,
    data: typeof template === 'string' ? template : JSON.stringify(template),
  });

test('a mapping is created, listed without its transform, read with it, changed and deleted', async () => {
  const made = await create('hosts', { host: '$.hostname' });
  const { mapping } = made.body.result;
  expect(mapping).toMatchObject({
    name: 'hosts',
    data: '{"host":"$.hostname"}',
    organization_id: api.sandbox.state.organization.id,
  });
  const { data: _data, ...base } = mapping;
  const listed = await api.get('/v1/mappings', { filter: 'name[eq]hosts', total: 'true' });
  expect(listed.body).toEqual({ result: [base], total: 1 });
  expect((await api.get('/v1/mappings/hosts')).body.result).toEqual(mapping);
  const put = await api.put('/v1/mappings/hosts', { ...mapping, data: '{}' });
  expect(put.body.result.data).toBe('{}');
  const patched = await api.patch('/v1/mappings/hosts', [{ op: 'replace', path: '/data', value: '{"a":1}' }]);
  expect(patched.body.result.data).toBe('{"a":1}');
  expect((await api.delete('/v1/mappings/hosts')).status).toBe(204);
  expect((await api.get('/v1/mappings/hosts')).status).toBe(404);
});

test('a template fills destinations from sources', async () => {
  await create('login', {
    'user.name': '$.actor.login',
    'user.origin': 'sandbox',
    first: '$.items.0.id',
    missing: '$.actor.nothing',
    device: { id: '$.device_id', known: true },
    all: ['$.actor.login', 7],
  });
  const data = { actor: { login: 'ines' }, items: [{ id: 3 }], device_id: 'd-1' };
  const { status, body } = await apply(['login'], data);
  expect(status).toBe(200);
  expect(body.result.mapping).toEqual({
    user: { name: 'ines', origin: 'sandbox' },
    first: 3,
    device: { id: 'd-1', known: true },
    all: ['ines', 7],
  });
});

test('mappings run in order, each on what the one before made; versions and built-ins are known', async () => {
  await create('wrap', { inner: '$' });
  await create('unwrap', { value: '$.inner.value' });
  const { body } = await apply(['builtin:identity', 'wrap:2', 'unwrap'], { value: 1 });
  expect(body.result.mapping).toEqual({ value: 1 });
});

test('an unknown mapping, and a transform that is no template, are refused', async () => {
  await create('script', 'root = this');
  for (const name of ['nothing', 'builtin:nothing', 'script']) {
    const { status, body } = await apply(['builtin:identity', name], {});
    expect(status).toBe(400);
    expect(body.context.parameter).toMatchObject({ id: '/mappings/1', value: name });
  }
});

test('a destination called __proto__ is a key like any other', async () => {
  await create('proto', '{"__proto__.polluted": "yes"}');
  expect((await apply(['proto'], {})).status).toBe(200);
  expect({}).not.toHaveProperty('polluted');
});
