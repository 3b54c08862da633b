import { CallError } from '../../errors.ts';
import type { Arguments } from '../../lib/json.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import type { RequestContext } from '../../request-context.ts';
import { rowsOf, totalOf } from '../../synqly/endpoints.ts';
import { cursorOf, isSameCursor, resumePointsOf } from '../../synqly/known-rows.ts';
import {
  type IncompleteReason,
  mayBeCapped,
  type PageOptions,
  type Pages,
  pageLength,
  readPages,
} from '../../synqly/pages.ts';
import type { ApiResponse } from '../../synqly/response.ts';
import type { Cursor, Operation } from '../../tools/define-operation.ts';
import type { PreparedRequest } from './build-request.ts';
import { type Limits, withDeadline } from './deadline.ts';

/** The rows of a list, from one or more pages. */
export interface CollectedRows extends ApiResponse {
  /** Set when there are, or may be, more rows. */
  readonly remainder?: Remainder;
}

export interface Remainder {
  /** How many more rows, if the API counts them and none were skipped. */
  readonly count?: number | undefined;
  /** Why it is unknown whether these are all rows; undefined if there certainly are more. */
  readonly doubt?: ListDoubt | undefined;
  /** Whether there certainly are more rows after these. */
  readonly goesOn?: boolean;
  /** How many rows were requested at most. */
  readonly wanted?: number;
  /** Whether Synqly returns fewer rows per page than requested. */
  readonly isCut?: boolean;
}

/** Why rows may be missing. */
export type ListDoubt =
  | IncompleteReason
  /** Fewer rows than requested, of a list that cannot be paged. */
  | { readonly kind: 'maybe cut' };

/** Rows that are written to a file at most. */
const maxSavedRows = 50_000;

/** Milliseconds for a request that only checks whether there are more rows. */
const maxCheckMs = 2_000;

/** The share of the remaining time, and the maximum in milliseconds, reserved to return the rows read so far. */
const [reservedShare, maxReservedMs] = [0.1, 500];

/**
 * Reads the pages of a list until it has as many rows as the caller wants. If a later page fails, the rows read before are
 * returned, and `remainder` says why more may be missing.
 *
 * @throws CallError
 */
export async function collectRows(
  operation: Operation,
  args: Arguments,
  request: PreparedRequest,
  context: RequestContext,
  limits: Limits,
): Promise<CollectedRows> {
  const { cursor } = operation.listing ?? {};
  const wanted =
    typeof args.limit === 'number' ? args.limit : args.save_as === undefined ? pageLength : maxSavedRows;
  const list: ListCall = { operation, args, wanted, request, context, limits };
  // The API does not document start_after with another order.
  return cursor && args.order === undefined ? readAll(list, cursor) : readOnce(list);
}

interface ListCall {
  readonly operation: Operation;
  readonly args: Arguments;
  readonly wanted: number;
  readonly request: PreparedRequest;
  readonly context: RequestContext;
  readonly limits: Limits;
}

async function readAll(list: ListCall, cursor: Cursor): Promise<CollectedRows> {
  const { args, wanted, context } = list;
  let answer: ApiResponse | undefined;
  let reported = 0;
  // What goes to a file is not limited to the size of a result.
  const isSaved = args.save_as !== undefined;
  const pages = await readPages({
    ...cursor,
    wanted,
    after: args.start_after as string | undefined,
    goesOn: args.start_after !== undefined && args.limit === undefined,
    // A caller that wants more than a page wants all rows, and can wait for one more request.
    checksShortPages: wanted > pageLength,
    read: async (query, options) => {
      // Counting is slow, so it is done once.
      const counted = options.isFirst ? {} : { total: undefined };
      const page = await readPage(list, { ...query, ...counted }, options);
      answer ??= page;
      return { items: itemsOf(page), size: isSaved ? 0 : page.size, total: totalOf(page.body) };
    },
    onPage: ({ length }) => {
      if (length > reported) context.client?.reportProgress?.(length, wanted);
      reported = length;
      return false;
    },
  });
  return {
    ...withRows(answer as ApiResponse, pages.rows.slice(0, wanted)),
    ...(await describeRemainder(list, pages)),
  };
}

