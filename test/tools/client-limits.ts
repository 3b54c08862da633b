import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Tool } from '../../src/tools/tool.ts';
import type { Schema } from './fact-sheet.ts';

interface Published extends Schema {
  readonly description?: string;
}

export interface Node {
  /** Dotted path, `[]` for list items; the variants of a union share the path of the union. */
  readonly path: string;
  readonly schema: Published;
}

/** A schema with all schemas below it. */
export function nodesOf(schema: object, path = ''): Node[] {
  const { properties = {}, items, anyOf = [] } = schema as Published;
  return [
    { path, schema },
    ...Object.entries(properties).flatMap(([name, inner]) => nodesOf(inner, path ? `${path}.${name}` : name)),
    ...(items ? nodesOf(items, `${path}[]`) : []),
    ...anyOf.flatMap((inner) => nodesOf(inner, path)),
  ];
}

/** The words of JSON Schema that every client and model API in the field takes. */
const plainWords = new Set([
  'type',
  'description',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'anyOf',
  'enum',
  'minimum',
  'maximum',
]);

/** Objects that the API itself leaves open, and arguments of another call. */
const openByNature = new Set(['provider_config', 'config.extra', 'data', 'arguments']);

const hintNames = ['destructiveHint', 'idempotentHint', 'openWorldHint', 'readOnlyHint'];

const ajv = new Ajv2020({ strict: true });

/**
 * What some client or model API would refuse of a published tool; empty when all take it.
 *
 * @param sketched paths of fields that are published as an outline, which may be open
 */
export function refusedOf(tool: Tool, sketched: readonly string[]): string[] {
  const { name, title, description, inputSchema, annotations } = tool;
  const nodes = nodesOf(inputSchema);
  const { properties = {}, required = [] } = inputSchema;
  const mayBeOpen = new Set([...openByNature, ...sketched.flatMap((path) => [path, `${path}[]`])]);
  const at = (some: readonly Node[], what: string) => some.map(({ path }) => `${path || 'the root'} ${what}`);
  const where = (is: (schema: Published) => boolean) => nodes.filter(({ schema }) => is(schema));
  return [
    ...(/^[A-Za-z0-9_-]{1,46}$/.test(name) ? [] : ['has a name that not every client takes']),
    ...(title && description ? [] : ['has no title or no description']),
    ...(inputSchema.type === 'object' &&
    inputSchema.additionalProperties === false &&
    !('anyOf' in inputSchema)
      ? []
      : ['is no closed object at the root']),
    ...nodes.flatMap(({ path, schema }) =>
      Object.keys(schema)
        .filter((word) => !plainWords.has(word))
        .map((word) => `${path || 'the root'} uses ${word}`),
    ),
    ...at(
      where(({ type, anyOf }) => typeof type !== 'string' && !anyOf),
      'has no type, or several',
    ),
    ...at(
      where(({ type, items }) => type === 'array' && !items),
      'is a list of nothing',
    ),
    ...at(
      where(({ enum: values, anyOf, required: names }) =>
        [values, anyOf, names].some((list) => list?.length === 0),
      ),
      'holds an empty list',
    ),
    ...at(
      where(({ type, additionalProperties }) => type === 'object' && additionalProperties !== false).filter(
        ({ path }) => !mayBeOpen.has(path),
      ),
      'is open by accident',
    ),
    ...at(
      where(({ minimum = 0, maximum = 0 }) =>
        [minimum, maximum].some((bound) => Math.abs(bound) >= Number.MAX_SAFE_INTEGER),
      ),
      'has a bound that only says how numbers are stored',
    ),
    ...required
      .filter((one) => !Object.hasOwn(properties, one))
      .map((one) => `requires ${one}, which it lacks`),
    ...(isValid(inputSchema) ? [] : ['is no valid JSON Schema 2020-12']),
    ...(sameNames(Object.keys(annotations)) &&
    Object.values(annotations).every((hint) => typeof hint === 'boolean')
      ? []
      : ['does not state all four hints']),
  ];
}

function sameNames(names: readonly string[]): boolean {
  return names.toSorted().join() === hintNames.join();
}

function isValid(schema: object): boolean {
  try {
    ajv.compile(schema);
    return true;
  } catch {
    return false;
  }
}
