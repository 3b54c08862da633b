import type { ArgumentProblem } from '../../errors.ts';
import { isJsonObject, type JsonObject, parseJson } from '../../lib/json.ts';
import type { ArgumentSchema } from '../../tools/json-schema.ts';
import { decodeTextList, isQueryList } from './coerce-list.ts';

/** Decoded arguments, and the problems of those that cannot be decoded without guessing. */
export interface Decoded {
  readonly value: unknown;
  readonly faults: readonly ArgumentProblem[];
}

/** The kind of tool. Null clears a field of an update, and built-in tools report empty names themselves. */
export type Kind = 'operation' | 'update' | 'built-in tool';

interface Context {
  readonly kind: Kind;
  /** Whether `""` and `null` mean that the argument is not given. */
  readonly omitsEmpty: boolean;
  readonly faults: ArgumentProblem[];
}

type Path = readonly string[];

/**
 * Decodes arguments by their schema: several clients send objects, lists, numbers and booleans as strings, and `""` or
 * `null` for arguments that are not given. Values that match the schema are not changed, nor are fields that take any
 * text, patches, and the contents of open objects.
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

/** The JSON value of a text, also if it was encoded more than once; undefined if it is not JSON. */
function parseNestedJson(text: string): unknown {
  let value: unknown = text;
  for (let round = 0; round < 3 && typeof value === 'string'; round += 1) {
    // `trim` also removes a byte order mark.
    const inner = parseJson(value.trim());
    if (inner === undefined) return round === 0 ? undefined : value;
    value = inner;
  }
  return value;
}

/** The JSON value of a text; any other value unchanged. */
function parseIfText(value: unknown): unknown {
  const inner = typeof value === 'string' ? parseNestedJson(value) : value;
  return inner === undefined ? value : inner;
}

/** Words for `null` in JSON and other languages. */
const nullWords: ReadonlySet<string> = new Set(['null', 'None', 'undefined']);

const isNull = (value: unknown) => typeof value === 'string' && nullWords.has(value.trim());

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
  if (nullWords.has(text)) return null;
  return Object.hasOwn(booleans, text.toLowerCase()) ? booleans[text.toLowerCase()] : value;
}

function decodeNumber(text: string): unknown {
  if (isNull(text)) return null;
  const value = parseNestedJson(text);
  return typeof value === 'number' ? value : text;
}

/** The enum value that differs from a text only in case, blanks or hyphens; otherwise the text. */
function closestChoice(text: string, { enum: choices, const: only }: ArgumentSchema): string {
  const all = choices ?? (only === undefined ? [] : [only]);
  if (all.length === 0 || all.includes(text)) return text;
  const fitting = all.filter((choice) => typeof choice === 'string' && normalize(choice) === normalize(text));
  return fitting.length === 1 ? String(fitting[0]) : text;
}

const normalize = (text: string) =>
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
  const given = isNull(value) ? null : parseIfText(value);
  if (!isJsonObject(given)) return given;
  const form = forms.find((one) => fitsConstants(given, one));
  return form ? decodeFields(given, form, path, context) : given;
}

/** Whether an object has the constants (the discriminator) of a form. */
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
  const given = parseIfText(value);
  if (items.type === 'string') {
    // A JSON number or boolean counts as a text here; null does not.
    const isText = typeof value === 'string' && ['number', 'boolean'].includes(typeof given);
    const list = decodeTextList(isText ? value : given, name, items);
    if (list.problem !== undefined) context.faults.push({ argument: path.join('.'), problem: list.problem });
    if (!Array.isArray(list.value)) return list.value;
    const decoded = list.value.map((item) => (typeof item === 'string' ? closestChoice(item, items) : item));
    const isEmptyQuery = decoded.length === 0 && context.omitsEmpty && isOptionalQuery(path);
    return isEmptyQuery ? undefined : decoded;
  }
  const list = isJsonObject(given) ? [given] : given;
  if (!Array.isArray(list)) return isNull(list) ? null : list;
  // The values of a patch are not changed. Only its steps may be given as JSON texts.
  if (path.length === 1 && name === 'patch') return list.map(parseIfObject);
  return list.map((item, index) => decode(item, items, [...path, String(index)], context));
}

const isOptionalQuery = (path: Path) => path.length === 1 && isQueryList(path[0] ?? '');

function parseIfObject(item: unknown): unknown {
  const inner = typeof item === 'string' ? parseNestedJson(item) : undefined;
  return isJsonObject(inner) ? inner : item;
}

function decodeObject(value: unknown, schema: ArgumentSchema, path: Path, context: Context): unknown {
  const inner = isNull(value) ? null : parseIfText(value);
  if (inner === null) return null;
  // Some languages encode an empty object as an empty list.
  if (context.kind === 'built-in tool' && Array.isArray(inner) && inner.length === 0) return {};
  if (!isJsonObject(inner)) return value;
  return schema.additionalProperties === false ? decodeFields(inner, schema, path, context) : inner;
}

function decodeFields(given: JsonObject, schema: ArgumentSchema, path: Path, context: Context): JsonObject {
  const { properties = {}, required = [] } = schema;
  const entries: [string, unknown][] = [];
  for (const [name, part] of Object.entries(given)) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    // Some clients add empty arguments of other tools, or a placeholder for tools without arguments.
    if (!property && path.length === 0 && context.omitsEmpty && isBlank(part)) continue;
    const within = [...path, name];
    const value = property ? decode(part, property, within, context) : part;
    const isLeftOut = property && isOmitted(value, property, required.includes(name), within, context);
    if (!isLeftOut) entries.push([name, value]);
  }
  return Object.fromEntries(entries);
}

/** Arguments that limit a new token or role. An empty value in them must not come to mean everything. */
const scopeArguments: ReadonlySet<string> = new Set(['scope', 'resources']);

/** Whether a value means that the argument is not given. */
function isOmitted(
  value: unknown,
  property: ArgumentSchema,
  isRequired: boolean,
  path: Path,
  { kind, omitsEmpty, faults }: Context,
): boolean {
  if (value === undefined) return true;
  // As a cursor, the word would silently skip rows.
  if (path.length === 1 && path[0] === 'start_after' && isNull(value)) return true;
  if (!omitsEmpty || !isEmptyValue(value, property)) return false;
  if (path.length === 1) return !(isRequired && kind === 'built-in tool');
  if (isRequired || (value === null && takesNull(property))) return false;
  if (!scopeArguments.has(path[0] ?? '')) return true;
  faults.push({
    argument: path.join('.'),
    problem: 'is empty: give the ids or names to which it is limited, or leave it out for no limit',
  });
  return false;
}

const isBlank = (value: unknown) => value === null || value === '';

function isEmptyValue(value: unknown, property: ArgumentSchema): boolean {
  if (isBlank(value)) return true;
  return typeof value === 'string' && value.trim() === '' && !takesType(property, 'string');
}

const takesNull = (schema: ArgumentSchema) => takesType(schema, 'null');

function takesType(schema: ArgumentSchema, type: string): boolean {
  const options = schema.oneOf ?? schema.anyOf ?? [];
  return typesOf(schema).includes(type) || options.some((option) => takesType(option, type));
}
