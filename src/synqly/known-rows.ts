import { canonicalJson, type JsonObject } from '../lib/json.ts';

/** The value that `start_after` takes for a row; undefined where the row lacks a field of it. */
export function cursorOf(row: JsonObject, fields: readonly string[]): string | undefined {
  const values = fields.map((field) => row[field]);
  return values.every((value) => typeof value === 'string') ? values.join(',') : undefined;
}

/** Whether Synqly may take two cursor values for one: it compares names without regard to case, and times as times. */
export function isSameCursor(one: string, other: string): boolean {
  if (one === other || one.toLowerCase() === other.toLowerCase()) return true;
  return isTime.test(one) && isTime.test(other) && Date.parse(one) === Date.parse(other);
}

const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** Where a list can be gone on from. */
export interface Border {
  /** The cursor value of the last row that has one. */
  readonly last: string | undefined;
  /** The value before it. After this one all rows of the last value come again, and none is skipped. */
  readonly before: string | undefined;
  /** Rows behind `before`. */
  readonly block: number;
}

/** The last two cursor values of some rows. */
export function borderOf(rows: readonly JsonObject[], fields: readonly string[]): Border {
  let last: string | undefined;
  for (let at = rows.length - 1; at >= 0; at -= 1) {
    const value = cursorOf(rows[at] as JsonObject, fields);
    if (value === undefined) continue;
    last ??= value;
    if (!isSameCursor(value, last)) return { last, before: value, block: rows.length - 1 - at };
  }
  return { last, before: undefined, block: rows.length };
}

/** Whether a page holds the value it should begin after behind another one: it begins anywhere but there. */
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
 * The rows of a list so far. A page that overlaps with them adds what it holds beyond: by id; where a row has none, by
 * its content, and for each cursor value no more than the page has more of. A row that changed meanwhile is thus no new one, and two
 * rows that are alike stay two.
 */
export class KnownRows {
  readonly rows: JsonObject[] = [];
  readonly #fields: readonly string[];
  /** Where the rows stand, by id. */
  readonly #ids = new Map<string, number>();
  readonly #contents = new Map<string, number>();
  readonly #cursors = new Map<string, number>();
  /** How many of the rows are counted; most lists have one page, and nothing to compare. */
  #counted = 0;

  constructor(fields: readonly string[]) {
    this.#fields = fields;
  }

  /** Adds the rows of a page that are not known yet, and gives their number. */
  add(page: readonly JsonObject[]): number {
    const isFirst = this.rows.length === 0;
    const unlike = isFirst ? undefined : this.#unlike(page);
    const before = this.rows.length;
    for (const row of page) {
      const id = idOf(row);
      if (id === undefined ? unlike?.has(row) === false : this.#ids.has(id)) continue;
      if (id !== undefined) this.#ids.set(id, this.rows.length);
      this.rows.push(row);
    }
    return this.rows.length - before;
  }

  /**
   * Whether the known rows of a page, if it has any, all stand before those of the value that it should begin after: it goes
   * another way than the list. To be asked before the page is added.
   */
  standBefore(page: readonly JsonObject[], after: string | undefined): boolean {
    if (after === undefined) return false;
    const places = page.flatMap((row) => this.#ids.get(idOf(row) ?? '') ?? []);
    if (places.length === 0) return false;
    const isAt = (row: JsonObject) => isSameCursor(cursorOf(row, this.#fields) ?? '', after);
    // From the end, near which it is.
    let first = this.rows.findLastIndex(isAt);
    while (first > 0 && isAt(this.rows[first - 1] as JsonObject)) first -= 1;
    return places.every((place) => place < first);
  }

  /** Rows without an id that a page has beyond the known ones. */
  #unlike(page: readonly JsonObject[]): ReadonlySet<JsonObject> {
    this.#count();
    const contents = new Map<string, number>();
    const groups = new Map<string | undefined, { count: number; unlike: JsonObject[] }>();
    for (const row of page) {
      if (idOf(row) !== undefined) continue;
      const content = canonicalJson(row);
      const cursor = cursorOf(row, this.#fields);
      const group = groups.get(cursor) ?? { count: 0, unlike: [] };
      group.count += 1;
      if (increase(contents, content) > (this.#contents.get(content) ?? 0)) group.unlike.push(row);
      groups.set(cursor, group);
    }
    const found: JsonObject[] = [];
    for (const [cursor, { count, unlike }] of groups) {
      const surplus = cursor === undefined ? unlike.length : count - (this.#cursors.get(cursor) ?? 0);
      if (surplus > 0) found.push(...unlike.slice(-surplus));
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
