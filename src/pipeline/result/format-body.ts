import { CallError } from '../../errors.ts';
import type { Arguments } from '../../lib/json.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { costOf, lengthOf } from '../../lib/token-estimate.ts';
import type { ApiResponse } from '../../synqly/response.ts';
import type { Operation } from '../../tools/define-operation.ts';
import type { Remainder } from '../execute/paginate.ts';
import { formatDocument } from './large-documents.ts';
import { describeMore, type FormattedList } from './more.ts';
import { readFields } from './selected-fields.ts';
import { pruneEmpty, toTable } from './table.ts';

/** An answer on its way to the caller. */
export interface FormattableResponse extends ApiResponse {
  /** Set when a list goes on. */
  readonly remainder?: Remainder | undefined;
}

/** Tokens for all of a result but the rows of a list. */
const besideRows = 400;

/**
 * What the caller gets of an answer: a list as a table of the columns that one chooses the next step by, the part of a
 * large document that was asked for, anything else without what says nothing. A write without a body is a success that says so.
 *
 * @param args as the caller gave them; `whole` leaves the answer as it is, with `more` beside a list that goes on
 * @param tokens what the result may cost
 * @throws CallError `invalid_response` for a read without a body, `not_found` for a part of a document
 */
export function formatBody(
  operation: Operation,
  args: Arguments | 'whole',
  answer: FormattableResponse,
  tokens: number,
): unknown {
  const { status, requestId, body } = answer;
  if (body === undefined) {
    if (operation.effect !== 'read') return { done: true, status };
    throw new CallError('invalid_response', 'Synqly answered a read without a body.', { status, requestId });
  }
  if (args === 'whole')
    return isJsonObject(body) && answer.remainder ? { ...body, more: answer.remainder } : body;
  const document = formatDocument(operation, args, body, tokens);
  if (document !== undefined) return document;
  const rows = isJsonObject(body) ? body.result : undefined;
  if (operation.listing && Array.isArray(rows) && rows.every(isJsonObject)) {
    const list = { listing: operation.listing, rows, remainder: answer.remainder };
    return formatList(list, body as JsonObject, args, tokens - besideRows);
  }
  return isJsonObject(body) && isJsonObject(body.result)
    ? { ...body, result: pruneEmpty(body.result) ?? {} }
    : body;
}

function formatList(
  list: FormattedList,
  { result, ...beside }: JsonObject,
  args: Arguments,
  tokens: number,
): JsonObject {
  const { listing, rows } = list;
  const { columns, note } = readFields(rows, args.fields, listing.columns);
  const show = (some: readonly JsonObject[]): JsonObject =>
    columns.includes('*')
      ? { result: some.map((row) => pruneEmpty(row) ?? {}) }
      : { ...toTable(some, columns) };
  const candidates = rows.slice(0, countCandidates(rows, columns, tokens));
  const whole = show(candidates);
  const shown = (whole.rows ?? whole.result) as readonly unknown[];
  const fitting = countFitting(shown, tokens);
  const table = fitting < rows.length ? show(rows.slice(0, fitting)) : whole;
  return {
    ...beside,
    ...table,
    ...(note !== undefined && { note }),
    ...describeMore(list, fitting, args),
  };
}

/** How many times as much as the result may cost its rows may, before columns that hold one value are said once. */
const maxSameFactor = 10;

/** How many rows can be among those that fit, so that the rest of a large answer need not be looked at. */
function countCandidates(rows: readonly JsonObject[], columns: readonly string[], tokens: number): number {
  let rest = tokens * maxSameFactor;
  // No token is shorter than a character; most lists end here.
  if (lengthOf(rows, rest) <= rest) return rows.length;
  for (const [index, row] of rows.entries()) {
    const cells = columns.includes('*') ? row : columns.map((column) => row[column.split('.')[0] as string]);
    rest -= costOf(cells, rest) + 1;
    if (rest < 0) return Math.max(1, index);
  }
  return rows.length;
}

/** How many rows fit; one at least, which is cut later if it must be. */
function countFitting(rows: readonly unknown[], tokens: number): number {
  let rest = tokens;
  const beyond = rows.findIndex((row) => {
    rest -= costOf(row, rest) + 1;
    return rest < 0;
  });
  return beyond === -1 ? rows.length : Math.max(1, beyond);
}
