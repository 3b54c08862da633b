import { canonicalJson, isJsonObject, type JsonObject } from '../../lib/json.ts';
import { costOf, fitsTokens } from '../../lib/token-estimate.ts';
import type { RequestContext } from '../../request-context.ts';
import { maskKnown } from '../../secrets/redact.ts';
import { pick } from '../arguments/parse.ts';
import { askForLess } from '../result/continuation.ts';
import { type Table, tableOf, toTable } from '../result/table.ts';
import { truncate } from '../result/truncate.ts';
import type { Answer } from './answer.ts';
import type { BatchPart, MadeCall } from './run-batch.ts';
import { divideFairly } from './shares.ts';

/** A call with an answer. */
export interface Answered extends MadeCall {
  readonly answer: Answer;
}

/** Calls of the same operation, and the names of the arguments in which they differ. */
export interface Group {
  readonly operation: string;
  readonly calls: readonly Answered[];
  readonly varying: readonly string[];
}

/** A column of a table. */
interface Column {
  readonly name: string;
  readonly cells: readonly unknown[];
}

/** How much of each answer is shown: rows, or the tokens of a value that is no row. */
type Shares = ReadonlyMap<Answered, number>;

/** The share of the tokens for the answers; reduced step by step if the result is too long. */
const answerShare = 0.85;
const minShare = 0.1;

/** With fewer tokens, a value is not shown in part. */
const minUseful = 150;

/**
 * The result of a batch: one table for all calls of an operation, in the order of the calls, then what was left out, then
 * the errors.
 */
export function formatBatch(parts: readonly BatchPart[], context: RequestContext): JsonObject {
  const made = parts.flatMap((part) => part.made);
  const groups = groupsOf(made.filter((one): one is Answered => one.answer !== undefined));
  const failed = made.filter(({ error }) => error !== undefined);
  const notes = parts.flatMap(({ planned, note }) => (note ? [{ call: planned.index, ...note }] : []));
  const rest = {
    ...(notes.length > 0 && { for_each: notes }),
    ...(failed.length > 0 && { errors: formatErrors(failed) }),
  };
  const build = (shares: Shares | undefined) =>
    maskKnown(
      {
        ok: made.length - failed.length,
        ...(failed.length > 0 && { failed: failed.length }),
        ...(groups.length > 0 && { results: groups.flatMap((group) => formatGroup(group, shares)) }),
        ...rest,
      },
      context.knownTokens,
    ) as JsonObject;
  const max = context.maxResultTokens;
  const whole = build(undefined);
  if (fitsTokens(whole, max)) return whole;
  const calls = groups.flatMap((group) => group.calls);
  const costs = new Map(groups.flatMap(costsOf));
  for (let share = answerShare; share > minShare; share *= 0.8) {
    const result = build(sharesOf(calls, costs, (max - costOf(rest, max)) * share));
    if (fitsTokens(result, max)) return result;
  }
  return truncate(build(sharesOf(calls, costs, 0)), max, askForLess) as JsonObject;
}

/** Groups calls by their operation, in the order of the first call of each. */
export function groupsOf(calls: readonly Answered[]): readonly Group[] {
  const byOperation = new Map<string, Answered[]>();
  for (const call of calls) {
    const { operation } = call.planned;
    const id = 'id' in operation ? operation.id : '';
    byOperation.set(id, [...(byOperation.get(id) ?? []), call]);
  }
  return [...byOperation].map(([operation, some]) => ({ operation, calls: some, varying: varyingOf(some) }));
}

/** The names of the arguments that are not the same in all calls. `fields` shows in the columns. */
function varyingOf(calls: readonly MadeCall[]): readonly string[] {
  const names = [...new Set(calls.flatMap(({ args }) => Object.keys(args)))];
  const text = (value: unknown) => canonicalJson(value ?? null);
  return names.filter(
    (name) => name !== 'fields' && new Set(calls.map(({ args }) => text(args[name]))).size > 1,
  );
}

/** Whether an answer is shown as rows of its group's table. */
const isRows = ({ answer }: Answered, calls: readonly Answered[]) =>
  answer.isList || (answer.rows.length > 0 && calls.length > 1);

/** What an answer costs: the tokens of each of its rows, or those of its value. */
function costsOf({ calls, varying }: Group): readonly (readonly [Answered, readonly number[]])[] {
  return calls.map((one) => {
    if (!isRows(one, calls)) return [one, [costOf(one.answer.value)]] as const;
    const label = costOf(pick(one.args, varying)) + 2;
    return [
      one,
      // The arguments stand once where there are several rows.
      one.answer.rows.map((row, index) => costOf(Object.values(row)) + (index === 0 ? label : 3)),
    ] as const;
  });
}

