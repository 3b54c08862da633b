import { dropUndefined } from '../../errors.ts';
import type { Arguments, JsonObject } from '../../lib/json.ts';
import { costOf, fitsTokens } from '../../lib/token-estimate.ts';
import { readMoreTool } from '../../tools/builtin/read-more.ts';
import type { WorkflowAnswer, WorkflowTable } from '../../tools/workflows/define-workflow.ts';
import { divideFairly } from '../batch/shares.ts';
import { addressFrom } from '../result/address.ts';
import { type Table, toTable } from '../result/table.ts';
import type { Continuation } from '../result/truncate.ts';
import { truncate } from '../result/truncate.ts';

/** Share of the tokens for the rows of all tables; reduced step by step if the result is too long. */
const [rowShare, minRowShare] = [1, 0.05];

/** Tokens for the texts about the rows that are left out of a table. */
const moreTokens = 60;

interface FormatOptions {
  /** The workflow's id and the arguments of its call. */
  readonly tool: string;
  readonly args: Arguments;
  readonly maxTokens: number;
  readonly notRead: readonly JsonObject[] | undefined;
}

/** The answer of a workflow as a value, whole. */
export function formatWhole(
  answer: WorkflowAnswer,
  { notRead, args }: Pick<FormatOptions, 'notRead' | 'args'>,
): JsonObject {
  return build(answer, tablesOf(answer), notRead, moreOfUnfinished(answer, args));
}

/** The answer of a workflow as a result: rows that do not fit are left out, and `more` says how to read them. */
export function formatAnswer(answer: WorkflowAnswer, options: FormatOptions): unknown {
  const { maxTokens, notRead, tool, args } = options;
  const whole = formatWhole(answer, options);
  if (fitsTokens(whole, maxTokens)) return whole;
  const tables = tablesOf(answer);
  const empty = tables.map((one) => ({ ...one, table: { ...one.table, rows: [] } }));
  const fixed = costOf(build(answer, empty, notRead, undefined)) + moreTokens * tables.length;
  const costs = tables.map(({ table }) => table.rows.map((row) => costOf(row) + 0.5));
  const wanted = costs.map((one) => one.reduce((sum, cost) => sum + cost, 0));
  for (let share = rowShare; share > minRowShare; share *= 0.9) {
    const shares = divideFairly(Math.max(0, maxTokens - fixed) * share, wanted);
    const shown = tables.map((one, index) => fitRows(one, costs[index] ?? [], shares[index] ?? 0));
    const result = build(answer, shown, notRead, describeMore(answer, shown, options));
    if (fitsTokens(result, maxTokens)) return result;
  }
  const continuation: Continuation = { tool, arguments: { ...args } };
  return truncate(whole, maxTokens, continuation);
}

interface NamedTable {
  /** Empty for the main table. */
  readonly name: string;
  readonly table: Table;
  /** Rows that the table has in all. */
  readonly count: number;
}

function tablesOf(answer: WorkflowAnswer): readonly NamedTable[] {
  const named = (name: string, { rows, columns, inRows }: WorkflowTable): NamedTable => ({
    name,
    table: toTable(rows, columns, inRows),
    count: rows.length,
  });
  const others = Object.entries(answer.tables ?? {}).filter(([, { rows }]) => rows.length > 0);
  return [named('', answer), ...others.map(([name, table]) => named(name, table))];
}

function build(
  { summary, details, next }: WorkflowAnswer,
  tables: readonly NamedTable[],
  notRead: readonly JsonObject[] | undefined,
  more: JsonObject | undefined,
): JsonObject {
  const [main, ...others] = tables;
  return dropUndefined({
    summary,
    ...details,
    ...(main && main.count > 0 && main.table),
    ...Object.fromEntries(others.map(({ name, table }) => [name, table])),
    more,
    not_read: notRead,
    next: next && next.length > 0 ? next : undefined,
  });
}

function fitRows(one: NamedTable, costs: readonly number[], tokens: number): NamedTable {
  let left = tokens;
  const fitting = costs.findIndex((cost) => {
    left -= cost;
    return left < 0;
  });
  if (fitting === -1) return one;
  return { ...one, table: { ...one.table, rows: one.table.rows.slice(0, fitting) } };
}

/** What time was not left for, and the call that goes on; undefined if all was done. */
export function moreOfUnfinished({ unfinished }: WorkflowAnswer, args: Arguments): JsonObject | undefined {
  return unfinished && { why: unfinished.why, next: { ...args, ...unfinished.next } };
}

/** How to read the rows that are left out. */
function describeMore(
  answer: WorkflowAnswer,
  tables: readonly NamedTable[],
  { tool, args }: FormatOptions,
): JsonObject | undefined {
  const cut = tables.flatMap(({ name, table, count }): [string, JsonObject][] => {
    const shown = table.rows.length;
    if (shown === count) return [];
    const remaining = { remaining: count - shown };
    const last = name === '' ? answer.rows[shown - 1] : undefined;
    if (last && answer.continueAfter)
      return [[name, { ...remaining, next: { ...args, ...answer.continueAfter(last) } }]];
    const cursor = addressFrom(name === '' ? 'rows' : `${name}/rows`, shown);
    const call = { tool: readMoreTool.id, arguments: { tool, arguments: args, cursor } };
    return [[name, { ...remaining, next: call }]];
  });
  const why = answer.unfinished?.why;
  const main = cut.find(([name]) => name === '')?.[1] ?? moreOfUnfinished(answer, args);
  const others = Object.fromEntries(cut.filter(([name]) => name !== ''));
  if (!main && Object.keys(others).length === 0) return undefined;
  return { ...main, ...(why !== undefined && { why }), ...others };
}
