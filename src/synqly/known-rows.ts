import { canonicalJson, type JsonObject } from '../lib/json.ts';

/** The `start_after` value of a row; undefined if the row lacks one of the fields. */
export function cursorOf(row: JsonObject, fields: readonly string[]): string | undefined {
  const values = fields.map((field) => row[field]);
  return values.every((value) => typeof value === 'string') ? values.join(',') : undefined;
}

/** Whether Synqly may treat two cursor values as equal: it ignores case in names, and compares times as times. */
export function isSameCursor(one: string, other: string): boolean {
  if (one === other || one.toLowerCase() === other.toLowerCase()) return true;
  return isTime.test(one) && isTime.test(other) && Date.parse(one) === Date.parse(other);
}

const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** The positions from which a list can be continued. */
export interface ResumePoints {
  /** The cursor value of the last row that has one. */
  readonly last: string | undefined;
  /** The value before it. Continuing after this one repeats all rows of the last value and skips none. */
  readonly before: string | undefined;
  /** Number of rows after `before`. */
  readonly block: number;
}

/** The last two distinct cursor values of rows. */
export function resumePointsOf(rows: readonly JsonObject[], fields: readonly string[]): ResumePoints {
  let last: string | undefined;
  for (let at = rows.length - 1; at >= 0; at -= 1) {
    const value = cursorOf(rows[at] as JsonObject, fields);
    if (value === undefined) continue;
    last ??= value;
    if (!isSameCursor(value, last)) return { last, before: value, block: rows.length - 1 - at };
  }
  return { last, before: undefined, block: rows.length };
}

/** Whether a page contains the value it was requested after, but not at its start: it does not follow the request. */
export function beginsBefore(
  page: readonly JsonObject[],
  after: string | undefined,
  fields: readonly string[],
): boolean {
  if (after === undefined) return false;
  const values = page.flatMap((row) => cursorOf(row, fields) ?? []);
  const at = values.findIndex((value) => isSameCursor(value, after));
  return at > 0;
}

/**
 * The rows of a list so far. Overlapping pages are merged: by id; rows without an id by content, and for each
 * cursor value only as many as the page has beyond the known ones. So a changed row is not added again, and two
 * equal rows stay two.
 */
export class KnownRows {
  readonly rows: JsonObject[] = [];
  readonly #fields: readonly string[];
  /** Index of each row by id. */
  readonly #ids = new Map<string, number>();
  readonly #contents = new Map<string, number>();
  readonly #cursors = new Map<string, number>();
  /** Number of rows that are counted. Lazily: most lists have one page and need no comparison. */
  #counted = 0;

  constructor(fields: readonly string[]) {
    this.#fields = fields;
  }

  /** Adds the unknown rows of a page. Returns their number. */
  add(page: readonly JsonObject[]): number {
    const isFirst = this.rows.length === 0;
    const unknown = isFirst ? undefined : this.#unknownRows(page);
    const before = this.rows.length;
    for (const row of page) {
      const id = idOf(row);
      if (id === undefined ? unknown?.has(row) === false : this.#ids.has(id)) continue;
      if (id !== undefined) this.#ids.set(id, this.rows.length);
      this.rows.push(row);
    }
    return this.rows.length - before;
  }

  /**
   * Whether all known rows of a page come before the value that it was requested after: then the page does not
   * follow the list's order. Call it before the page is added.
   */
  standBefore(page: readonly JsonObject[], after: string | undefined): boolean {
    if (after === undefined) return false;
    const places = page.flatMap((row) => this.#ids.get(idOf(row) ?? '') ?? []);
    if (places.length === 0) return false;
    const isAt = (row: JsonObject) => isSameCursor(cursorOf(row, this.#fields) ?? '', after);
    // Searched from the end, where it usually is.
    let first = this.rows.findLastIndex(isAt);
    while (first > 0 && isAt(this.rows[first - 1] as JsonObject)) first -= 1;
    return places.every((place) => place < first);
  }

  /** Rows without an id that a page has beyond the known ones. */
  #unknownRows(page: readonly JsonObject[]): ReadonlySet<JsonObject> {
    this.#count();
    const contents = new Map<string, number>();
    const groups = new Map<string | undefined, { count: number; unknown: JsonObject[] }>();
    for (const row of page) {
      if (idOf(row) !== undefined) continue;
      const content = canonicalJson(row);
      const cursor = cursorOf(row, this.#fields);
      const group = groups.get(cursor) ?? { count: 0, unknown: [] };
      group.count += 1;
      if (increase(contents, content) > (this.#contents.get(content) ?? 0)) group.unknown.push(row);
      groups.set(cursor, group);
    }
    const found: JsonObject[] = [];
    for (const [cursor, { count, unknown }] of groups) {
      const surplus = cursor === undefined ? unknown.length : count - (this.#cursors.get(cursor) ?? 0);
      if (surplus > 0) found.push(...unknown.slice(-surplus));
    }
    return new Set(found);
  }

  #count(): void {
    for (const row of this.rows.slice(this.#counted)) {
      if (idOf(row) !== undefined) continue;
      increase(this.#contents, canonicalJson(row));
      const cursor = cursorOf(row, this.#fields);
      if (cursor !== undefined) increase(this.#cursors, cursor);
    }
    this.#counted = this.rows.length;
  }
}

function idOf({ id }: JsonObject): string | undefined {
  return typeof id === 'string' && id !== '' ? id : undefined;
}

function increase(counts: Map<string, number>, key: string): number {
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  return count;
}
