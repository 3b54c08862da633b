import { CallError } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../lib/json.ts';
import { beginsBefore, cursorOf, isSameCursor, KnownRows, resumePointsOf } from './known-rows.ts';
import { type PageQuery, queryOf, shorter } from './page-query.ts';

/*
 * Reads a list page by page. The Management API documents little about pages: `start_after` takes the sort value of the
 * last row, and `limit` is 100 by default. It does not say whether other rows with that value are skipped or repeated,
 * or whether a large `limit` is capped silently, and no response says that it is the last. So none of this is assumed:
 *
 * - A page is requested after the second-to-last value, so that all rows of the last value are repeated, which shows that
 *   none was skipped. If one value fills the page, a longer page is requested.
 * - A page that is shorter than requested ends the list if Synqly returned a longer one before. Otherwise it may have been
 *   capped (50 of 250 rows), and one more request decides. So that ordinary short lists take one request, this is
 *   done only if `mayBeCapped` says so, or if more than a page was wanted.
 * - At most `spareRequests` requests are sent beyond the pages that the rows need.
 *
 * If the list is still not known to be complete, the result says why.
 */

/** Rows per request: the API's default (behaviour of `limit`). A larger limit might be capped silently. */
export const pageLength = 100;

/** Requests in addition to one per page: to check the end, to get past equal values, to try again. */
const spareRequests = 3;

/** Bytes after which no further page is read: they exceed one result anyway. */
const maxBytes = 2 * 1024 * 1024;

/** Growth of the limit when rows of one value fill the page. */
const growth = 4;

/** From this many rows on, any count may be the server's page limit. */
const minPageLimit = 20;

/**
 * Whether a page with fewer rows than requested may have been capped by Synqly: its default is 100, and other
 * limits are rarely below 20 or not a multiple of five.
 */
export function mayBeCapped(count: number): boolean {
  return count >= minPageLimit || (count > 0 && count % 5 === 0);
}

/** Why rows may be missing. */
export type IncompleteReason =
  /** A page could not be read. */
  | { readonly kind: 'failed'; readonly error: CallError }
  /** A response held items that are not objects. */
  | { readonly kind: 'no objects'; readonly count: number }
  /** Synqly did not continue from the requested position. */
  | { readonly kind: 'repeated' }
  /** This many rows share one cursor value, and no longer page was returned. */
  | { readonly kind: 'one value'; readonly count: number }
  /** Rows that should have been repeated were not. */
  | { readonly kind: 'moved' }
  /** Rows lack the cursor value. */
  | { readonly kind: 'no cursor' }
  /** The pages are too short to read them all in the allowed requests. */
  | { readonly kind: 'short pages' };

/** The rows read, and what is known about the rest. */
export interface Pages {
  readonly rows: readonly JsonObject[];
  /** Whether there are more rows, no more, or it is unknown. */
  readonly rest: 'none' | 'some' | 'unknown';
  readonly doubt?: IncompleteReason | undefined;
  /** Whether another request may be sent, such as one that counts. */
  readonly isSpare: boolean;
  /** Whether Synqly returns fewer rows per page than requested. */
  readonly isCut: boolean;
}

/** A page as Synqly returned it. */
export interface Page {
  readonly items: readonly unknown[];
  /** Bytes. */
  readonly size?: number | undefined;
  /** Total number of rows, if Synqly was asked to count. */
  readonly total?: number | undefined;
}

/** Options for reading a page. */
export interface PageOptions {
  /** If the first page fails, the call fails; later pages are optional. */
  readonly isFirst: boolean;
  /** The page is expected to be empty, and only checks for the end. */
  readonly isCheck: boolean;
  /** Called before a retry, which counts as a request. */
  readonly mayRepeat: () => boolean;
}

/** A list to read. */
export interface ListSource {
  /** The fields whose values form `start_after`. */
  readonly fields: readonly string[];
  /** Whether the values are documented as unique. */
  readonly unique: boolean;
  /** Number of wanted rows. */
  readonly wanted: number;
  /** The `start_after` of the first page. */
  readonly after?: string | undefined;
  /** Set if an earlier page of this list was not capped: then a short page ends it. */
  readonly goesOn?: boolean;
  /** Whether even a few rows count as possibly capped. */
  readonly checksShortPages?: boolean;
  /** @throws CallError, also when the response holds no list */
  readonly read: (query: PageQuery, options: PageOptions) => Promise<Page>;
  /** Called with the rows so far before the next page; `true` stops reading. */
  readonly onPage?: (rows: readonly JsonObject[]) => boolean;
}

