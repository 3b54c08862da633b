import type { Schema } from './arbitrary-arguments.ts';

/** A way in which clients write a value, where it is one that can be told from all others. */
export type Encoding = (value: unknown, schema: Schema, name: string) => unknown;

const asIs: Encoding = (value) => value;
const isText = (value: unknown): value is string => typeof value === 'string';
/** A text, and nothing in the place of one, which as a text would be a text. */
const isLeft = (value: unknown, schema: Schema) =>
  isText(value) || (value === null && takes(schema, 'string'));
const json: Encoding = (value, schema) => (isLeft(value, schema) ? value : JSON.stringify(value));
const twice: Encoding = (value, schema) =>
  typeof value === 'object' && value !== null
    ? JSON.stringify(JSON.stringify(value))
    : json(value, schema, '');
const padded: Encoding = (value, schema) =>
  isLeft(value, schema) ? value : `\uFEFF ${JSON.stringify(value, null, 1)}\n`;

/** Booleans, whole numbers and nothing as Python writes them; a list's or object's own form is no JSON, and is refused. */
const python: Encoding = (value, schema) => {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number' && takes(schema, 'integer')) return `${value}.0`;
  return value === null && !takes(schema, 'string') && !takes(schema, 'array') ? 'None' : value;
};

/** A list as one text, where no item can hold a comma. */
const commas: Encoding = (value, schema, name) => {
  if (!Array.isArray(value) || value.length === 0 || !value.every(isText)) return value;
  const { items } = listIn(schema);
  const isNamed = ['fields', 'order', 'labels', 'providers', 'operation_ids', 'test', 'prod'].includes(name);
  if (!isNamed && !items?.enum && !items?.pattern) return value;
  return value.some((item) => !/^[\w[\]:.-]+$/.test(item)) || /^null$/.test(value.join())
    ? value
    : value.join(', ');
};

/** A list of one as the one. */
const single: Encoding = (value, schema) => {
  if (!Array.isArray(value) || value.length !== 1) return value;
  const [only] = value;
  if (!isText(only)) return listIn(schema).items?.type === 'object' ? only : value;
  const isPlain = /^[A-Za-z][\w[\]:.%-]*$/.test(only) && !/^(null|None|undefined)$/.test(only);
  return isPlain ? only : value;
};

const shouted: Encoding = (value, schema) =>
  isText(value) && schema.enum?.includes(value) ? ` ${value.toUpperCase().replaceAll('_', '-')}` : value;

/** Every part of an object of known fields in JSON by itself. */
const inParts: Encoding = (value, schema, name) => {
  if (name === 'patch' && Array.isArray(value)) return value.map((step) => JSON.stringify(step));
  const properties = schema.additionalProperties === false ? (schema.properties ?? {}) : {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      properties[key]?.type ? json(part, properties[key], key) : part,
    ]),
  );
};

export const encodings: readonly Encoding[] = [
  asIs,
  json,
  twice,
  padded,
  python,
  commas,
  single,
  shouted,
  inParts,
];

function takes(schema: Schema, type: string): boolean {
  return (
    [schema.type ?? []].flat().includes(type) || [...(schema.anyOf ?? [])].some((one) => takes(one, type))
  );
}

function listIn(schema: Schema): Schema {
  return schema.anyOf?.find(({ type }) => type === 'array') ?? schema;
}
