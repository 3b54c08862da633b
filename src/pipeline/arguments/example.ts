import type * as z from 'zod';
import { isJsonObject, type JsonObject, mapStrings } from '../../lib/json.ts';
import { costOf } from '../../lib/token-estimate.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { type ArgumentSchema, argumentSchemaOf } from '../../tools/json-schema.ts';
import { isSecret } from '../../tools/schemas/fields.ts';
import { structureOf } from '../../tools/schemas/structure.ts';

/** A valid call. */
export interface Example {
  readonly tool: string;
  readonly arguments: JsonObject;
}

type ToolWithInput = Pick<Operation, 'id' | 'input'>;

/** Characters of a given text that the example repeats. */
const maxTextLength = 60;

/** Tokens of a given object or list that the example repeats. */
const maxTokens = 60;

/**
 * A short valid call of a tool: the given arguments that are valid, and placeholders for required ones that are missing.
 * Arguments that may hold a secret are left out.
 */
export function exampleOf({ id, input }: ToolWithInput, given: JsonObject): Example {
  const { properties = {}, required = [] } = argumentSchemaOf({ input });
  const described: JsonObject = {};
  for (const [name, field] of Object.entries(input.shape) as [string, z.ZodType][]) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    const isKept =
      value !== undefined && value !== null && field.safeParse(value).success && canBeRepeated(field, value);
    if (isKept) described[name] = mapStrings(value, shortened);
    else if (required.includes(name)) described[name] = shapeOf(name, properties[name] ?? {});
  }
  return { tool: id, arguments: described };
}

function canBeRepeated(field: z.ZodType, value: unknown): boolean {
  return !mayHoldSecret(field) && (typeof value !== 'object' || costOf(value) <= maxTokens);
}

function shortened(text: string): string {
  return text.length > maxTextLength ? '<...>' : text;
}

/** Whether a field is a secret, has one in it, or takes whatever it is given. */
function mayHoldSecret(field: z.ZodType): boolean {
  const { type, innerType, element, options, shape, catchall } = structureOf(field);
  if (isSecret(field) || type === 'unknown' || type === 'any' || type === 'record') return true;
  if (catchall && catchall.def.type !== 'never') return true;
  return [innerType, element, ...(options ?? []), ...Object.values(shape ?? {})].some(
    (part) => part !== undefined && mayHoldSecret(part),
  );
}

/** A placeholder that shows the form of a field; the shortest of several forms. */
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

/** Rewrites the example of an error for a tool that runs operations and takes their name and arguments as its own. */
export function wrapExample(value: unknown, tool: string, nameOf: 'tool' | 'operation'): unknown {
  const error = isJsonObject(value) ? value.error : undefined;
  const example = isJsonObject(error) ? error.example : undefined;
  if (!isJsonObject(error) || !isJsonObject(example)) return value;
  const within = { tool, arguments: { [nameOf]: example.tool, arguments: example.arguments } };
  return { error: { ...error, example: within } };
}
