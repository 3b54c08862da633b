import { resolved, type Schema } from './fact-sheet.ts';

/** One way in which a field of a tool is not what the fact sheet says. */
export interface Deviation {
  /** Operation and dotted path of the field, `[]` for list items, `<kind>` for a variant of a union. */
  readonly where: string;
  readonly what: string;
}

/** What a schema says, whatever the way it is written. Formats, defaults and texts are not compared. */
interface Meaning {
  readonly kind: string;
  readonly nullable: boolean;
  readonly values: readonly string[] | undefined;
  readonly limits: Readonly<Record<string, string | number | undefined>>;
  readonly properties: Readonly<Record<string, Schema>>;
  readonly required: readonly string[];
  readonly open: boolean;
  readonly items: Schema | undefined;
  /** Variants of a union, by the value of `type`. */
  readonly variants: Readonly<Record<string, Schema>> | undefined;
}

/** Compares a field of a tool with the fact sheet, to full depth. */
export function compare(where: string, expectedSchema: Schema, actualSchema: Schema): Deviation[] {
  const expected = meaningOf(expectedSchema);
  const actual = meaningOf(actualSchema);
  return [
    ...compareValue(where, 'type', expected.kind, actual.kind),
    ...compareValue(where, 'null', expected.nullable, actual.nullable),
    ...compareValue(where, 'enum', listing(expected.values), listing(actual.values)),
    ...Object.keys(expected.limits).flatMap((limit) =>
      compareValue(where, limit, expected.limits[limit], actual.limits[limit]),
    ),
    ...compareValue(where, 'open', expected.open, actual.open),
    ...compareFields(where, expected, actual),
    ...compareItems(`${where}[]`, expected.items, actual.items),
    ...compareVariants(where, expected.variants, actual.variants),
  ];
}

function compareValue(where: string, aspect: string, expected: unknown, actual: unknown): Deviation[] {
  if (expected === actual) return [];
  return [{ where, what: `${aspect}: ${actual ?? 'none'} instead of ${expected ?? 'none'}` }];
}

/** Long lists by their length: a grown one shows all the same. */
function listing(values: readonly string[] | undefined): string | undefined {
  return values && values.length > 30 ? `${values.length} values` : values?.join(' ');
}

/** Compares the fields of two objects. */
export function compareFields(
  where: string,
  expected: Pick<Meaning, 'properties' | 'required'>,
  actual: Pick<Meaning, 'properties' | 'required'>,
): Deviation[] {
  const names = new Set([...Object.keys(expected.properties), ...Object.keys(actual.properties)]);
  return [...names].flatMap((name) => {
    const place = `${where}.${name}`;
    const [theirs, ours] = [expected.properties[name], actual.properties[name]];
    if (!ours) return [{ where: place, what: 'missing' }];
    if (!theirs) return [{ where: place, what: 'surplus' }];
    const required = compareValue(
      place,
      'required',
      expected.required.includes(name),
      actual.required.includes(name),
    );
    return [...required, ...compare(place, theirs, ours)];
  });
}

function compareItems(where: string, expected: Schema | undefined, actual: Schema | undefined): Deviation[] {
  if (!expected && !actual) return [];
  if (!expected) return [{ where, what: 'surplus' }];
  if (!actual) return [{ where, what: 'missing' }];
  return compare(where, expected, actual);
}

function compareVariants(
  where: string,
  expected: Meaning['variants'] = {},
  actual: Meaning['variants'] = {},
): Deviation[] {
  const kinds = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  return [...kinds].flatMap((kind) => compareItems(`${where}<${kind}>`, expected[kind], actual[kind]));
}

function meaningOf(written: Schema): Meaning {
  const schema = resolved(written);
  const inner = schema.anyOf?.filter((option) => option.type !== 'null');
  if (schema.anyOf && inner?.length === 1 && inner[0]) {
    return { ...meaningOf(inner[0]), nullable: inner.length < schema.anyOf.length };
  }
  const options = schema.oneOf ?? schema.anyOf;
  const variants = options && variantsOf(options);
  const [only] = Object.values(variants ?? {});
  // The fact sheet writes a union even where there is but one variant.
  if (options?.length === 1 && only) return meaningOf(only);
  const types = [schema.type ?? []].flat();
  const values = schema.const === undefined ? schema.enum : [schema.const];
  return {
    kind: variants ? 'union' : (types.find((type) => type !== 'null') ?? 'any'),
    nullable: types.includes('null'),
    values: values?.map(String).sort(),
    limits: {
      minimum: unlessUnsafe(schema.minimum),
      maximum: unlessUnsafe(schema.maximum),
      minLength: schema.minLength,
      maxLength: schema.maxLength,
      minItems: schema.minItems,
      pattern: schema.pattern,
    },
    properties: schema.properties ?? {},
    required: schema.required ?? [],
    open: types.includes('object') && isOpen(schema),
    items: schema.items,
    variants,
  };
}

/** An object is open when it says so. The fact sheet leaves `additionalProperties` out of all others. */
function isOpen({ additionalProperties }: Schema): boolean {
  return additionalProperties === true || typeof additionalProperties === 'object';
}

function unlessUnsafe(limit: number | undefined): number | undefined {
  return limit !== undefined && Math.abs(limit) === Number.MAX_SAFE_INTEGER ? undefined : limit;
}

function variantsOf(options: readonly Schema[]): Record<string, Schema> {
  return Object.fromEntries(
    options.map((option) => {
      const variant = resolved(option);
      return [
        String(variant.properties?.type?.const ?? variant.properties?.type?.enum?.[0]),
        variant,
      ] as const;
    }),
  );
}
