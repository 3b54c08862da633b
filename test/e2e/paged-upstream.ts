import type { FakeAnswer, FakeRequest } from './fake-synqly.ts';

export type Row = Readonly<Record<string, unknown>>;

/** How a Management API of a test gives the pages of a list. */
export interface Upstream {
  readonly rows: readonly Row[];
  /** What rows are sorted by, and `start_after` takes. */
  readonly field: 'name' | 'created_at';
  /** Rows of a page, whatever `limit` says. */
  readonly cap?: number | undefined;
  /** What `start_after` leaves out: rows up to its value, rows before it, or none at all. */
  readonly after?: 'strict' | 'inclusive' | 'ignored' | undefined;
  /** Whether `total` is told. */
  readonly counts?: boolean | undefined;
  /** Answers in the place of a page, by its number from 1. */
  readonly instead?:
    | Readonly<Record<number, FakeAnswer | ((page: readonly Row[]) => FakeAnswer)>>
    | undefined;
}

/** The answers of such an API to one list, in the order of its requests. */
export function pagesOf(upstream: Upstream): (request: FakeRequest) => FakeAnswer {
  let page = 0;
  return ({ query }) => {
    const {
      field,
      cap = Number.POSITIVE_INFINITY,
      after = 'strict',
      counts = false,
      instead = {},
    } = upstream;
    page += 1;
    const order = query.get('order');
    const rows = order?.endsWith('[desc]') ? upstream.rows.toReversed() : upstream.rows;
    const start = order || after === 'ignored' ? null : query.get('start_after');
    const isBehind = (value: unknown) =>
      start === null || typeof value !== 'string' || (after === 'strict' ? value > start : value >= start);
    const limit = Math.min(Number(query.get('limit') ?? 100), cap);
    const result = rows.filter((row) => isBehind(row[field])).slice(0, limit);
    const total = counts && query.get('total') === 'true' ? { total: rows.length } : {};
    const other = instead[page];
    if (other !== undefined) return typeof other === 'function' ? other(result) : other;
    return { json: { result, ...total } };
  };
}

/** So many texts that sort as they are numbered. */
export const numbered = (count: number, prefix = 'n') =>
  Array.from({ length: count }, (_, at) => `${prefix}-${String(at).padStart(4, '0')}`);

/** A moment, so many milliseconds into a day. */
export const timeAt = (milliseconds: number) => new Date(Date.UTC(2026, 0, 1) + milliseconds).toISOString();

/** The rows of a result as objects, whether it is a table or not. */
// biome-ignore lint/suspicious/noExplicitAny: results are compared, not programmed against
export function rowsOf(json: any): Row[] {
  if (json.result) return json.result;
  const { columns = [], rows = [], same = {} } = json;
  return rows.map((row: unknown[]) => ({
    ...same,
    ...Object.fromEntries(columns.map((column: string, at: number) => [column, row[at]])),
  }));
}
