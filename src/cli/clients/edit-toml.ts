import { parse, stringify, TomlError } from 'smol-toml';
import { FormatError } from './format-error.ts';

/*
 * Edits of TOML files: one table, `[servers.name]` with its sub-tables, is added, replaced or removed as text, and
 * everything else stays as it is, byte for byte. smol-toml checks the text before and after; it cannot edit, and no library that
 * can keep bytes is in wide use.
 */

type Path = readonly string[];

/** A statement: the header of a table, or a key with its value. */
interface Statement {
  readonly start: number;
  /** The end of the statement, with a comment behind it, before the line ending. */
  readonly end: number;
  /** The name of the table, if it is a header. */
  readonly header?: Path;
}

/** The value at a path of a TOML text; undefined if there is none. @throws FormatError for broken TOML */
export function readToml(text: string, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), parseToml(text));
}

/**
 * Sets a table. Keys of an existing one that are not given stay.
 *
 * @throws FormatError for broken TOML, or where the table is written in a way that cannot be edited
 */
export function setToml(text: string, path: Path, value: Readonly<Record<string, unknown>>): string {
  const current = readToml(text, path);
  if (current === undefined) return assertHas(append(text, print(path, value)), path);
  return replaceTable(text, path, current, isObject(current) ? merge(current, value) : value);
}

/** Removes keys of a sub-table, the last of the path, if it is there. @throws FormatError as `setToml` */
export function dropTomlKeys(text: string, path: Path, names: readonly string[]): string {
  const [table, key] = [path.slice(0, -1), path.at(-1) as string];
  const current = readToml(text, table);
  const part = isObject(current) ? current[key] : undefined;
  if (!isObject(current) || !isObject(part)) return text;
  const rest = Object.fromEntries(Object.entries(part).filter(([name]) => !names.includes(name)));
  return replaceTable(text, table, current, { ...current, [key]: rest });
}

function replaceTable(text: string, path: Path, current: unknown, value: unknown): string {
  if (JSON.stringify(current) === JSON.stringify(value)) return text;
  const [first, ...others] = findTables(text, path);
  if (first === undefined) throw inlineTable(path);
  const eol = eolOf(text);
  const table = print(path, value).trimEnd().replaceAll('\n', eol);
  const without = others.reduceRight((edited, region) => cut(edited, region), text);
  return assertHas(without.slice(0, first.start) + table + without.slice(first.end), path);
}

/** Removes a table. A text without it is returned as it is. @throws FormatError as `setToml` */
export function removeToml(text: string, path: Path): string {
  if (readToml(text, path) === undefined) return text;
  const regions = findTables(text, path);
  const edited = regions.reduceRight((rest, region) => cut(rest, region), text);
  if (readToml(edited, path) !== undefined) throw inlineTable(path);
  return edited;
}

/** Cuts a region with its line ending and the empty line before it. */
function cut(text: string, { start, end }: Omit<Statement, 'header'>): string {
  const before = text.slice(0, start);
  const after = text.slice(end);
  const lineEnd = /^\r?\n/.exec(after)?.[0] ?? '';
  const gap = lineEnd === '' ? /(?:\r?\n){1,2}$/ : /(?<=\n|^)\r?\n$/;
  return before.replace(gap, '') + after.slice(lineEnd.length);
}

function append(text: string, table: string): string {
  const eol = eolOf(text);
  const lines = table.trimEnd().replaceAll('\n', eol);
  if (text.trim() === '') return `${text}${lines}${eol}`;
  return /\n$/.test(text) ? `${text}${eol}${lines}${eol}` : `${text}${eol}${eol}${lines}`;
}

const print = (path: Path, value: unknown): string =>
  stringify(path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Record<string, unknown>);

const eolOf = (text: string): string => /\r?\n/.exec(text)?.[0] ?? '\n';

function assertHas(text: string, path: Path): string {
  try {
    if (readToml(text, path) !== undefined) return text;
  } catch {
    // An inline table, or one that is closed, cannot have a table of its own added.
  }
  throw inlineTable(path);
}

const inlineTable = (path: Path) =>
  new FormatError(`"${path[0]}" is written as an inline table or with dotted keys, which cannot be edited`);

function parseToml(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof TomlError)
      throw new FormatError(`it is not valid TOML (line ${error.line}, column ${error.column})`);
    throw new FormatError('it is nested too deeply');
  }
}

/** The regions of a table and of its sub-tables: each from its header to the end of its last statement. */
function findTables(text: string, path: Path): Statement[] {
  const regions: { start: number; end: number }[] = [];
  let isInside = false;
  for (const { header, start, end } of statements(text)) {
    if (header) {
      const isNext = path.every((key, index) => header[index] === key);
      if (isNext && !isInside) regions.push({ start, end });
      isInside = isNext;
    }
    const region = regions.at(-1);
    if (isInside && region) region.end = end;
  }
  return regions;
}

/** The statements of a valid TOML text, in order. */
function statements(text: string): Statement[] {
  const found: Statement[] = [];
  let at = 0;
  while (at < text.length) {
    const skipped = /^(?:\s|#[^\n]*)+/.exec(text.slice(at, nextLine(text, at)))?.[0].length ?? 0;
    if (skipped > 0) {
      at += skipped;
      continue;
    }
    const end = statementEnd(text, at);
    const line = text.slice(at, end);
    found.push({
      start: at,
      end: at + line.trimEnd().length,
      ...(line.startsWith('[') && { header: headerOf(line.trimEnd()) }),
    });
    at = end;
  }
  return found;
}

const nextLine = (text: string, at: number): number => {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end + 1;
};

const delimiters = ['"""', "'''", '"', "'"];

/** The end of the line on which a statement ends: strings and arrays may have several lines. */
function statementEnd(text: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const sign = text[at];
    const delimiter = delimiters.find((one) => text.startsWith(one, at));
    if (delimiter) {
      at = stringEnd(text, at + delimiter.length, delimiter);
      continue;
    }
    if (sign === '#') {
      at = nextLine(text, at) - (nextLine(text, at) === text.length && text.at(-1) !== '\n' ? 0 : 1);
      continue;
    }
    if (sign === '[' || sign === '{') depth += 1;
    if (sign === ']' || sign === '}') depth -= 1;
    if (sign === '\n' && depth === 0) return at;
    at += 1;
  }
  return text.length;
}

function stringEnd(text: string, start: number, delimiter: string): number {
  let at = start;
  while (at < text.length && !text.startsWith(delimiter, at))
    at += delimiter[0] === '"' && text[at] === '\\' ? 2 : 1;
  at += delimiter.length;
  // A string in three quotes may end with up to two more.
  while (delimiter.length === 3 && text[at] === delimiter[0]) at += 1;
  return at;
}

/** The name of a table by its header, such as `[servers."a.b"]`. */
function headerOf(line: string): Path {
  const path: string[] = [];
  for (let value: unknown = parse(line); ; ) {
    if (Array.isArray(value)) value = value[0];
    const [entry] = isObject(value) ? Object.entries(value) : [];
    if (entry === undefined) return path;
    path.push(entry[0]);
    value = entry[1];
  }
}

function merge(
  current: Record<string, unknown>,
  value: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged = { ...current };
  for (const [key, part] of Object.entries(value)) {
    const before = merged[key];
    merged[key] = isObject(part) && isObject(before) ? merge(before, part as Record<string, unknown>) : part;
  }
  return merged;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
