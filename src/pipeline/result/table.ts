import { stringifyJson } from '../../lib/exact-json.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { isLarge } from '../../lib/lazy-json.ts';

/** A list as columns and rows. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  /** Columns that hold one value in all rows. */
  readonly same?: JsonObject;
}

/**
 * Objects as a table. Columns without values are left out, and columns with one value are moved to `same`.
 *
 * @param columns dotted paths into the objects
 * @param inRows columns that stay in the rows
 */
export function toTable(
  objects: readonly JsonObject[],
  columns: readonly string[],
  inRows: readonly string[] = [],
): Table {
  const cells = columns.map((column) => objects.map((object) => cellAt(object, column.split('.'))));
  return tableOf(columns, cells, objects.length, inRows);
}

/**
 * A table of the cells of each column, null where there is none.
 *
 * @param count the number of rows
 */
export function tableOf(
  columns: readonly string[],
  cells: readonly (readonly unknown[])[],
  count: number,
  inRows: readonly string[] = [],
): Table {
  const hasValue = (index: number) => cells[index]?.some((cell) => cell !== null);
  const present = columns.map((_, index) => index).filter(hasValue);
  const constant = new Set(
    present.filter(
      (index) => count > 1 && !inRows.includes(columns[index] as string) && areSame(cells[index] ?? []),
    ),
  );
  const varying = present.filter((index) => !constant.has(index));
  const same = [...constant].map((index) => [columns[index] as string, cells[index]?.[0]] as const);
  return {
    ...(same.length > 0 && { same: Object.fromEntries(same) }),
    columns: varying.map((index) => columns[index] as string),
    rows: Array.from({ length: count }, (_, row) => varying.map((index) => cells[index]?.[row])),
  };
}

function areSame([first, ...others]: readonly unknown[]): boolean {
  const text = stringifyJson(first);
  return others.every((cell) => stringifyJson(cell) === text);
}

/** The values of an object at dotted paths, with the paths as keys. */
export function pickPaths(object: JsonObject, paths: readonly string[]): JsonObject {
  const cells = paths.map((path) => [path, cellAt(object, path.split('.'))] as const);
  return Object.fromEntries(cells.filter(([, cell]) => cell !== null));
}

/** The value at a path, without empty parts; null if there is none. */
function cellAt(object: JsonObject, path: readonly string[]): unknown {
  let value: unknown = object;
  for (const step of path)
    value = isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  const pruned = pruneEmpty(value);
  return pruned === undefined ? null : pruned;
}

/** A value without nulls, empty texts, lists and objects; undefined if nothing is left. */
export function pruneEmpty(value: unknown): unknown {
  if (value === null || value === undefined || value === '') return undefined;
  // A large value is shortened later.
  if (isLarge(value)) return value;
  if (Array.isArray(value)) {
    // Items keep their positions, also empty ones.
    return value.length === 0 ? undefined : value.map((item) => pruneEmpty(item) ?? item);
  }
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value)
    .map(([name, part]) => [name, pruneEmpty(part)] as const)
    .filter(([, part]) => part !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
