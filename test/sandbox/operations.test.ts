import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, openApi } from './api.ts';

let api: Api;

beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

const history = '/v1/jobs/history';
type Run = Record<string, string>;

test('jobs are listed by id, page by page', async () => {
  const { body } = await api.get('/v1/jobs');
  const ids = body.result.map((job: Run) => job.id);
  expect(ids.length).toBeGreaterThan(1);
  expect(ids).toEqual([...ids].sort());
  const page = await api.get('/v1/jobs', { start_after: ids[0], limit: '1' });
  expect(page.body.result).toEqual([body.result[1]]);
  const filtered = await api.get('/v1/jobs', { filter: `status[eq]${body.result[0].status}` });
  expect(filtered.body.result.length).toBeGreaterThan(0);
});

test('runs come newest first, and go on after a start time', async () => {
  const { body } = await api.get(history, { limit: '500' });
  const times = body.result.map((run: Run) => run.started_at);
  expect(times.length).toBeGreaterThan(3);
  expect(times).toEqual([...times].sort().reverse());
  const next = await api.get(history, { start_after: times[1], limit: '1' });
  expect(next.body.result[0].started_at < times[1]).toBe(true);
  const oldest = await api.get(history, { order: 'started_at[asc]', limit: '1' });
  expect(oldest.body.result[0].started_at).toBe(times.at(-1));
});

test('in filters, id is the operation and operation_id its name', async () => {
  const { body } = await api.get(history, { limit: '1' });
  const [run] = body.result;
  const byId = await api.get(history, { filter: `id[eq]${run.operation_id}` });
  expect(byId.body.result.every((one: Run) => one.operation_id === run.operation_id)).toBe(true);
  const byName = await api.get(history, {
    filter: [`operation_id[eq]${run.operation}`, `account_id[eq]${run.account_id}`],
  });
  expect(byName.body.result).toContainEqual(run);
  const one = await api.get(history, { filter: `execution_id[eq]${run.execution_id}` });
  expect(one.body.result).toEqual([run]);
  const since = await api.get(history, { filter: `started_at[gte]${run.started_at}` });
  expect(since.body.result.every((later: Run) => (later.started_at ?? '') >= run.started_at)).toBe(true);
});

test.each([
  { limit: '501' },
  { limit: '0' },
  { filter: 'status[eq]COMPLETE' },
  { filter: 'started_at[eq]2026-11-01T00:00:00Z' },
  { filter: 'id[like]a%' },
])('%j is refused', async (query) => {
  expect((await api.get(history, query as Record<string, string>)).status).toBe(400);
});