/** How much of each answer to show, so that all of them have equal shares and none has more than it needs. */
function sharesOf(
  calls: readonly Answered[],
  costs: ReadonlyMap<Answered, readonly number[]>,
  tokens: number,
): Shares {
  const of = (one: Answered) => costs.get(one) ?? [];
  const wanted = calls.map((one) => of(one).reduce((sum, cost) => sum + cost, 0));
  const shares = divideFairly(tokens, wanted);
  return new Map(
    calls.map((one, index) => {
      const share = shares[index] ?? 0;
      if (!one.answer.isList) return [one, share];
      let left = share;
      const fitting = of(one).findIndex((cost) => {
        left -= cost;
        return left < 0;
      });
      return [one, fitting === -1 ? of(one).length : fitting];
    }),
  );
}

/** The results of a group: its table, and each value that is no row of it. */
function formatGroup(group: Group, shares: Shares | undefined): readonly JsonObject[] {
  const { operation, calls } = group;
  const isShown = (one: Answered) => {
    const share = shares?.get(one) ?? Number.POSITIVE_INFINITY;
    return one.answer.isList || share >= rowCost(one, group);
  };
  const rows = calls.filter((one) => isRows(one, calls) && isShown(one));
  const values = calls.filter((one) => !rows.includes(one));
  return [
    ...(rows.length > 0 ? [formatTable(group, rows, shares)] : []),
    ...values.map((one) => ({ operation, ...labelOf(one, group), ...formatValue(one, shares?.get(one)) })),
  ];
}

const rowCost = (one: Answered, group: Group) =>
  costsOf({ ...group, calls: [one, one] })[0]?.[1].reduce((sum, cost) => sum + cost, 0) ?? 0;

/** Names the call: its position, and the varying arguments if it was made for an item of a list. */
function labelOf({ planned, args }: MadeCall, { varying }: Pick<Group, 'varying'>): JsonObject {
  return { call: planned.index, ...(planned.each && pick(args, varying)) };
}

function formatValue({ answer }: Answered, share = Number.POSITIVE_INFINITY): JsonObject {
  const { value, continuation } = answer;
  const whole = isJsonObject(value) ? value : { result: value };
  if (fitsTokens(whole, share)) return whole;
  if (share >= minUseful) return truncate(whole, share, continuation) as JsonObject;
  return { left_out: 'The answer did not fit. Make this call again in a batch with fewer calls.' };
}

function formatTable(group: Group, calls: readonly Answered[], shares: Shares | undefined): JsonObject {
  const { operation } = group;
  const shown = calls.map((one) => ({
    one,
    rows: one.answer.isList ? one.answer.rows.slice(0, shares?.get(one)) : one.answer.rows,
  }));
  const rows = shown.flatMap(({ one, rows }) => rows.map((row) => ({ one, row })));
  const indices = new Set(calls.map(({ planned }) => planned.index));
  const given: Column[] = [];
  const repeated = new Set<string>();
  const fields = [...new Set(rows.flatMap(({ row }) => Object.keys(row)))];
  for (const argument of group.varying) {
    const { name, cells } = argumentColumn(argument, rows, group);
    const isField = fields.includes(name);
    // A list of one account's objects has the account in its rows too.
    const isRepeated = isField && rows.every(({ row }, index) => row[name] === cells[index]);
    if (isRepeated) repeated.add(name);
    given.push({ name: isField && !isRepeated ? `arguments.${name}` : name, cells });
  }
  const withRows = [...new Set(rows.map(({ one }) => one))];
  // Where calls have several rows each, their arguments stand in a table of their own.
  const isApart = given.length > 0 && rows.length > withRows.length * 1.5;
  const names = isApart ? nameCalls(withRows) : undefined;
  const callColumn = { name: 'call', cells: rows.map(({ one }) => names?.get(one) ?? one.planned.index) };
  const table = toColumns([
    ...(indices.size > 1 || isApart ? [callColumn] : []),
    ...(isApart ? [] : given.filter(({ name }) => !repeated.has(name))),
    ...fields
      .filter((name) => !isApart || !repeated.has(name))
      .map((name) => ({ name, cells: rows.map(({ row }) => row[name] ?? null) })),
  ]);
  const firstRows = withRows.map((one) => rows.findIndex((row) => row.one === one));
  const ofFirstRows = ({ name, cells }: Column) => ({ name, cells: firstRows.map((row) => cells[row]) });
  const empty = calls.filter(({ answer }) => answer.isList && answer.count === 0);
  const others = calls.filter(({ answer }) => Object.keys(answer.others).length > 0);
  const more = shown.flatMap(({ one, rows }) => describeRest(one, rows.length, group));
  return {
    operation,
    ...(indices.size === 1 && { call: [...indices][0] }),
    ...(isApart && { calls: toColumns([callColumn, ...given].map(ofFirstRows)) }),
    ...(rows.length > 0 && table),
    ...(empty.length > 0 && { without_rows: labelsOf(empty, group) }),
    ...(others.length > 0 && {
      notes: others.map((one) => ({ ...labelOf(one, group), ...one.answer.others })),
    }),
    ...(more.length > 0 && { more, more_help: 'to read on, make the call again with the arguments of next' }),
  };
}

