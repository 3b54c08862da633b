import type * as z from 'zod';
import { type ArgumentFault, CallError } from '../errors.ts';
import { isJsonObject, type JsonObject, parseJson } from '../json.ts';
import type { Operation } from '../tools/operation.ts';
import { argumentSchemaOf } from '../tools/schema.ts';
import { beyondBounds, isBounded } from './bounds.ts';
import { exampleOf } from './hints/example.ts';
import { meantBy } from './hints/misspelt.ts';

export type Arguments = Readonly<JsonObject>;

/** Of some arguments those of these names that were given. */
export function pick(args: Arguments, names: readonly string[]): JsonObject {
  const given = names.filter((name) => args[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, args[name]]));
}

/**
 * Decodes and checks raw arguments.
 *
 * @throws CallError `invalid_arguments` that names every argument at fault, never a value
 */
export function readArguments(operation: Pick<Operation, 'id' | 'input'>, raw: unknown): Arguments {
  if (!isBounded(raw)) throw new CallError('invalid_arguments', `The arguments hold ${beyondBounds}.`);
  const decoded = decode(raw ?? {}, argumentSchemaOf(operation) as Schema);
  const parsed = operation.input.safeParse(decoded);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const { unknown, missing, meant } = misplaced(operation, decoded, issues);
  const given = [...meant.values()];
  // What was given under another name is told there.
  const faults = issues
    .flatMap((issue) => describeIssue(issue))
    .filter((one) => !given.includes(one.argument));
  throw new CallError('invalid_arguments', `The arguments do not fit ${operation.id}.`, {
    arguments: firstOf(faults.map((fault) => withMeant(fault, meant))),
    acceptedArguments: unknown.length > 0 ? Object.keys(operation.input.shape) : undefined,
    example:
      unknown.length + missing.length > 0 ? { ...exampleOf(operation, renamed(decoded, meant)) } : undefined,
  });
}

/** Arguments that there are not, required ones that were not given, and which of these was meant by which. */
function misplaced({ input }: Pick<Operation, 'input'>, given: unknown, issues: readonly Issue[]) {
  const unknown = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys : [],
  );
  const names = Object.keys(isJsonObject(given) ? given : {});
  const missing = issues.flatMap(({ path: [name, ...rest] }) =>
    rest.length === 0 && typeof name === 'string' && !names.includes(name) ? [name] : [],
  );
  return { unknown, missing, meant: meantBy(unknown, Object.keys(input.shape), names, missing) };
}

function withMeant(fault: ArgumentFault, meant: ReadonlyMap<string, string>): ArgumentFault {
  const name = meant.get(fault.argument);
  return name === undefined ? fault : { ...fault, problem: `${fault.problem}; did you mean ${name}?` };
}

/** The given arguments, each by the name that was meant. */
function renamed(given: unknown, meant: ReadonlyMap<string, string>): JsonObject {
  const entries = Object.entries(isJsonObject(given) ? given : {});
  return Object.fromEntries(entries.map(([name, value]) => [meant.get(name) ?? name, value]));
}

/** Enough to see what is wrong; a long list of them would be an answer longer than the arguments. */
const mostFaults = 8;

function firstOf(faults: readonly ArgumentFault[]): readonly ArgumentFault[] {
  if (faults.length <= mostFaults) return faults;
  const rest = { argument: '...', problem: `${faults.length - mostFaults} more faults are not shown` };
  return [...faults.slice(0, mostFaults), rest];
}

/** The part of JSON Schema that the catalogue publishes. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly const?: unknown;
}

/**
 * Several clients send objects, arrays, numbers and booleans as JSON strings. The schema says where
 * that must be so; a field that may be a string is left alone.
 */
