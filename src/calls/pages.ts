import { CallError } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import type { Session } from '../session.ts';
import type { ApiAnswer } from '../synqly/answer.ts';
import type { Cursor, Operation } from '../tools/operation.ts';
import type { Arguments } from './arguments.ts';
import type { Limits } from './deadline.ts';
import type { PreparedRequest } from './request.ts';

/** Rows of one request: what the API gives when not told (behaviour of `limit`). More might be capped in silence. */
export const pageLength = 100;

/** Bytes of pages after which no further one is read: what does not fit into one result is asked for anew anyhow. */
const mostBytes = 2 * 1024 * 1024;

/** Rows of a list, of as many pages as they take. */
export interface Collected extends ApiAnswer {
  /** Set when there are more than were asked for. */
  readonly beyond?: Beyond;
}

export interface Beyond {
  /** How many more, where the API counts and nothing was skipped before. */
  readonly count?: number;
}

/**
 * Reads a list, page after page, until so many rows are there as the caller wants.
 *
 * @throws CallError
 */
export async function collectPages(
  operation: Operation,
  args: Arguments,
  request: PreparedRequest,
  session: Session,
  limits: Limits,
): Promise<Collected> {
  const { cursor } = operation.listing ?? {};
  const wanted = typeof args.limit === 'number' ? args.limit : pageLength;
  const read = (query: JsonObject) =>
    session.send({ ...request, query: { ...request.query, ...query } as never, ...limits });
  // How start_after goes with another order is not documented.
  if (!cursor || args.order !== undefined) {
    const answer = await read({});
    return rowsOf(answer) && wanted <= (rowsOf(answer)?.length ?? 0) ? { ...answer, beyond: {} } : answer;
  }
  const seen = new Set<unknown>();
  const rows: JsonObject[] = [];
  let after = args.start_after as string | undefined;
  let length = pageLength;
  let repeated = 0;
  let size = 0;
  for (;;) {
    // One more than is wanted tells whether there are more.
    const asked = Math.min(length, wanted + 1 - rows.length + repeated);
    const answer = await readPage(read, asked, after);
    if (answer === 'too large') {
      length = Math.ceil(asked / 2);
      continue;
    }
    const page = rowsOf(answer);
    if (!page) return answer;
    for (const row of page) {
      if (!cursor.unique && seen.has(row.id)) continue;
      if (row.id !== undefined) seen.add(row.id);
      rows.push(row);
    }
    if (page.length < asked || rows.length > wanted) {
      const body = { ...(answer.body as JsonObject), result: rows.slice(0, wanted) };
      if (rows.length <= wanted) return { ...answer, body };
      return { ...answer, body, beyond: await countBeyond(read, operation, args, wanted, session) };
    }
    size += answer.size ?? 0;
    if (size > mostBytes) {
      const body = { ...(answer.body as JsonObject), result: rows };
      return { ...answer, body, beyond: await countBeyond(read, operation, args, rows.length, session) };
    }
    session.client?.report?.(rows.length, wanted);
    const next = cursorAfter(page, cursor);
    // Rows of one value fill the page: only a longer one gets past them.
    if (next === undefined) length *= 2;
    else
      repeated = cursor.unique
        ? 0
        : page.length - 1 - page.findLastIndex((row) => cursorValue(row, cursor) === next);
    after = next ?? after;
  }
}

type Read = (query: JsonObject) => Promise<ApiAnswer>;

/** A page that is too large for this server is asked for again, shorter. */
async function readPage(
  read: Read,
  limit: number,
  after: string | undefined,
): Promise<ApiAnswer | 'too large'> {
  try {
    return await read({ limit, ...(after !== undefined && { start_after: after }) });
  } catch (error) {
    if (error instanceof CallError && error.code === 'response_too_large' && limit > 1) return 'too large';
    throw error;
  }
}

function rowsOf({ body }: ApiAnswer): JsonObject[] | undefined {
  const rows = isJsonObject(body) ? body.result : undefined;
  return Array.isArray(rows) && rows.every(isJsonObject) ? rows : undefined;
}

/**
 * What to pass as `start_after` for the rows that follow. Where several rows may have the same value, the one before
 * the last: the page would else begin behind those that did not fit.
 */
export function cursorAfter(rows: readonly JsonObject[], cursor: Cursor): string | undefined {
  const last = rows.at(-1);
  if (!last || cursor.fields.some((field) => typeof last[field] !== 'string')) return undefined;
  const value = cursorValue(last, cursor);
  if (cursor.unique) return value;
  const before = rows.findLast((row) => cursorValue(row, cursor) !== value);
  return before && cursorValue(before, cursor);
}

function cursorValue(row: JsonObject, { fields }: Cursor): string {
  return fields.map((field) => row[field]).join(',');
}

/** Counting is slow, so it is only done for a list that did not fit; where it fails, the list does without. */
async function countBeyond(
  read: Read,
  operation: Operation,
  args: Arguments,
  shown: number,
  session: Session,
): Promise<Beyond> {
  const counts = 'total' in operation.query && !session.pins && args.start_after === undefined;
  if (!counts) return {};
  try {
    const { body } = await read({ limit: 1, total: true });
    const total = isJsonObject(body) ? body.total : undefined;
    return typeof total === 'number' && total > shown ? { count: total - shown } : {};
  } catch (error) {
    if (error instanceof CallError) return {};
    throw error;
  }
}