/**
 * Reads a list until it has the wanted rows and one more, which shows that the list continues.
 *
 * @throws CallError when the first page cannot be read
 */
export function readPages(reading: ListSource): Promise<Pages> {
  return new PageReader(reading).run();
}

/** The next request. */
interface Step {
  readonly query: PageQuery;
  /** Whether the page must repeat known rows. */
  readonly overlaps: boolean;
  /** Set if the page starts after a value whose rows may be incomplete. */
  readonly passes?: string;
}

class PageReader {
  readonly #reading: ListSource;
  readonly #known: KnownRows;
  /** The `start_after` values already used. */
  readonly #requested = new Set<string | undefined>();
  /** Length of the longest page so far: Synqly returns at least that many. */
  #maxLength = 0;
  /** Smallest limit whose page was too large for this server. */
  #tooMany = Number.POSITIVE_INFINITY;
  #sent = 0;
  #size = 0;
  #total: number | undefined;
  #incomplete: IncompleteReason | undefined;
  /** The value that `#incomplete` is about, if any. */
  #passed: string | undefined;
  /** Number of items that are not objects. */
  #noObjects = 0;

  constructor(reading: ListSource) {
    this.#reading = reading;
    this.#known = new KnownRows(reading.fields);
  }

  async run(): Promise<Pages> {
    const { wanted, after, onPage } = this.#reading;
    const { rows } = this.#known;
    let step: Step = { query: queryOf(Math.min(pageLength, wanted + 1), after), overlaps: false };
    let isCheck = false;
    for (;;) {
      const page = await this.#read(step.query, isCheck);
      if (page === 'too large') step = { ...step, query: shorter(step.query) };
      else if (page instanceof CallError) return this.#end('unknown', { kind: 'failed', error: page });
      else {
        const isShort = page.items.length < step.query.limit;
        const { fresh, repeats, hasEnded } = this.#addPage(page, step, isShort);
        if (repeats) return this.#end('unknown', { kind: 'repeated' });
        if (rows.length > wanted) return this.#end('some');
        if (hasEnded) return this.#end('none');
        // If the list is large already, only its end is checked.
        const isLarge = this.#size > maxBytes;
        if (isLarge && (isCheck || !isShort)) return this.#end('some');
        if (onPage?.(rows)) return this.#end('unknown');
        const next = this.#next(step, { isShort, isLarge, isFresh: fresh > 0 });
        if ('kind' in next) return this.#end('unknown', next);
        step = next;
        isCheck = isShort;
      }
      if (!this.#isSpare) return this.#end('unknown', { kind: 'short pages' });
    }
  }

  async #read(query: PageQuery, isCheck: boolean): Promise<Page | CallError | 'too large'> {
    const isFirst = this.#requested.size === 0;
    const mayRepeat = () => {
      if (!this.#isSpare) return false;
      this.#sent += 1;
      return true;
    };
    this.#sent += 1;
    try {
      const page = await this.#reading.read(query, { isFirst, isCheck, mayRepeat });
      this.#requested.add(query.start_after);
      return page;
    } catch (error) {
      if (!(error instanceof CallError) || error.code === 'cancelled') throw error;
      if (error.code === 'response_too_large' && query.limit > 1 && this.#isSpare) {
        this.#tooMany = Math.min(this.#tooMany, query.limit);
        return 'too large';
      }
      if (isFirst) throw error;
      return error;
    }
  }

  /** Adds the rows of a page, and returns what it shows about the list. */
  #addPage({ items, size = 0, total }: Page, { query, overlaps, passes }: Step, isShort: boolean) {
    const { fields } = this.#reading;
    const page = [...items].filter(isJsonObject);
    const isOverlap = page.length > 0 && this.#known.rows.length > 0;
    const goesBack = isOverlap && this.#known.standBefore(page, query.start_after);
    const fresh = this.#known.add(page);
    const cameAgain = isOverlap && fresh < page.length;
    this.#noObjects += items.length - page.length;
    if (overlaps && !cameAgain) this.#incomplete ??= { kind: 'moved' };
    this.#size += size;
    this.#total ??= total;
    const isWhole = this.#total === this.#known.rows.length;
    if (isWhole) [this.#incomplete, this.#noObjects] = [undefined, 0];
    // On a full page, `total` may be the page's own count.
    const hasEnded = isShort && (isWhole || this.#isLast(items.length));
    this.#maxLength = Math.max(this.#maxLength, items.length);
    if (passes !== undefined && passes === this.#passed && this.#showsAll(page, passes, hasEnded))
      [this.#incomplete, this.#passed] = [undefined, undefined];
    return { fresh, hasEnded, repeats: goesBack || beginsBefore(page, query.start_after, fields) };
  }

  /** Whether the page shows all rows of the value that it was requested after, on a server that repeats these rows. */
  #showsAll(page: readonly JsonObject[], value: string, hasEnded: boolean): boolean {
    const values = page.flatMap((row) => cursorOf(row, this.#reading.fields) ?? []);
    const [first = '', last = ''] = [values[0], values.at(-1)];
    return isSameCursor(first, value) && (hasEnded || !isSameCursor(last, value));
  }

  /** Whether a page with fewer rows than requested must be the last. */
  #isLast(count: number): boolean {
    if (this.#maxLength > 0) return count < this.#maxLength;
    const { goesOn, checksShortPages } = this.#reading;
    if (count === 0) return true;
    return (!checksShortPages && !mayBeCapped(count)) || (goesOn === true && count < minPageLimit);
  }

  #next(
    { query, overlaps }: Step,
    { isShort, isLarge, isFresh }: Readonly<Record<'isShort' | 'isLarge' | 'isFresh', boolean>>,
  ): Step | IncompleteReason {
    const { fields, unique, wanted } = this.#reading;
    const { rows } = this.#known;
    const { last, before, block } = resumePointsOf(rows, fields);
    const rest = wanted + 1 - rows.length;
    const max = isLarge ? 1 : Math.min(pageLength, rest);
    const largest = this.#tooMany - 1;
    if (before !== undefined && block < largest && !this.#requested.has(before))
      return { query: queryOf(Math.min(max + block, largest), before), overlaps: true };
    // Rows of one value fill the page: only a longer page gets past them.
    const longer = Math.min(query.limit + rest, query.limit * growth, largest);
    if (!isShort && longer > query.limit) return { query: { ...query, limit: longer }, overlaps };
    if (last !== undefined && !this.#requested.has(last)) {
      const count = rows.filter((row) => isSameCursor(cursorOf(row, fields) ?? '', last)).length;
      // Unless values are unique, further rows may have the same one.
      if ((count > 1 || !unique) && !this.#incomplete) {
        this.#incomplete = { kind: 'one value', count };
        this.#passed = last;
      }
      return { query: queryOf(Math.min(max, largest), last), overlaps: false, passes: last };
    }
    if (last === undefined) return this.#notObjects ?? { kind: 'no cursor' };
    return isFresh && this.#incomplete ? this.#incomplete : { kind: 'repeated' };
  }

  /** Whether another request is allowed. */
  get #isSpare(): boolean {
    const { wanted } = this.#reading;
    const pages = Math.ceil(Math.min(this.#known.rows.length, wanted) / Math.max(1, this.#maxLength));
    return this.#sent < Math.max(1, pages) + spareRequests;
  }

  get #notObjects(): IncompleteReason | undefined {
    return this.#noObjects > 0 ? { kind: 'no objects', count: this.#noObjects } : undefined;
  }

  #end(rest: Pages['rest'], doubt = this.#incomplete ?? this.#notObjects): Pages {
    const { rows } = this.#known;
    const isCut = this.#maxLength < Math.min(pageLength, rows.length);
    return { rows, rest: doubt && rest === 'none' ? 'unknown' : rest, doubt, isSpare: this.#isSpare, isCut };
  }
}
