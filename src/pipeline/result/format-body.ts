import { CallError } from '../../errors.ts';
import type { Arguments } from '../../lib/json.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { costOf, lengthOf } from '../../lib/token-estimate.ts';
import { resultOf } from '../../synqly/endpoints.ts';
import type { ApiResponse } from '../../synqly/response.ts';
import type { Operation } from '../../tools/define-operation.ts';
import type { Remainder } from '../execute/paginate.ts';
import { withoutZeroTimes } from './absent-times.ts';
import { formatDocument } from './large-documents.ts';
import { describeMore, type FormattedList } from './more.ts';
import { readFields } from './selected-fields.ts';
import { pruneEmpty, toTable } from './table.ts';

/** A response to be formatted. */
export interface FormattableResponse extends ApiResponse {
  /** Set if a list has, or may have, more rows. */
  readonly remainder?: Remainder | undefined;
}

/** Tokens reserved for the parts of a list other than its rows. */
const reservedTokens = 400;

/**
 * Formats a response: a list as a table, a large document as the selected part, anything else without empty fields. A write
 * without a body returns `done`.
 *
 * @param args arguments as the caller gave them; `whole` returns the body unchanged, with `more` for an incomplete list
 * @param tokens the limit for the result
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
    throw new CallError('invalid_response', 'The response of Synqly has no body.', { status, requestId });
  }
  if (args === 'whole')
    return isJsonObject(body) && answer.remainder ? { ...body, more: answer.remainder } : body;
  const document = formatDocument(operation, args, body, tokens);
  if (document !== undefined) return document;
  const rows = withoutZeroTimes(operation, resultOf(body));
  if (operation.listing && Array.isArray(rows) && rows.every(isJsonObject)) {
    const list = { listing: operation.listing, rows, remainder: answer.remainder };
    return formatList(list, body as JsonObject, args, tokens - reservedTokens);
  }
  if (!isJsonObject(body) || !isJsonObject(rows)) return body;
  return { ...body, result: pruneEmpty({ ...rows, ...ownerOf(operation, rows) }) ?? {} };
}

/** The owner of a credential that was found by its id alone, under the name of the argument that other tools take. */
function ownerOf({ pinRule }: Operation, { owner_type: type, ...ids }: JsonObject): JsonObject {
  const id = pinRule.kind === 'found' ? ids[`${type}_id`] : undefined;
  return typeof id === 'string' && id !== '' ? { owner_id: id } : {};
}

function formatList(
  list: FormattedList,
  { result, ...others }: JsonObject,
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
    ...others,
    ...table,
    ...(note !== undefined && { note }),
    ...describeMore(list, fitting, args),
  };
}

/** By how much moving constant columns to `same` may shorten the rows of a list. */
const maxSameFactor = 10;

/** How many rows may fit at most, so that the other rows of a large response need not be formatted. */
function countCandidates(rows: readonly JsonObject[], columns: readonly string[], tokens: number): number {
  let rest = tokens * maxSameFactor;
  // A token has at least one character. Most lists end here.
  if (lengthOf(rows, rest) <= rest) return rows.length;
  for (const [index, row] of rows.entries()) {
    const cells = columns.includes('*') ? row : columns.map((column) => row[column.split('.')[0] as string]);
    rest -= costOf(cells, rest) + 1;
    if (rest < 0) return Math.max(1, index);
  }
  return rows.length;
}

/** How many rows fit; at least one, which is shortened later if necessary. */
function countFitting(rows: readonly unknown[], tokens: number): number {
  let rest = tokens;
  const firstTooMany = rows.findIndex((row) => {
    rest -= costOf(row, rest) + 1;
    return rest < 0;
  });
  return firstTooMany === -1 ? rows.length : Math.max(1, firstTooMany);
}
