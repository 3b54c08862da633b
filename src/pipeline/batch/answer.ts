import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { costOf } from '../../lib/token-estimate.ts';
import { resultOf } from '../../synqly/endpoints.ts';
import { maskResult, type OperationCall } from '../call-state.ts';
import { withoutZeroTimes } from '../result/absent-times.ts';
import { askForLess, continuationFor } from '../result/continuation.ts';
import { formatBody } from '../result/format-body.ts';
import { describeMore } from '../result/more.ts';
import { readFields } from '../result/selected-fields.ts';
import { pickPaths, pruneEmpty } from '../result/table.ts';
import type { Continuation } from '../result/truncate.ts';
import type { StoredResponse } from '../secrets/store-response.ts';

/** The answer to one call of a batch, without secrets. */
export interface Answer {
  /** The rows of a list, or the only row that stands for an object: cells by column. */
  readonly rows: readonly JsonObject[];
  /** Whether the rows are those of a list. */
  readonly isList: boolean;
  /** Rows of the list, of which `rows` has those that can be shown. */
  readonly count: number;
  /** The answer as the result of a single call, unless it is a list. */
  readonly value?: unknown;
  /** How to get the rest of `value`. */
  readonly continuation: Continuation;
  /** Fields of a list other than its rows. */
  readonly others: JsonObject;
  /** `more` of a list of which some rows are shown; empty if these are all. */
  more(shown: number): JsonObject;
  /** What paths of later calls read; undefined if none does. */
  readonly whole?: JsonObject | undefined;
}

/** By how much a table may shorten rows. More rows than that cannot be shown, and are not kept. */
const maxShortening = 10;

interface ReadOptions {
  readonly fields: readonly string[] | undefined;
  /** Whether later calls take values from the answer. */
  readonly isNeeded: boolean;
}

/** Reads the response to a call of a batch. @throws CallError as for a single call */
export function readAnswer(call: OperationCall, stored: StoredResponse, options: ReadOptions): Answer {
  const { operation, args, context } = call;
  const { listing } = operation;
  const body = maskResult(call, stored.body);
  const result = withoutZeroTimes(operation, resultOf(body));
  const isList = listing !== undefined && Array.isArray(result) && result.every(isJsonObject);
  const whole = options.isNeeded ? wholeOf(body, result) : undefined;
  if (isList) return { ...readList(call, stored, body as JsonObject, result, options), whole };
  const response = { ...stored.response, body };
  const value = maskResult(call, formatBody(operation, args, response, context.maxResultTokens));
  const picked = pickFields(value, options.fields);
  const { result: object, ...others } = isJsonObject(picked) ? picked : {};
  const isObject = isJsonObject(object) && Object.keys(others).length === 0;
  return {
    rows: isObject ? [object] : [],
    isList: false,
    count: 1,
    value: picked,
    continuation: options.fields ? askForLess : continuationFor(operation, args, context),
    others: {},
    more: () => ({}),
    whole,
  };
}

function readList(
  call: OperationCall,
  { response }: StoredResponse,
  { result: _, ...others }: JsonObject,
  rows: readonly JsonObject[],
  { fields }: ReadOptions,
): Answer {
  const { operation, args, context } = call;
  const listing = operation.listing ?? { columns: [] };
  const { columns, note } = readFields(rows, fields ?? args.fields, listing.columns);
  const list = {
    listing,
    rows: rows.map((row) => pickCursor(row, listing.cursor?.fields)),
    remainder: response.remainder,
  };
  const shown: JsonObject[] = [];
  let left = context.maxResultTokens * maxShortening;
  for (const row of rows) {
    const cells = columns.includes('*') ? ((pruneEmpty(row) ?? {}) as JsonObject) : pickPaths(row, columns);
    left -= costOf(cells, left);
    if (left < 0 && shown.length > 0) break;
    shown.push(cells);
  }
  return {
    rows: shown,
    isList: true,
    count: rows.length,
    continuation: askForLess,
    others: { ...(pruneEmpty(others) as JsonObject | undefined), ...(note !== undefined && { note }) },
    more: (count) => maskResult(call, describeMore(list, count, args)) as JsonObject,
  };
}

/** The fields of a row that its list is continued by. The others need not be kept. */
function pickCursor(row: JsonObject, fields: readonly string[] = []): JsonObject {
  return Object.fromEntries(['id', ...fields].filter((name) => name in row).map((name) => [name, row[name]]));
}

function pickFields(value: unknown, fields: readonly string[] | undefined): unknown {
  if (!fields || fields.includes('*') || !isJsonObject(value) || !isJsonObject(value.result)) return value;
  const { columns, note } = readFields([value.result], fields, Object.keys(value.result));
  return { ...value, result: pickPaths(value.result, columns), ...(note !== undefined && { note }) };
}

function wholeOf(body: unknown, result: unknown): JsonObject {
  const rows = Array.isArray(result) ? result : [result];
  return { ...(isJsonObject(body) ? body : { result: body }), rows };
}

/** The answer of a call that was made several times, as paths read it. */
export function joinAnswers(answers: readonly Answer[]): JsonObject {
  const rows = answers.flatMap(({ whole }) => (Array.isArray(whole?.rows) ? whole.rows : []));
  return { rows, result: rows };
}