/** Describes the rows of a list that were not read. */
async function describeRemainder(list: ListCall, pages: Pages): Promise<Pick<CollectedRows, 'remainder'>> {
  const { rest, doubt, rows, isSpare, isCut } = pages;
  if (rest === 'none') return {};
  const shown = Math.min(rows.length, list.wanted);
  const total = isSpare && doubt?.kind !== 'failed' ? await countAll(list, !doubt) : undefined;
  if (total === rows.length && rest === 'unknown') return {};
  const count = total !== undefined && total > shown && !list.context.pins ? total - shown : undefined;
  return { remainder: { count, doubt, goesOn: rest === 'some', wanted: list.wanted, isCut } };
}

/** Reads a list with one request, since its pages cannot be followed. */
async function readOnce(list: ListCall): Promise<CollectedRows> {
  const { operation, wanted, context, request, limits } = list;
  const answer = await context.send({ ...request, ...limits });
  const items = itemsOf(answer);
  const rows = [...items].filter(isJsonObject);
  const collected = withRows(answer, rows);
  const absent = items.length - rows.length;
  if (absent > 0) return { ...collected, remainder: { doubt: { kind: 'no objects', count: absent } } };
  if (!('limit' in operation.query) || rows.length === 0 || totalOf(answer.body) === rows.length)
    return collected;
  if (rows.length >= wanted) {
    const total = totalOf(answer.body) ?? (await countAll(list, true));
    if (total === rows.length) return collected;
    // With pins, the total may count rows outside them, and it counts those before start_after.
    const isTrue = !context.pins && list.args.start_after === undefined;
    const count = isTrue && total !== undefined && total > rows.length ? total - rows.length : undefined;
    return { ...collected, remainder: { count } };
  }
  if (!mayBeCapped(rows.length)) return collected;
  if ((await countAll(list, false)) === rows.length) return collected;
  return { ...collected, remainder: { doubt: { kind: 'maybe cut' } } };
}

/**
 * Reads a page. Pages after the first get less than the remaining time, so that a slow one does not lose the rows.
 *
 * @throws CallError
 */
function readPage(
  list: ListCall,
  query: JsonObject,
  { isFirst, isCheck, mayRepeat }: PageOptions,
): Promise<ApiResponse> {
  const { request, context, limits } = list;
  const send = (within: Limits) =>
    context.send({ ...request, query: { ...request.query, ...query }, mayRepeat, ...within });
  if (isFirst) return send(limits);
  const left = limits.deadline - Date.now();
  const max = Math.max(0, left - Math.min(left * reservedShare, maxReservedMs));
  return withDeadline(Math.floor(isCheck ? Math.min(max, maxCheckMs) : max), limits.signal, send);
}

/** The rows of a list's answer. @throws CallError `invalid_response` */
export function itemsOf({ body, status, requestId }: ApiResponse): readonly unknown[] {
  const items = rowsOf(body);
  if (items) return items;
  throw new CallError('invalid_response', 'Synqly answered without the rows of the list.', {
    status,
    requestId,
    retry: 'safe',
  });
}

function withRows(answer: ApiResponse, rows: readonly JsonObject[]): ApiResponse {
  return { ...answer, body: { ...(answer.body as JsonObject), result: rows } };
}

/**
 * The number of rows, if the API counts them. Counting is slow, so it is only done for lists that were cut or may be
 * incomplete. Undefined if it fails.
 *
 * @param reports whether the number is shown: with pins it may count rows outside them
 */
async function countAll(list: ListCall, reports: boolean): Promise<number | undefined> {
  const { operation, args, context } = list;
  const counts = 'total' in operation.query && args.start_after === undefined;
  if (!counts || (reports && context.pins)) return undefined;
  try {
    const options = { isFirst: false, isCheck: !reports, mayRepeat: () => false };
    return totalOf((await readPage(list, { limit: 1, total: true, order: undefined }, options)).body);
  } catch (error) {
    if (error instanceof CallError && error.code !== 'cancelled') return undefined;
    throw error;
  }
}

/**
 * The `start_after` for the rows that follow. If several rows may share a value, the value before the last one, so that
 * the next page does not skip rows that were not shown.
 */
export function cursorAfter(rows: readonly JsonObject[], { fields, unique }: Cursor): string | undefined {
  const { last, before } = resumePointsOf(rows, fields);
  if (!unique || last === undefined) return before;
  const sharing = rows.filter((row) => isSameCursor(cursorOf(row, fields) ?? '', last));
  return sharing.length === 1 ? last : before;
}
