import type * as z from 'zod';
import { isJsonObject, type JsonObject, mapStrings } from '../../lib/json.ts';
import { costOf } from '../../lib/token-estimate.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { type ArgumentSchema, argumentSchemaOf } from '../../tools/json-schema.ts';
import { isSecret } from '../../tools/schemas/fields.ts';

/** A call, as it could be made. */
export interface Example {
  readonly tool: string;
  readonly arguments: JsonObject;
}

type Taking = Pick<Operation, 'id' | 'input'>;

/** Characters of a given text that is repeated. */
const maxTextLength = 60;

/** Tokens of a given object or list that is repeated. */
const maxTokens = 60;

/**
 * The shortest correct call of a tool: of the given arguments those that fit, and in the place of required ones that
 * are missing what shows their shape. Nothing in it is a secret, or may be one.
 */
export function exampleOf({ id, input }: Taking, given: JsonObject): Example {
  const { properties = {}, required = [] } = argumentSchemaOf({ input });
  const described: JsonObject = {};
  for (const [name, field] of Object.entries(input.shape) as [string, z.ZodType][]) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    const isKept =
      value !== undefined && value !== null && field.safeParse(value).success && isDescribed(field, value);
    if (isKept) described[name] = mapStrings(value, shortened);
    else if (required.includes(name)) described[name] = shapeOf(name, properties[name] ?? {});
  }
  return { tool: id, arguments: described };
}

function isDescribed(field: z.ZodType, value: unknown): boolean {
  return !mayHoldSecret(field) && (typeof value !== 'object' || costOf(value) <= maxTokens);
}

function shortened(text: string): string {
  return text.length > maxTextLength ? '<...>' : text;
}

/** The parts of a zod definition by which a schema is walked. */
interface Structure {
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly catchall?: z.ZodType & { readonly def: { readonly type: string } };
  readonly type: string;
}

/** Whether a field is a secret, has one in it, or takes whatever it is given. */
function mayHoldSecret(field: z.ZodType): boolean {
  const { type, innerType, element, options, shape, catchall } = field.def as unknown as Structure;
  if (isSecret(field) || type === 'unknown' || type === 'any' || type === 'record') return true;
  if (catchall && catchall.def.type !== 'never') return true;
  return [innerType, element, ...(options ?? []), ...Object.values(shape ?? {})].some(
    (part) => part !== undefined && mayHoldSecret(part),
  );
}

/** A value that shows the shape of a field: of several forms the shortest. */
function shapeOf(name: string, schema: ArgumentSchema): unknown {
  if (name === 'patch') return [{ op: 'replace', path: '/<field>', value: '<value>' }];
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const variants = (schema.oneOf ?? schema.anyOf)?.filter(({ type }) => type !== 'null');
  if (variants) {
    const shapes = variants.map((variant) => shapeOf(name, variant));
    return shapes.sort((one, other) => lengthOf(one) - lengthOf(other))[0];
  }
  const [type] = [schema.type ?? 'string'].flat().filter((one) => one !== 'null');
  if (type === 'integer' || type === 'number') return Math.max(schema.minimum ?? 1, 1);
  if (type === 'boolean') return true;
  if (type === 'array') return [shapeOf(name.replace(/s$/, ''), schema.items ?? {})];
  if (type !== 'object') return `<${name}>`;
  const { properties = {}, required = [] } = schema;
  return Object.fromEntries(required.map((part) => [part, shapeOf(part, properties[part] ?? {})]));
}

const lengthOf = (value: unknown) => JSON.stringify(value).length;

/** A refusal's example in the terms of a tool that runs others: their name and arguments are its arguments. */
export function exampleWithin(value: unknown, tool: string, nameOf: 'tool' | 'operation'): unknown {
  const error = isJsonObject(value) ? value.error : undefined;
  const example = isJsonObject(error) ? error.example : undefined;
  if (!isJsonObject(error) || !isJsonObject(example)) return value;
  const within = { tool, arguments: { [nameOf]: example.tool, arguments: example.arguments } };
  return { error: { ...error, example: within } };
}
