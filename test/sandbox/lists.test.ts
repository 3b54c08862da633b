import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, openApi } from './api.ts';
import { expectProblem, expectValidAnswers } from './checks.ts';

let api: Api;

beforeAll(async () => {
  api = await openApi({ size: 1 });
  const accounts = [
    { name: 'ash', environment: 'test', labels: ['gold', 'eu'] },
    { name: 'Birch', environment: 'test', labels: ['silver'] },
    { name: 'cedar', environment: 'prod', labels: ['gold'] },
    { name: 'dogwood', environment: 'prod', fullname: 'a%b' },
    { name: 'elm', environment: 'test' },
  ];
  for (const account of accounts) await api.post('/v1/accounts', account);
  await api.delete(`/v1/accounts/${api.sandbox.state.collections.account.all()[0]?.id}`);
});
afterAll(() => api.close());
afterAll(() => expectValidAnswers(api.exchanges));

const list = (query: Record<string, string | string[]> = {}) => api.get('/v1/accounts', query);
async function names(query: Record<string, string | string[]> = {}): Promise<string[]> {
  const { status, body } = await list(query);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.result.map(({ name }: { name: string }) => name);
}

describe('filters', () => {
  test.each([
    ['name[eq]ASH', ['ash']],
    ['name[eq]birch', ['Birch']],
    ['name[in]ash,ELM,nobody', ['ash', 'elm']],
    ['name[like]%d%', ['cedar', 'dogwood']],
    ['name[like]*M', ['elm']],
    ['name[like]as', []],
    ['environment[eq]test', ['Birch', 'ash', 'elm']],
    ['environment[in]test,prod', ['Birch', 'ash', 'cedar', 'dogwood', 'elm']],
    ['environment[eq]TEST', []],
    ['labels[eq]gold', ['ash', 'cedar']],
    ['labels[in]silver,eu', ['Birch', 'ash']],
    ['fullname[eq]a%b', ['dogwood']],
    ['name[gt]cedar', ['dogwood', 'elm']],
    ['name[lte]ash', ['Birch', 'ash']],
    ['created_at[gte]2000-01-01T00:00:00Z', ['Birch', 'ash', 'cedar', 'dogwood', 'elm']],
    ['created_at[lt]2000-01-01T00:00:00Z', []],
  ])('%s finds %j', async (filter, expected) => {
    expect(await names({ filter })).toEqual(expected);
  });

  test('several filters must all hold', async () => {
    expect(await names({ filter: ['environment[eq]test', 'labels[eq]gold'] })).toEqual(['ash']);
  });

  test.each([
    ['color[eq]red', /Unknown filter field "color"/, /name, .*|, name/],
    ['name[is]ash', /Unknown filter operator "is"/, /eq, in, like, gt, gte, lt, lte/],
    ['name[constructor]ash', /Unknown filter operator/, /eq/],
    ['name', /form field\[operator\]value/, /name\[eq\]acme/],
    ['name=ash', /form field\[operator\]value/, /name\[eq\]acme/],
    ['[eq]ash', /form field\[operator\]value/, /name\[eq\]acme/],
  ])('%s is refused, and the way out is told', async (filter, message, remediation) => {
    const reply = await list({ filter });
    expectProblem(reply, 400);
    expect(reply.body.message).toMatch(message);
    expect(reply.body.remediation).toMatch(remediation);
    expect(reply.body.context.parameter).toEqual({ id: 'filter', location: 'query', value: filter });
  });

  test('a value that its field cannot have is refused', async () => {
    expectProblem(await list({ filter: 'created_at[gt]yesterday' }), 400);
    expectProblem(await api.get('/v1/status', { filter: 'requests[gt]many' }), 400);
    expect((await api.get('/v1/status', { filter: 'requests[gte]0' })).status).toBe(200);
  });
});

describe('order', () => {
  test.each([
    ['name', ['Birch', 'ash', 'cedar', 'dogwood', 'elm']],
    ['name[desc]', ['elm', 'dogwood', 'cedar', 'ash', 'Birch']],
    [
      ['environment', 'name[desc]'],
      ['dogwood', 'cedar', 'elm', 'ash', 'Birch'],
    ],
    [
      ['environment[desc]', 'name'],
      ['Birch', 'ash', 'elm', 'cedar', 'dogwood'],
    ],
  ])('by %j', async (order, expected) => {
    expect(await names({ order })).toEqual(expected);
  });

  test('an unknown field or direction is refused', async () => {
    for (const order of ['color', 'name[up]', 'name desc', '']) {
      const reply = await list({ order });
      expectProblem(reply, 400);
      expect(reply.body.context.parameter.id).toBe('order');
    }
  });
});

describe('pages', () => {
  test('the name of the last item leads to the next page, up to a short one', async () => {
    expect(await names({ limit: '2' })).toEqual(['Birch', 'ash']);
    expect(await names({ limit: '2', start_after: 'ash' })).toEqual(['cedar', 'dogwood']);
    expect(await names({ limit: '2', start_after: 'dogwood' })).toEqual(['elm']);
    expect(await names({ limit: '2', start_after: 'elm' })).toEqual([]);
  });

  test('start_after need not name an item that is still there', async () => {
    expect(await names({ start_after: 'cherry' })).toEqual(['dogwood', 'elm']);
  });

  test('the reverse order pages in reverse', async () => {
    expect(await names({ order: 'name[desc]', start_after: 'cedar' })).toEqual(['ash', 'Birch']);
  });

  test('in another order, a page goes on after the named item', async () => {
    const order = ['environment', 'name'];
    expect(await names({ order, limit: '3' })).toEqual(['cedar', 'dogwood', 'Birch']);
    expect(await names({ order, limit: '3', start_after: 'Birch' })).toEqual(['ash', 'elm']);
    expectProblem(await list({ order, start_after: 'nobody' }), 400);
  });

  test('total counts what the filters match, when it is asked for', async () => {
    const { body } = await list({ total: 'true', limit: '1', filter: 'environment[eq]test' });
    expect(body).toMatchObject({ total: 3, result: [{ name: 'Birch' }] });
    expect((await list({ total: 'false' })).body).not.toHaveProperty('total');
    expect((await api.get('/v1/members', { total: 'true' })).body).not.toHaveProperty('total');
  });
});

test('100 items make a page unless more are asked for', async () => {
  for (let number = 0; number < 101; number++) await api.post('/v1/roles', { permission_set: 'viewer' });
  expect((await api.get('/v1/roles')).body.result).toHaveLength(100);
  const { body } = await api.get('/v1/roles', { limit: '1000' });
  expect(body.result.length).toBe(api.sandbox.state.collections.role.all().length);
});
