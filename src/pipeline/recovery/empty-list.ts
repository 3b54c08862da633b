import { findClosest } from '../../lib/did-you-mean.ts';
import { closestNames, fewNames, listed, quoted, shortened } from '../../lib/format-names.ts';
import { type Arguments, isJsonObject } from '../../lib/json.ts';
import type { RequestContext } from '../../request-context.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { type Filter, readFilter } from '../arguments/list-syntax.ts';
import { pick } from '../arguments/parse.ts';
import type { Limits } from '../execute/deadline.ts';
import { type Rows, readRows, readRowsIfPossible, tryHint, withHintTimeout } from './sample-rows.ts';

/** Values of a field that are told one by one. */
const maxValues = 8;
const maxNear = 5;
const wildcards = 'like needs % for what comes before or after the value.';

/** Fields that tell which one a row is. */
const naming: ReadonlySet<string> = new Set(['name', 'fullname', 'id']);

/**
 * What is told beside a list without rows: what was asked, and what there is instead. Values stand beside the note, never
 * in it: others wrote them.
 */
export interface EmptyNote {
  readonly note?: string;
  /** Names of objects that are named like the wanted one. */
  readonly closest?: readonly string[];
  /** By field, values that it has, or from where to where they go. */
  readonly values?: Readonly<Record<string, unknown>>;
}

/**
 * The note beside a list without rows, and the values it speaks of. Nothing for any other answer.
 *
 * @param args as the caller gave them
 * @param body what of the answer is inside the pins
 */
export async function explainEmptyList(
  operation: Operation,
  args: Arguments,
  body: unknown,
  context: RequestContext,
  limits: Limits,
): Promise<EmptyNote> {
  const result = operation.listing && isJsonObject(body) ? body.result : undefined;
  if (!Array.isArray(result) || result.length > 0) return {};
  return (await tryHint(context, () => noteOn(operation, args, context, withHintTimeout(limits)))) ?? {};
}

async function noteOn(
  operation: Operation,
  args: Arguments,
  context: RequestContext,
  limits: Limits,
): Promise<EmptyNote> {
  const filters = Array.isArray(args.filter) ? args.filter.map(String) : [];
  const within = context.pins ? ' inside what this server is pinned to' : '';
  const things = `${nounOf(operation)}${whose(operation, args)}${within}`;
  const asked = `${things}${filters.length > 0 ? ` that fit ${askedFor(filters)}` : ''}`;
  if (args.start_after !== undefined)
    return { note: await noteOnEnd(operation, args, asked, context, limits) };
  if (filters.length === 0) return { note: `There are no ${things} yet.` };
  const known = filters.flatMap((text) => readFilter(text) ?? []);
  const [wanted] = known.filter(({ field }) => naming.has(field)).flatMap(operandsOf);
  const kept = pick(args, [...Object.keys(operation.params), 'expand']);
  const rows = await readRowsIfPossible(context, limits, (within) =>
    readRows(operation, kept, context, within, wanted),
  );
  if (!rows) return { note: `There are no ${asked}.` };
  const found = known.map((filter) => onFilter(filter, operation, rows));
  const described = [`There are no ${asked}.`, countOf(rows), ...found.flatMap(({ says }) => says)];
  const names = [...new Set(found.flatMap(({ closest: near = [] }) => near))];
  const values = Object.assign({}, ...found.map((one) => one.values)) as Record<string, unknown>;
  return {
    note: [...new Set(described)].join(' '),
    ...(names.length > 0 && { closest: names }),
    ...(Object.keys(values).length > 0 && { values }),
  };
}

/** The page was empty; what it would have held stands before it. */
async function noteOnEnd(
  operation: Operation,
  args: Arguments,
  asked: string,
  context: RequestContext,
  limits: Limits,
): Promise<string> {
  const kept = pick(args, [...Object.keys(operation.params), 'filter']);
  const rows = await readRowsIfPossible(context, limits, (within) =>
    readRows(operation, kept, context, within),
  );
  if (rows?.count === 0) return `There are no ${asked}.`;
  const before = rows ? ` Without start_after there are ${amount(rows)}.` : '';
  return `The list of ${asked} ends there: none comes after ${quoted(args.start_after)}.${before}`;
}

