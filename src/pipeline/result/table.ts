import { stringifyJson } from '../../lib/exact-json.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { isLarge } from '../../lib/lazy-json.ts';

/** A list with its columns said once. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  /** Columns that hold one value in all rows. */
  readonly same?: JsonObject;
}

/**
 * Objects as a table. A column that no object has is left out, and one that never varies is said once.
 *
 * @param columns dotted paths into the objects
 */
export function toTable(objects: readonly JsonObject[], columns: readonly string[]): Table {
  const cells = columns.map((column) => objects.map((object) => cellAt(object, column.split('.'))));
  const isSaid = (index: number) => cells[index]?.some((cell) => cell !== null);
  const said = columns.map((_, index) => index).filter(isSaid);
  const constant = new Set(said.filter((index) => objects.length > 1 && areSame(cells[index] ?? [])));
  const varying = said.filter((index) => !constant.has(index));
  const same = [...constant].map((index) => [columns[index] as string, cells[index]?.[0]] as const);
  return {
    ...(same.length > 0 && { same: Object.fromEntries(same) }),
    columns: varying.map((index) => columns[index] as string),
    rows: objects.map((_, row) => varying.map((index) => cells[index]?.[row])),
  };
}

function areSame([first, ...others]: readonly unknown[]): boolean {
  const text = stringifyJson(first);
  return others.every((cell) => stringifyJson(cell) === text);
}

/** What of an object stands at these dotted paths, under the paths themselves. */
export function pickPaths(object: JsonObject, paths: readonly string[]): JsonObject {
  const cells = paths.map((path) => [path, cellAt(object, path.split('.'))] as const);
  return Object.fromEntries(cells.filter(([, cell]) => cell !== null));
}

/** A value without what says nothing; null where the object has none. */
function cellAt(object: JsonObject, path: readonly string[]): unknown {
  let value: unknown = object;
  for (const step of path)
    value = isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  const pruned = pruneEmpty(value);
  return pruned === undefined ? null : pruned;
}

/** A value without nulls, empty texts, lists and objects; undefined where nothing is left of it. */
export function pruneEmpty(value: unknown): unknown {
  if (value === null || value === undefined || value === '') return undefined;
  // What is left of it by cutting is all that is shown.
  if (isLarge(value)) return value;
  if (Array.isArray(value)) {
    // An item keeps its place, whatever it is.
    return value.length === 0 ? undefined : value.map((item) => pruneEmpty(item) ?? item);
  }
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value)
    .map(([name, part]) => [name, pruneEmpty(part)] as const)
    .filter(([, part]) => part !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
