import type { ArgumentProblem } from '../../errors.ts';
import { isJsonObject, type JsonObject, parseJson } from '../../lib/json.ts';
import type { ArgumentSchema } from '../../tools/json-schema.ts';
import { decodeTextList, isQueryList } from './coerce-list.ts';

/** Arguments as they are meant, and what cannot be told without guessing. */
export interface Decoded {
  readonly value: unknown;
  readonly faults: readonly ArgumentProblem[];
}

/** Whose arguments they are: null clears a field of an update, and the server's own tools say more of an empty name. */
export type Kind = 'operation' | 'update' | 'own tool';

interface Context {
  readonly kind: Kind;
  /** Whether `""` and `null` stand for an argument that was not given. */
  readonly omitsEmpty: boolean;
  readonly faults: ArgumentProblem[];
}

type Path = readonly string[];

/**
 * Several clients send objects, lists, numbers and booleans as strings, and `""` or `null` for what they leave out. The
 * schema says what is meant: a value that fits is left alone, and so are fields that may hold any text, patches, and
 * what is inside of objects that the API leaves open.
 */
export function coerceArguments(raw: unknown, schema: ArgumentSchema, kind: Kind): Decoded {
  const context: Context = { kind, omitsEmpty: kind !== 'update', faults: [] };
  const value = decodeObject(raw ?? {}, schema, [], context);
  return { value: value ?? {}, faults: context.faults };
}

function decode(value: unknown, schema: ArgumentSchema, path: Path, context: Context): unknown {
  const options = schema.oneOf ?? schema.anyOf;
  if (options) return decodeOption(value, options, path, context);
  const types = typesOf(schema);
  if (types.length === 0) return value;
  if (types.includes('string')) return typeof value === 'string' ? closestChoice(value, schema) : value;
  if (types.includes('array')) return decodeList(value, schema, path, context);
  if (types.includes('object')) return decodeObject(value, schema, path, context);
  if (types.includes('boolean')) return decodeBoolean(value);
  return typeof value === 'string' ? decodeNumber(value) : value;
}

function typesOf({ type }: ArgumentSchema): readonly string[] {
  if (typeof type === 'string') return [type];
  return type ?? [];
}

/** The JSON value that a text holds, also where it was encoded more than once; undefined when it is no JSON. */
function jsonIn(text: string): unknown {
  let value: unknown = text;
  for (let round = 0; round < 3 && typeof value === 'string'; round += 1) {
    // `trim` takes a byte order mark away too.
    const inner = parseJson(value.trim());
    if (inner === undefined) return round === 0 ? undefined : value;
    value = inner;
  }
  return value;
}

/** What a text holds as JSON, and everything else as it is. */
function withoutText(value: unknown): unknown {
  const inner = typeof value === 'string' ? jsonIn(value) : value;
  return inner === undefined ? value : inner;
}

/** What other languages write where JSON has `null`. */
const nothing: ReadonlySet<string> = new Set(['null', 'None', 'undefined']);

const isNull = (value: unknown) => typeof value === 'string' && nothing.has(value.trim());

const booleans: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  1: true,
  false: false,
  no: false,
  0: false,
};

function decodeBoolean(value: unknown): unknown {
  if (typeof value !== 'string' && typeof value !== 'number') return value;
  const text = String(value).trim().replaceAll('"', '');
  if (nothing.has(text)) return null;
  return Object.hasOwn(booleans, text.toLowerCase()) ? booleans[text.toLowerCase()] : value;
}

function decodeNumber(text: string): unknown {
  if (isNull(text)) return null;
  const value = jsonIn(text);
  return typeof value === 'number' ? value : text;
}

/** Of choices the one that was meant, where only case, blanks or hyphens differ. */
function closestChoice(text: string, { enum: choices, const: only }: ArgumentSchema): string {
  const all = choices ?? (only === undefined ? [] : [only]);
  if (all.length === 0 || all.includes(text)) return text;
  const fitting = all.filter((choice) => typeof choice === 'string' && plain(choice) === plain(text));
  return fitting.length === 1 ? String(fitting[0]) : text;
}

