import { afterAll, beforeAll, expect, test } from 'vitest';
import { Walk } from './document-walk.ts';
import { type FakeSynqly, startFakeSynqly } from './fake-synqly.ts';
import { canary, type Program, startProgram } from './support.ts';

/* Synqly documents no one form of the schema that it answers for a provider's configuration. */
let schemaOfProvider: unknown;
let synqly: FakeSynqly;
let program: Program;
beforeAll(async () => {
  synqly = await startFakeSynqly(() => {
    const result = { id: 'siem_x', name: 'siem_x', provider_config: schemaOfProvider };
    return { json: { result } };
  });
  program = await startProgram(['--base-url', synqly.url], {
    SYNQLY_TOKEN: canary,
    SYNQLY_PERMISSIONS: 'ignore',
  });
});
afterAll(async () => {
  await program.close();
  synqly.close();
});

/** The answer about a provider whose configuration has this schema. */
async function describeProvider(schema: unknown, args = {}) {
  schemaOfProvider = schema;
  const all = { provider_id: 'siem_x', expand: ['provider_config'], ...args };
  return (await program.call('capabilities_get_provider', all)).json;
}

test('references, allOf and null in a schema are resolved to plain field descriptions', async () => {
  const schema = {
    allOf: [{ $ref: '#/$defs/base' }, { properties: { mode: { enum: ['a', 'b', null], default: 'a' } } }],
    required: ['url'],
    $defs: {
      base: {
        properties: { url: { $ref: '#/$defs/url' }, keys: { type: 'array', items: { $ref: '#/$defs/key' } } },
      },
      url: { type: 'string', title: 'Where it is' },
      key: {
        type: 'object',
        properties: { id: { type: ['integer', 'null'] }, secret: { type: 'string', format: 'password' } },
      },
    },
  };
  expect((await describeProvider(schema)).result.provider_config).toEqual({
    type: 'siem_x',
    url: 'string, required: Where it is',
    keys: { each_item: { fields: { id: 'integer', secret: 'string, secret' } } },
    mode: 'one of a b, default "a"',
  });
  const field = async (value: unknown) =>
    (await describeProvider({ properties: { field: value } })).result.provider_config.field;
  expect(await field({ anyOf: [{ type: 'string', description: 'One.' }, { type: 'null' }] })).toBe(
    'string: One.',
  );
  expect(await field({ oneOf: [{ type: 'string' }, { type: 'integer' }] })).toBe('string or integer');
  expect(await field(true)).toBe('any');
});

test('a schema that refers to itself has an answer of finite length', async () => {
  const schema = { properties: { again: { $ref: '#' }, same: { $ref: '#/properties/same' } } };
  expect(JSON.stringify(await describeProvider(schema)).length).toBeLessThan(10_000);
});

const long = {
  properties: Object.fromEntries(
    Array.from({ length: 400 }, (_, index) => [
      `field_${index}`,
      { type: 'string', description: 'Long. '.repeat(9) },
    ]),
  ),
};

test.each([
  ['is too long to be summarized', long],
  ['is no JSON Schema', { fields: Object.keys(long.properties) }],
])('a configuration schema that %s can be read whole, part by part', async (_, schema) => {
  const { result } = await describeProvider(schema);
  const walk = new Walk(async ({ schema: part }) => {
    const { value } = await describeProvider(schema, { part });
    return { definition: value };
  });
  expect(await walk.restore(result.provider_config)).toEqual(schema);
  expect(walk.longest.tokens).toBeLessThan(10_000);
});
