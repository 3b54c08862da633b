import { CallError } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../lib/json.ts';
import { beginsBefore, borderOf, cursorOf, isSameCursor, KnownRows } from './known-rows.ts';

/*
 * Reads a list page by page. What the Management API tells of its pages is little: `start_after` takes the sort value of
 * the last row, `limit` is 100 when left out. It does not tell whether rows of that same value are skipped or come again, whether
 * a large `limit` is cut down in silence, and no answer says that it is the last. So nothing of that is taken for granted:
 *
 * - A page is asked for after the last value but one, so that all rows of the last value come again; that they do shows that
 *   nothing was skipped. Where one value fills the page, a longer one is asked for.
 * - A page that is shorter than asked ends the list if Synqly gave a longer one before. Else it may be as long as pages get
 *   there (50 rows of 250), and one more request tells. An ordinary short list shall not cost two requests, though, so that
 *   this is done where `mayBeCut` says so, or where more than a page was wanted.
 * - Never more than `spareRequests` beyond the pages that the rows take.
 *
 * What cannot be known to be complete by then is given with the reason.
 */

/** Rows of one request: what the API gives when not told (behaviour of `limit`). More might be capped in silence. */
export const pageLength = 100;

/** Requests beyond one for each page: to look behind the end, to get past equal values, to try again. */
const spareRequests = 3;

/** Bytes of pages after which no further one is read: what does not fit into one result is asked for anew anyhow. */
const maxBytes = 2 * 1024 * 1024;

/** How much longer a page is asked for where rows of one value fill it. */
const growth = 4;

/** By how much a page is asked for shorter that was too large for this server. */
const shrinkage = 5;

/** Rows from which on any number may be the most that a server gives at once. */
const minCut = 20;

/**
 * Whether so many rows, where more were asked for, may be the most that Synqly gives at once: it gives 100 when not told
 * otherwise, and whoever sets less sets hardly less than 20, or a multiple of five.
 */
export function mayBeCut(count: number): boolean {
  return count >= minCut || (count > 0 && count % 5 === 0);
}

/** Why it is not known whether rows are missing. */
export type Doubt =
  /** A page could not be read. */
  | { readonly kind: 'failed'; readonly error: CallError }
  /** An answer held items that are no objects. */
  | { readonly kind: 'no objects'; readonly count: number }
  /** Synqly does not go on from where it was asked to. */
  | { readonly kind: 'repeated' }
  /** So many rows share the value that pages follow, and no longer page was given. */
  | { readonly kind: 'one value'; readonly count: number }
  /** Rows that should have come again did not. */
  | { readonly kind: 'moved' }
  /** Rows without the value that pages follow. */
  | { readonly kind: 'no cursor' }
  /** The pages are so short that reading them all would take too many requests. */
  | { readonly kind: 'short pages' };

/** Rows of a list, and what is known of the rest. */
export interface Pages {
  readonly rows: readonly JsonObject[];
  /** Whether there are more for certain, or none, or that is not known. */
  readonly rest: 'none' | 'some' | 'unknown';
  readonly doubt?: Doubt | undefined;
  /** Whether one more request may be sent, such as one that counts. */
  readonly isSpare: boolean;
  /** Whether Synqly gives fewer rows at once than it was asked for. */
  readonly isCut: boolean;
}

/** One page as Synqly gave it. */
export interface Page {
  readonly items: readonly unknown[];
  /** Bytes. */
  readonly size?: number | undefined;
  /** How many rows there are in all, where Synqly was asked to count. */
  readonly total?: number | undefined;
}

/** What is asked for. */
export interface PageQuery {
  readonly limit: number;
  readonly start_after?: string;
}

/** How a page is to be read. */
export interface PageOptions {
  /** The first page decides about the call; a later one can be done without. */
  readonly isFirst: boolean;
  /** Hardly more than the end is expected of it. */
  readonly isCheck: boolean;
  /** Whether the request may be sent once more; each time counts. */
  readonly mayRepeat: () => boolean;
}

/** The list that is read. */
export interface Reading {
  /** Fields that `start_after` takes the values of. */
  readonly fields: readonly string[];
  /** Whether no two rows are said to share these values. */
  readonly unique: boolean;
  /** How many rows are wanted. */
  readonly wanted: number;
  /** Where to begin. */
  readonly after?: string | undefined;
  /** Set where a page of this list was read before, and was not cut: then a small one is not taken for cut. */
  readonly goesOn?: boolean;
  /** Whether even a few rows are taken for cut. */
  readonly doubtsFew?: boolean;
  /** @throws CallError, also where the answer holds no list */
  readonly read: (query: PageQuery, options: PageOptions) => Promise<Page>;
  /** Told of the rows so far before another page is read; `true` ends reading. */
  readonly onPage?: (rows: readonly JsonObject[]) => boolean;
}

/**
 * Reads a list until so many rows are there as are wanted, and one more that tells whether there are others.
 *
 * @throws CallError when the first page cannot be read
 */
export function readPages(reading: Reading): Promise<Pages> {
  return new PageReader(reading).run();
}

/** What is asked for next. */
interface Step {
  readonly query: PageQuery;
  /** Whether rows that are known must come again. */
  readonly overlaps: boolean;
  /** Set where the page begins behind a value whose rows may not all be there. */
  readonly passes?: string;
}

class PageReader {
  readonly #reading: Reading;
  readonly #known: KnownRows;
  /** Values that pages were asked for after. */
  readonly #asked = new Set<string | undefined>();
  /** Rows of the longest page so far: Synqly gives at least so many at once. */
  #maxLength = 0;
  /** Rows that were too many for this server to take at once. */
  #tooMany = Number.POSITIVE_INFINITY;
  #sent = 0;
  #size = 0;
  #total: number | undefined;
  #doubt: Doubt | undefined;
  /** The value that `#doubt` is about, where it is about one. */
  #passed: string | undefined;
  /** Items of the answers that are no objects. */
  #noObjects = 0;