const maxOperands = 3;

function askedFor(filters: readonly string[]): string {
  const more = filters.length - maxOperands;
  const described = filters.slice(0, maxOperands).map(quoted);
  return listed(more > 0 ? [...described, `${more} more`] : described);
}

const nouns: Readonly<Record<string, string>> = {
  integrations_list_account: 'integrations',
  status_list: 'integrations with a status',
};

function nounOf({ id, title }: Operation): string {
  return nouns[id] ?? title.replace(/^List /, '');
}

/** What the list belongs to, as its path says. */
function whose({ params }: Operation, args: Arguments): string {
  const names = Object.keys(params).filter((name) => typeof args[name] === 'string');
  const described = names.map(
    (name) => ` of ${name.replace(/_id$/, '').replaceAll('_', ' ')} ${quoted(args[name])}`,
  );
  return described.toReversed().join('');
}

function amount({ count, orMore }: Rows): string {
  return `${count}${orMore ? ' or more' : ''}`;
}

function countOf(rows: Rows): string {
  if (rows.count === 0) return 'There are none without the filter either.';
  return `Without the filter there ${rows.count === 1 ? 'is' : 'are'} ${amount(rows)}.`;
}

function operandsOf({ operator, value }: Filter): readonly string[] {
  const values = operator.endsWith('in') ? value.split(',') : [value];
  return values.map((one) => one.replaceAll(/[%*]/g, '').trim()).filter((one) => one !== '');
}

/** What is said of the field of a filter, in our words only, and the values that are told beside. */
interface OnFilter extends Pick<EmptyNote, 'closest' | 'values'> {
  readonly says: readonly string[];
}

/** What there is in the field that a filter is about. Only what lists show: other fields may hold secrets. */
function onFilter(filter: Filter, operation: Operation, { rows, orMore }: Rows): OnFilter {
  const { field, operator, value } = filter;
  if (operator === 'like' && !/[%*]/.test(value)) {
    const equal = onFilter({ ...filter, operator: 'eq' }, operation, { rows, orMore } as Rows);
    return { ...equal, says: [wildcards, ...equal.says] };
  }
  if (naming.has(field)) {
    const near = closestNames(operandsOf(filter), rows);
    if (near.length > 0) return { says: ['Names like it: closest.'], closest: near };
    const names = fewNames(rows);
    return names.length > 0 ? { says: ['Their names: values.'], values: { name: names } } : { says: [] };
  }
  if (!operation.listing?.columns.includes(field)) return { says: [] };
  const values = [...new Set(rows.flatMap((row) => scalarsAt(row, field.split('.'))))];
  if (values.length === 0) return { says: [] };
  const where = orMore ? ' in the rows that were looked at' : '';
  const beside = (says: string, described: unknown) => ({ says: [says], values: { [field]: described } });
  if (values.length <= maxValues)
    return beside(`What ${field} holds${where}: values.`, values.map(shortened).sort());
  if (/^[gl]te?$/.test(operator) && !orMore) {
    const sorted = values.sort((one, other) => (one < other ? -1 : 1));
    const [from, to] = [sorted[0], sorted.at(-1)].map(shortened);
    return beside(`From where to where ${field} goes: values.`, { from, to });
  }
  const near = operandsOf(filter).flatMap((one) => findClosest(one, values.map(String), maxNear));
  return near.length > 0 && !/^[gl]te?$/.test(operator)
    ? beside(`The closest that ${field} holds${where}: values.`, near.slice(0, maxNear).map(shortened))
    : beside(`What ${field} looks like: values.`, [shortened(values[0])]);
}

function scalarsAt(value: unknown, path: readonly string[]): readonly (string | number | boolean)[] {
  const [step, ...rest] = path;
  if (Array.isArray(value)) return value.flatMap((item) => scalarsAt(item, path));
  if (step !== undefined) return isJsonObject(value) ? scalarsAt(value[step], rest) : [];
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? [value] : [];
}