function decode(value: unknown, schema: Schema): unknown {
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants) return decodeVariant(value, variants);
  const types = [schema.type ?? []].flat();
  const plain =
    typeof value === 'string' && !types.includes('string') ? decodeText(value, types, schema) : value;
  if (Array.isArray(plain) && schema.items) {
    const { items } = schema;
    return plain.map((item) => decode(item, items));
  }
  if (isJsonObject(plain) && schema.properties) {
    const { properties } = schema;
    const entries = Object.entries(plain).map(([key, part]) => {
      const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
      return [key, property ? decode(part, property) : part] as const;
    });
    return Object.fromEntries(entries);
  }
  return plain;
}

function decodeText(text: string, types: readonly string[], schema: Schema): unknown {
  if (types.includes('number') || types.includes('integer') || types.includes('boolean')) {
    const scalar = parseJson(text.trim());
    return typeof scalar === 'number' || typeof scalar === 'boolean' || scalar === null ? scalar : text;
  }
  const parsed = parseJson(text);
  if (types.includes('array') && Array.isArray(parsed)) return parsed;
  if (types.includes('object') && isJsonObject(parsed)) return parsed;
  if (types.includes('null') && parsed === null) return null;
  // One filter or label given without its list: there is only one thing it can mean.
  if (types.includes('array') && schema.items?.type === 'string' && parsed === undefined) return [text];
  return text;
}

function decodeVariant(value: unknown, variants: readonly Schema[]): unknown {
  const parsed = typeof value === 'string' && !variants.some(takesText) ? (parseJson(value) ?? value) : value;
  if (!isJsonObject(parsed)) return parsed;
  const variant = variants.find((one) => fitsConstants(parsed, one));
  return variant ? decode(parsed, variant) : parsed;
}

const takesText = (schema: Schema) => [schema.type ?? []].flat().includes('string');

/** Whether an object carries the constants (the discriminator) of a variant. */
function fitsConstants(value: Arguments, variant: Schema): boolean {
  const properties = Object.entries(variant.properties ?? {});
  return properties.every(([key, property]) => property.const === undefined || property.const === value[key]);
}

type Issue = z.core.$ZodIssue;

function describeIssue(issue: Issue, base: readonly PropertyKey[] = []): ArgumentFault[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ argument: dotted([...path, key]), problem: 'is not known here' }));
  }
  if (issue.code === 'invalid_union') {
    // The discriminator fitted one variant; only that variant's issues help.
    const closest = [...issue.errors].sort((one, other) => one.length - other.length)[0] ?? [];
    if (closest.length > 0) return closest.flatMap((inner) => describeIssue(inner, path));
  }
  return [{ argument: dotted(path) || 'arguments', problem: problemOf(issue) }];
}

function problemOf(issue: Issue): string {
  if (issue.code === 'invalid_type') {
    // Zod's own name for it means nothing beside a published schema.
    const expected = issue.expected === 'int' ? 'integer' : issue.expected;
    return issue.message.endsWith('received undefined')
      ? `is required (${expected})`
      : `must be of type ${expected}`;
  }
  if (issue.code === 'invalid_value') return `must be ${oneOf(issue.values)}`;
  if (issue.code === 'invalid_union') return unionProblem(issue);
  if (issue.code === 'too_small') return `must ${amount(issue.origin, 'at least', issue.minimum)}`;
  if (issue.code === 'too_big') return `must ${amount(issue.origin, 'at most', issue.maximum)}`;
  return issue.message;
}

/** A bound in words, by what is counted. */
function amount(origin: string, bound: string, limit: number | bigint): string {
  if (origin === 'string') return `have ${bound} ${limit} characters`;
  return origin === 'array' ? `hold ${bound} ${limit} items` : `be ${bound} ${limit}`;
}

function oneOf(values: readonly unknown[]): string {
  const texts = values.map((value) => JSON.stringify(value));
  return texts.length === 1 ? `${texts[0]}` : `one of ${texts.join(', ')}`;
}

function unionProblem(issue: Extract<Issue, { code: 'invalid_union' }>): string {
  const options = 'options' in issue && Array.isArray(issue.options) ? issue.options : undefined;
  return options ? `must be ${oneOf(options)}` : 'fits none of the accepted forms';
}

function dotted(path: readonly PropertyKey[]): string {
  return path.map(String).join('.');
}