  constructor(reading: Reading) {
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
        const { fresh, repeats, hasEnded } = this.#take(page, step, isShort);
        if (repeats) return this.#end('unknown', { kind: 'repeated' });
        if (rows.length > wanted) return this.#end('some');
        if (hasEnded) return this.#end('none');
        // Of a list that is large already only the end is looked for.
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
    const isFirst = this.#asked.size === 0;
    const mayRepeat = () => {
      if (!this.#isSpare) return false;
      this.#sent += 1;
      return true;
    };
    this.#sent += 1;
    try {
      const page = await this.#reading.read(query, { isFirst, isCheck, mayRepeat });
      this.#asked.add(query.start_after);
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

  /** Takes the rows of a page, and tells what it says of the list. */
  #take({ items, size = 0, total }: Page, { query, overlaps, passes }: Step, isShort: boolean) {
    const { fields } = this.#reading;
    const page = [...items].filter(isJsonObject);
    const isOverlap = page.length > 0 && this.#known.rows.length > 0;
    const goesBack = isOverlap && this.#known.standBefore(page, query.start_after);
    const fresh = this.#known.add(page);
    const cameAgain = isOverlap && fresh < page.length;
    this.#noObjects += items.length - page.length;
    if (overlaps && !cameAgain) this.#doubt ??= { kind: 'moved' };
    this.#size += size;
    this.#total ??= total;
    const isWhole = this.#total === this.#known.rows.length;
    if (isWhole) [this.#doubt, this.#noObjects] = [undefined, 0];
    // Of a full page, the number may be that of its rows alone.
    const hasEnded = isShort && (isWhole || this.#isLast(items.length));
    this.#maxLength = Math.max(this.#maxLength, items.length);
    if (passes !== undefined && passes === this.#passed && this.#showsAll(page, passes, hasEnded))
      [this.#doubt, this.#passed] = [undefined, undefined];
    return { fresh, hasEnded, repeats: goesBack || beginsBefore(page, query.start_after, fields) };
  }

  /** Whether a server that repeats the value which a page was asked for after has shown all rows of it by that. */
  #showsAll(page: readonly JsonObject[], value: string, hasEnded: boolean): boolean {
    const values = page.flatMap((row) => cursorOf(row, this.#reading.fields) ?? []);
    const [first = '', last = ''] = [values[0], values.at(-1)];
    return isSameCursor(first, value) && (hasEnded || !isSameCursor(last, value));
  }

  /** Whether a page of so many rows, where more were asked for, must be the last. */
  #isLast(count: number): boolean {
    if (this.#maxLength > 0) return count < this.#maxLength;
    const { goesOn, doubtsFew } = this.#reading;
    if (count === 0) return true;
    return (!doubtsFew && !mayBeCut(count)) || (goesOn === true && count < minCut);
  }

  #next(
    { query, overlaps }: Step,
    { isShort, isLarge, isFresh }: Readonly<Record<'isShort' | 'isLarge' | 'isFresh', boolean>>,
  ): Step | Doubt {
    const { fields, unique, wanted } = this.#reading;
    const { rows } = this.#known;
    const { last, before, block } = borderOf(rows, fields);
    const rest = wanted + 1 - rows.length;
    const max = isLarge ? 1 : Math.min(pageLength, rest);
    const largest = this.#tooMany - 1;
    if (before !== undefined && block < largest && !this.#asked.has(before))
      return { query: queryOf(Math.min(max + block, largest), before), overlaps: true };
    // Rows of one value fill the page: only a longer one gets past them.
    const longer = Math.min(query.limit + rest, query.limit * growth, largest);
    if (!isShort && longer > query.limit) return { query: { ...query, limit: longer }, overlaps };
    if (last !== undefined && !this.#asked.has(last)) {
      const count = rows.filter((row) => isSameCursor(cursorOf(row, fields) ?? '', last)).length;
      // One row of a value that rows may share can be one of several.
      if ((count > 1 || !unique) && !this.#doubt) {
        this.#doubt = { kind: 'one value', count };
        this.#passed = last;
      }
      return { query: queryOf(Math.min(max, largest), last), overlaps: false, passes: last };
    }
    if (last === undefined) return this.#strays ?? { kind: 'no cursor' };
    return isFresh && this.#doubt ? this.#doubt : { kind: 'repeated' };
  }

  /** Whether the requests so far leave room for one more. */
  get #isSpare(): boolean {
    const { wanted } = this.#reading;
    const pages = Math.ceil(Math.min(this.#known.rows.length, wanted) / Math.max(1, this.#maxLength));
    return this.#sent < Math.max(1, pages) + spareRequests;
  }

  get #strays(): Doubt | undefined {
    return this.#noObjects > 0 ? { kind: 'no objects', count: this.#noObjects } : undefined;
  }

  #end(rest: Pages['rest'], doubt = this.#doubt ?? this.#strays): Pages {
    const { rows } = this.#known;
    const isCut = this.#maxLength < Math.min(pageLength, rows.length);
    return { rows, rest: doubt && rest === 'none' ? 'unknown' : rest, doubt, isSpare: this.#isSpare, isCut };
  }
}

function queryOf(limit: number, after: string | undefined): PageQuery {
  return { limit, ...(after !== undefined && { start_after: after }) };
}

function shorter(query: PageQuery): PageQuery {
  return { ...query, limit: Math.ceil(query.limit / shrinkage) };
}
