import { expect, test } from 'vitest';
import { formatDocument } from '../../src/pipeline/result/large-documents.ts';
import { capabilitiesGetProvider } from '../../src/tools/operations/capabilities.ts';
import { Walk } from '../e2e/document-walk.ts';

/** What is told of a provider whose configuration has this schema: Synqly documents no one form of it. */
function told(provider_config: unknown, args = {}) {
  const body = { result: { id: 'siem_x', name: 'siem_x', provider_config } };
  const shown = formatDocument(
    capabilitiesGetProvider,
    { expand: ['provider_config'], ...args },
    body,
    10_000,
  );
  // biome-ignore lint/suspicious/noExplicitAny: an answer
  return shown as any;
}

test('references, parts laid together and null are read as what they mean', () => {
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
  expect(told(schema).result.provider_config).toEqual({
    type: 'siem_x',
    url: 'string, required: Where it is',
    keys: { each_item: { fields: { id: 'integer', secret: 'string, secret' } } },
    mode: 'one of a b, default "a"',
  });
  const field = (value: unknown) => told({ properties: { field: value } }).result.provider_config.field;
  expect(field({ anyOf: [{ type: 'string', description: 'One.' }, { type: 'null' }] })).toBe('string: One.');
  expect(field({ oneOf: [{ type: 'string' }, { type: 'integer' }] })).toBe('string or integer');
  expect(field(true)).toBe('any');
});

test('a schema that holds itself comes to an end', () => {
  const schema = { properties: { again: { $ref: '#' }, same: { $ref: '#/properties/same' } } };
  expect(JSON.stringify(told(schema)).length).toBeLessThan(10_000);
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
  ['too long to be told in brief', long],
  ['of another kind', { fields: Object.keys(long.properties) }],
])('a configuration %s is given whole by its parts', async (_, schema) => {
  const { result } = told(schema);
  const walk = new Walk(async ({ schema: part }) => {
    const { value } = told(schema, { part });
    return { definition: value };
  });
  expect(await walk.restore(result.provider_config)).toEqual(schema);
  expect(walk.longest.tokens).toBeLessThan(10_000);
});