function toColumns(columns: readonly Column[]): Table {
  return tableOf(
    columns.map(({ name }) => name),
    columns.map(({ cells }) => cells),
    columns[0]?.cells.length ?? 0,
  );
}

/** Names calls: by their position, with a number behind it where a call was made for several items, as in `1.0`. */
function nameCalls(calls: readonly Answered[]): ReadonlyMap<Answered, number | string> {
  const counts = new Map<number, number>();
  return new Map(
    calls.map((one) => {
      const { index, each } = one.planned;
      const count = counts.get(index) ?? 0;
      counts.set(index, count + 1);
      return [one, each ? `${index}.${count}` : index];
    }),
  );
}

/** The column of an argument; of `filter`, by the field that the calls differ in, if it is one. */
function argumentColumn(name: string, rows: readonly { readonly one: Answered }[], { calls }: Group): Column {
  const column = { name, cells: rows.map(({ one }) => one.args[name] ?? null) };
  if (name !== 'filter') return column;
  const itemsOf = ({ args }: MadeCall) => (Array.isArray(args.filter) ? args.filter.map(String) : []);
  const isCommon = (item: string) => calls.every((one) => itemsOf(one).includes(item));
  const parts = rows.map(({ one }) => {
    const [item = '', ...others] = itemsOf(one).filter((each) => !isCommon(each));
    return others.length === 0 ? /^([\w.]+)\[eq\](.*)$/s.exec(item) : null;
  });
  const field = parts[0]?.[1];
  if (field === undefined || parts.some((part) => part?.[1] !== field)) return column;
  return { name: field, cells: parts.map((part) => part?.[2] ?? null) };
}

/** Names calls as shortly as possible: by the one argument in which they differ, or by their positions. */
function labelsOf(calls: readonly Answered[], group: Group): unknown {
  const [name, ...others] = group.varying;
  if (calls.every(({ planned }) => !planned.each)) return calls.map(({ planned }) => planned.index);
  if (name !== undefined && others.length === 0) return { [name]: calls.map(({ args }) => args[name]) };
  return calls.map((one) => labelOf(one, group));
}

/** How to read the rows of a list that are not shown. */
export function describeRest(one: Answered, shown: number, group: Group): readonly JsonObject[] {
  const { answer, args } = one;
  if (!answer.isList) return [];
  const { more } = answer.more(shown) as { readonly more?: JsonObject };
  if (!more) return [];
  const { next, cut: _, ...others } = more;
  const changed = isJsonObject(next)
    ? Object.fromEntries(
        Object.entries(next).filter(
          ([name, value]) =>
            name !== 'fields' &&
            name !== 'save_as' &&
            canonicalJson(value) !== canonicalJson(args[name] ?? null),
        ),
      )
    : next;
  // Without a row to continue after, the call is repeated as it was.
  const again = shown === 0 ? 'Make this call again in a batch with fewer calls.' : changed;
  return [{ ...labelOf(one, group), ...others, next: again }];
}

/** Errors as a table, in which what they have in common stands once. */
export function formatErrors(failed: readonly MadeCall[]): JsonObject {
  const rows = failed.map(({ planned, args, error = {} }) => ({
    call: planned.index,
    ...(planned.each && { arguments: args }),
    ...error,
  }));
  return { ...toTable(rows, [...new Set(rows.flatMap((row) => Object.keys(row)))]) };
}
