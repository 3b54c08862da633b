import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, openApi } from './api.ts';

let api: Api;

beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

test('the management document is the fact sheet, without an envelope', async () => {
  const file = new URL('../../src/sandbox/facts/management.openapi.json', import.meta.url);
  const { status, body } = await api.get('/v1/meta/openapi/management');
  expect(status).toBe(200);
  expect(body).toEqual(JSON.parse(readFileSync(file, 'utf8')));
});

test('the engine document is served likewise', async () => {
  const { body } = await api.get('/v1/meta/openapi/engine');
  expect(body).toMatchObject({ openapi: '3.1.0', info: { title: expect.stringContaining('stand-in') } });
});