const plain = (text: string) =>
  text
    .trim()
    .replace(/^(["'])(.*)\1$/, '$2')
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_');

function decodeOption(
  value: unknown,
  options: readonly ArgumentSchema[],
  path: Path,
  context: Context,
): unknown {
  const forms = options.filter((option) => option.type !== 'null');
  const [only] = forms;
  if (forms.length === 1 && only) return value === null ? null : decode(value, only, path, context);
  if (typeof value === 'string' && forms.some((form) => typesOf(form).includes('string'))) return value;
  const given = isNull(value) ? null : withoutText(value);
  if (!isJsonObject(given)) return given;
  const form = forms.find((one) => fitsConstants(given, one));
  return form ? decodeFields(given, form, path, context) : given;
}

/** Whether an object carries the constants (the discriminator) of a form. */
function fitsConstants(value: JsonObject, { properties = {} }: ArgumentSchema): boolean {
  return Object.entries(properties).every(([name, property]) => {
    const given = Object.hasOwn(value, name) ? value[name] : undefined;
    const suggested = typeof given === 'string' ? closestChoice(given, property) : given;
    return property.const === undefined || property.const === suggested;
  });
}

function decodeList(value: unknown, schema: ArgumentSchema, path: Path, context: Context): unknown {
  const items = schema.items ?? {};
  const name = path.at(-1) ?? '';
  const given = withoutText(value);
  if (items.type === 'string') {
    // A number or a word in JSON is a text all the same, save for null.
    const isText = typeof value === 'string' && ['number', 'boolean'].includes(typeof given);
    const list = decodeTextList(isText ? value : given, name, items);
    if (list.problem !== undefined) context.faults.push({ argument: path.join('.'), problem: list.problem });
    if (!Array.isArray(list.value)) return list.value;
    const decoded = list.value.map((item) => (typeof item === 'string' ? closestChoice(item, items) : item));
    const isNothing = decoded.length === 0 && context.omitsEmpty && isOptionalQuery(path);
    return isNothing ? undefined : decoded;
  }
  const list = isJsonObject(given) ? [given] : given;
  if (!Array.isArray(list)) return isNull(list) ? null : list;
  // A patch means what it says: only its steps may have come as JSON.
  if (path.length === 1 && name === 'patch') return list.map(withoutJson);
  return list.map((item, index) => decode(item, items, [...path, String(index)], context));
}

const isOptionalQuery = (path: Path) => path.length === 1 && isQueryList(path[0] ?? '');

function withoutJson(item: unknown): unknown {
  const inner = typeof item === 'string' ? jsonIn(item) : undefined;
  return isJsonObject(inner) ? inner : item;
}

function decodeObject(value: unknown, schema: ArgumentSchema, path: Path, context: Context): unknown {
  const inner = isNull(value) ? null : withoutText(value);
  if (inner === null) return null;
  // In some languages an empty list and an empty object are one.
  if (context.kind === 'own tool' && Array.isArray(inner) && inner.length === 0) return {};
  if (!isJsonObject(inner)) return value;
  return schema.additionalProperties === false ? decodeFields(inner, schema, path, context) : inner;
}

function decodeFields(given: JsonObject, schema: ArgumentSchema, path: Path, context: Context): JsonObject {
  const { properties = {}, required = [] } = schema;
  const entries: [string, unknown][] = [];
  for (const [name, part] of Object.entries(given)) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    // Some clients fill in what other tools take, or a field of their own where a tool takes nothing.
    if (!property && path.length === 0 && context.omitsEmpty && isBlank(part)) continue;
    const within = [...path, name];
    const value = property ? decode(part, property, within, context) : part;
    const isLeftOut = property && isOmitted(value, property, required.includes(name), within, context);
    if (!isLeftOut) entries.push([name, value]);
  }
  return Object.fromEntries(entries);
}

/** Arguments that limit what a new token or role reaches: nothing in them must not come to mean everything. */
const limiting: ReadonlySet<string> = new Set(['scope', 'resources']);

/** Whether a value stands for an argument that was not given. */
function isOmitted(
  value: unknown,
  property: ArgumentSchema,
  isRequired: boolean,
  path: Path,
  { kind, omitsEmpty, faults }: Context,
): boolean {
  if (value === undefined) return true;
  // Rows before that word would be missing, without a sign of it.
  if (path.length === 1 && path[0] === 'start_after' && isNull(value)) return true;
  if (!omitsEmpty || !isNothing(value, property)) return false;
  if (path.length === 1) return !(isRequired && kind === 'own tool');
  if (isRequired || (value === null && takesNull(property))) return false;
  if (!limiting.has(path[0] ?? '')) return true;
  faults.push({
    argument: path.join('.'),
    problem: 'is empty: name what it is limited to, or leave it out where it is not to be limited',
  });
  return false;
}

const isBlank = (value: unknown) => value === null || value === '';

function isNothing(value: unknown, property: ArgumentSchema): boolean {
  if (isBlank(value)) return true;
  return typeof value === 'string' && value.trim() === '' && !takesType(property, 'string');
}

const takesNull = (schema: ArgumentSchema) => takesType(schema, 'null');

function takesType(schema: ArgumentSchema, type: string): boolean {
  const options = schema.oneOf ?? schema.anyOf ?? [];
  return typesOf(schema).includes(type) || options.some((option) => takesType(option, type));
}
