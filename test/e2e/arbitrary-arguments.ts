import fc from 'fast-check';

/** The part of JSON Schema that arguments are described by. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly minimum?: number;
}

const word = fc.stringMatching(/^[a-z][a-z0-9_-]{0,11}$/);
/** Texts that look like something else, which a field for text must leave alone. */
const odd = fc.constantFrom(
  'true',
  '12',
  'null',
  'None',
  '{"a":1}',
  '[1]',
  'a,b',
  ' a ',
  '"a"',
  'Zoë 日本',
  '1e3',
);
const label = fc
  .stringMatching(/^[A-Za-z][A-Za-z0-9_:.-]{0,8}$/)
  .filter((text) => !/^(null|None|undefined)$/.test(text));
const column = fc.constantFrom('id', 'name', 'created_at', 'account.name');
const special: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  limit: fc.integer({ min: 1, max: 50 }),
  filter: fc.array(
    fc
      .tuple(
        column,
        fc.constantFrom('eq', 'in', 'like', 'gte'),
        fc.constantFrom('a', 'a,b', '%x%', '2026', 'true'),
      )
      .map(([field, operator, value]) => `${field}[${operator}]${value}`),
    { minLength: 1, maxLength: 3 },
  ),
  order: fc.uniqueArray(
    fc.tuple(column, fc.constantFrom('', '[asc]', '[desc]')).map(([field, way]) => field + way),
    { minLength: 1, maxLength: 3 },
  ),
  fields: fc.uniqueArray(column, { minLength: 1, maxLength: 3 }),
  updated_at: fc.constant('2026-01-01T00:00:00Z'),
};

/** Values that fit a schema. Names in paths are words; a reference to a secret is never among them. */
export function arbitraryOf(
  schema: Schema,
  name = '',
  inPath: readonly string[] = [],
): fc.Arbitrary<unknown> {
  if (special[name]) return special[name];
  const options = schema.oneOf ?? schema.anyOf;
  if (options) return fc.oneof(...options.map((option) => arbitraryOf(option, name, inPath)));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const types = [schema.type ?? []].flat();
  if (types.length === 0)
    return fc.jsonValue({ maxDepth: 2, noUnicodeString: true } as fc.JsonSharedConstraints);
  return fc.oneof(...types.map((type) => ofType(type, schema, name, inPath)));
}

function ofType(
  type: string,
  schema: Schema,
  name: string,
  inPath: readonly string[],
): fc.Arbitrary<unknown> {
  if (type === 'null') return fc.constant(null);
  if (type === 'boolean') return fc.boolean();
  if (type === 'integer' || type === 'number') {
    const least = Math.max(schema.minimum ?? 1, 1);
    return fc.integer({ min: least, max: least + 60 });
  }
  if (type === 'array') {
    const minLength = schema.minItems ?? 0;
    return fc.array(arbitraryOf(schema.items ?? {}, `one of ${name}`), { minLength, maxLength: 3 });
  }
  if (type === 'object') return objectOf(schema, inPath);
  if (schema.pattern !== undefined || name.includes('labels')) return label;
  if (name === 'path' || name === 'from') return word.map((text) => `/${text}`);
  const { minLength = 1 } = schema;
  if (inPath.includes(name)) return word;
  return fc.oneof(word, odd).map((text) => text.padEnd(minLength, 'x'));
}

/** Objects with what is required and some of the rest; open ones hold whatever JSON holds. */
export function objectOf(
  schema: Schema,
  inPath: readonly string[] = [],
): fc.Arbitrary<Record<string, unknown>> {
  const { properties = {}, required = [] } = schema;
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [name, arbitraryOf(property, name, inPath)]),
  );
  const known = fc.record(fields, { requiredKeys: [...required] }) as fc.Arbitrary<Record<string, unknown>>;
  if (schema.additionalProperties === false) return known;
  const open = fc.dictionary(
    word,
    fc.oneof(fc.constantFrom('', null, 'True', '5', '[1]', 5), fc.jsonValue({ maxDepth: 1 })),
  );
  return fc.tuple(open, known).map(([more, given]) => ({ ...more, ...given }));
}
