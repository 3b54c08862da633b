import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, openApi } from './api.ts';
import { walk } from './walk.ts';

interface Content {
  readonly 'application/json': { readonly schema: object };
}
interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

// Read here rather than through the sandbox, whose own reading is under test.
const factSheet: { paths: Record<string, Record<string, Operation>>; components: object } = JSON.parse(
  readFileSync(new URL('../../src/sandbox/facts/management.openapi.json', import.meta.url), 'utf8'),
);
const operations = Object.values(factSheet.paths).flatMap((methods) => Object.values(methods));
const problem = { $ref: '#/components/schemas/Problem' };

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);

function compile(schema: object) {
  return ajv.compile({ ...schema, components: factSheet.components });
}

function answerSchema({ responses }: Operation): object | undefined {
  return responses['2XX']?.content?.['application/json'].schema;
}

let api: Api;

beforeAll(async () => {
  api = await openApi({ size: 'medium' });
  await walk(api);
}, 60_000);
afterAll(() => api.close());

const succeeded = () => api.exchanges.filter(({ status }) => status < 300);

test('the walk calls all 96 operations with success, and nothing fails on the way', () => {
  const called = succeeded().map(({ operationId }) => operationId);
  expect([...new Set(called)].sort()).toEqual(operations.map(({ operationId }) => operationId).sort());
  const failed = api.exchanges.filter(({ status }) => status >= 300);
  expect(
    failed.map(({ method, path, status, responseBody }) => ({ method, path, status, responseBody })),
  ).toEqual([]);
});

test.each(operations)('$operationId answers as the fact sheet says', (operation) => {
  const answers = succeeded().filter(({ operationId }) => operationId === operation.operationId);
  expect(answers.length).toBeGreaterThan(0);
  const schema = answerSchema(operation);
  const validate = schema && compile(schema);
  for (const { path, responseBody } of answers)
    if (validate) expect(validate(responseBody), `${path}: ${ajv.errorsText(validate.errors)}`).toBe(true);
    else expect(responseBody).toBeUndefined();
});

test.each([
  [
    'a text that is a number',
    'accounts_list',
    (body: Body) => ({ ...body, result: [{ ...body.result[0], name: 7 }] }),
  ],
  [
    'a field that is missing',
    'status_list',
    (body: Body) => ({ ...body, result: [without(body.result[0], 'requests')] }),
  ],
  [
    'a number that is a text',
    'status_list',
    (body: Body) => ({ ...body, result: [{ ...body.result[0], failed: '3' }] }),
  ],
  [
    'a time that is none',
    'members_list',
    (body: Body) => ({ ...body, result: [{ ...body.result[0], expires: 'soon' }] }),
  ],
  ['a list that is an object', 'bridges_list', (body: Body) => ({ ...body, result: {} })],
  [
    'a value outside an enumeration',
    'roles_list',
    (body: Body) => ({ ...body, result: [{ ...body.result[0], permission_set: 'king' }] }),
  ],
])('%s in an answer would be seen', (_case, id, spoil) => {
  const operation = operations.find(({ operationId }) => operationId === id);
  const body = api.exchanges.find(({ operationId }) => operationId === id)?.responseBody as Body;
  const validate = compile((operation && answerSchema(operation)) ?? {});
  expect(validate(body)).toBe(true);
  expect(validate(spoil(structuredClone(body)))).toBe(false);
});

// The audit trail is left out: the fact sheet says that it may repeat what was sent.
test('no stored secret comes back in an answer', () => {
  const answers = api.exchanges.filter(({ operationId }) => operationId !== 'audit_list');
  const text = JSON.stringify(answers.map(({ responseBody }) => responseBody));
  for (const secret of ['walked-secret', 'good-secret', 'bad-secret', 'stored-on-the-way', 'hook-secret'])
    expect(text).not.toContain(secret);
});

test('refusals are Problems', async () => {
  const refused = [
    await api.get('/v1/accounts/nothing'),
    await api.get('/v1/accounts', { filter: 'nonsense' }),
    await api.post('/v1/integration-points', { connector: 'siem', environments: {} }),
    await api.as('no-token').get('/v1/accounts'),
  ];
  const validate = compile(problem);
  expect(refused.map(({ status }) => status)).toEqual([404, 400, 400, 401]);
  for (const { body } of refused) expect(validate(body), ajv.errorsText(validate.errors)).toBe(true);
});

interface Body {
  readonly result: readonly Record<string, unknown>[];
}

function without(object: Record<string, unknown> | undefined, name: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object ?? {}).filter(([key]) => key !== name));
}
