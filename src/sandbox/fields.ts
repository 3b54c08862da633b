/* Fields of list items: which can be used in filters and orders, and how they are read and compared. */
import { namedSchema, operationFact, resolveSchema, type Schema } from './facts.ts';

export type Item = Readonly<Record<string, unknown>>;
export type FieldKind = 'string' | 'number' | 'boolean' | 'time';

/** A field that lists can be filtered and ordered by. */
export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  /** Whether case is ignored, as for short names. */
  readonly foldsCase: boolean;
  read(item: Item): unknown;
}

/** Fields by name. */
export type Fields = ReadonlyMap<string, Field>;

const fieldsBySchema = new Map<string, Field[]>();

/** The fields of an operation's items: scalars and arrays of scalars of the item schema, and `extra` ones. */
export function fieldsOf(operationId: string, extra: Record<string, (item: Item) => unknown> = {}): Fields {
  const { itemSchema } = operationFact(operationId);
  const own = itemSchema ? schemaFields(itemSchema) : [];
  const added = Object.entries(extra).map(([name, read]) => createField(name, 'string', read));
  return new Map([...own, ...added].map((field) => [field.name, field]));
}

function schemaFields(schemaName: string): Field[] {
  const known = fieldsBySchema.get(schemaName);
  if (known) return known;
  const properties = (namedSchema(schemaName).properties ?? {}) as Record<string, Schema>;
  const made = Object.entries(properties).flatMap(([name, schema]) => {
    const kind = kindOf(resolveSchema(schema));
    return kind ? [createField(name, kind, (item) => item[name])] : [];
  });
  fieldsBySchema.set(schemaName, made);
  return made;
}

function createField(name: string, kind: FieldKind, read: (item: Item) => unknown): Field {
  return { name, kind, foldsCase: name === 'name' || name.endsWith('.name'), read };
}

function kindOf(schema: Schema): FieldKind | undefined {
  const types = [schema.type].flat().filter((type) => type !== 'null');
  if (types.includes('array'))
    return schema.items ? kindOf(resolveSchema(schema.items as Schema)) : undefined;
  if (types.includes('integer') || types.includes('number')) return 'number';
  if (types.includes('boolean')) return 'boolean';
  if (types.includes('string')) return schema.format === 'date-time' ? 'time' : 'string';
  return undefined;
}

const timePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i;

/** Whether a text is an RFC 3339 time. */
export function isTime(text: string): boolean {
  return timePattern.test(text) && !Number.isNaN(Date.parse(text));
}

/** Sort order of two values of one field; a missing value comes last. */
export function compareValues(kind: FieldKind, left: unknown, right: unknown): number {
  if (left === undefined || left === null) return right === undefined || right === null ? 0 : 1;
  if (right === undefined || right === null) return -1;
  if (kind === 'number') return Number(left) - Number(right);
  if (kind === 'time') return Date.parse(String(left)) - Date.parse(String(right));
  const [first, second] = [String(left), String(right)];
  return first < second ? -1 : first > second ? 1 : 0;
}
