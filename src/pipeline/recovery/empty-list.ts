import { findClosest } from '../../lib/did-you-mean.ts';
import { closestNames, fewNames, listed, quoted, shortened } from '../../lib/format-names.ts';
import { type Arguments, isJsonObject } from '../../lib/json.ts';
import type { RequestContext } from '../../request-context.ts';
import { rowsOf } from '../../synqly/endpoints.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { type Filter, readFilter } from '../arguments/list-syntax.ts';
import { pick } from '../arguments/parse.ts';
import type { Limits } from '../execute/deadline.ts';
import { type Rows, readRows, readRowsIfPossible, tryHint, withHintTimeout } from './sample-rows.ts';

/** Values of a field that are listed. */
const maxValues = 8;
const maxClosest = 5;
const wildcardHint = 'like needs % before or after the value for a partial match.';

/** Fields that identify a row. */
const nameFields: ReadonlySet<string> = new Set(['name', 'fullname', 'id']);

/**
 * The note of an empty list: what was requested, and what exists instead. Values are kept out of the note's text, since
 * others wrote them.
 */
export interface EmptyNote {
  readonly note?: string;
  /** Names similar to the requested one. */
  readonly closest?: readonly string[];
  /** By field, the values that it has, or their range. */
  readonly values?: Readonly<Record<string, unknown>>;
}

/**
 * The note of an empty list, and the values it refers to; empty for any other response.
 *
 * @param args as the caller gave them
 * @param body the response body, limited to the pins
 */
export async function explainEmptyList(
  operation: Operation,
  args: Arguments,
  body: unknown,
  context: RequestContext,
  limits: Limits,
): Promise<EmptyNote> {
  if (!operation.listing || rowsOf(body)?.length !== 0) return {};
  return (
    (await tryHint(context, () => describeEmptyList(operation, args, context, withHintTimeout(limits)))) ?? {}
  );
}

async function describeEmptyList(
  operation: Operation,
  args: Arguments,
  context: RequestContext,
  limits: Limits,
): Promise<EmptyNote> {
  const filters = Array.isArray(args.filter) ? args.filter.map(String) : [];
  const within = context.pins ? ' within what this server is pinned to' : '';
  const things = `${objectNoun(operation)}${describeParents(operation, args)}${within}`;
  const asked = `${things}${filters.length > 0 ? ` that match ${describeFilters(filters)}` : ''}`;
  if (args.start_after !== undefined)
    return { note: await describeListEnd(operation, args, asked, context, limits) };
  if (filters.length === 0) return { note: `There are no ${things} yet.` };
  const known = filters.flatMap((text) => readFilter(text) ?? []);
  const [wanted] = known.filter(({ field }) => nameFields.has(field)).flatMap(operandsOf);
  const kept = pick(args, [...Object.keys(operation.params), 'expand']);
  const rows = await readRowsIfPossible(context, limits, (within) =>
    readRows(operation, kept, context, within, wanted),
  );
  if (!rows) return { note: `There are no ${asked}.` };
  const found = known.map((filter) => describeField(filter, operation, rows));
  const described = [
    `There are no ${asked}.`,
    describeCount(rows),
    ...found.flatMap(({ sentences }) => sentences),
  ];
  const names = [...new Set(found.flatMap(({ closest = [] }) => closest))];
  const values = Object.assign({}, ...found.map((one) => one.values)) as Record<string, unknown>;
  return {
    note: [...new Set(described)].join(' '),
    ...(names.length > 0 && { closest: names }),
    ...(Object.keys(values).length > 0 && { values }),
  };
}

/** The note of an empty page after `start_after`. */
async function describeListEnd(
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
  return `There are no more ${asked} after ${quoted(args.start_after)}.${before}`;
}

const maxOperands = 3;

function describeFilters(filters: readonly string[]): string {
  const more = filters.length - maxOperands;
  const described = filters.slice(0, maxOperands).map(quoted);
  return listed(more > 0 ? [...described, `${more} more`] : described);
}

const nouns: Readonly<Record<string, string>> = {
  integrations_list_account: 'integrations',
  status_list: 'integrations with a status',
};

function objectNoun({ id, title }: Operation): string {
  return nouns[id] ?? title.replace(/^List /, '');
}

/** The objects that the list belongs to, from its path. */
function describeParents({ params }: Operation, args: Arguments): string {
  const names = Object.keys(params).filter((name) => typeof args[name] === 'string');
  const described = names.map(
    (name) => ` of ${name.replace(/_id$/, '').replaceAll('_', ' ')} ${quoted(args[name])}`,
  );
  return described.toReversed().join('');
}

function amount({ count, orMore }: Rows): string {
  return `${count}${orMore ? ' or more' : ''}`;
}

function describeCount(rows: Rows): string {
  if (rows.count === 0) return 'Without the filter the list is empty as well.';
  return `Without the filter there ${rows.count === 1 ? 'is' : 'are'} ${amount(rows)}.`;
}

function operandsOf({ operator, value }: Filter): readonly string[] {
  const values = operator.endsWith('in') ? value.split(',') : [value];
  return values.map((one) => one.replaceAll(/[%*]/g, '').trim()).filter((one) => one !== '');
}

/** Sentences about the field of a filter, written by this server, and the values they refer to. */
interface FieldHint extends Pick<EmptyNote, 'closest' | 'values'> {
  readonly sentences: readonly string[];
}

/** Describes the values of a filter's field. Only for the columns of lists: other fields may hold secrets. */
function describeField(filter: Filter, operation: Operation, { rows, orMore }: Rows): FieldHint {
  const { field, operator, value } = filter;
  if (operator === 'like' && !/[%*]/.test(value)) {
    const equal = describeField({ ...filter, operator: 'eq' }, operation, { rows, orMore } as Rows);
    return { ...equal, sentences: [wildcardHint, ...equal.sentences] };
  }
  if (nameFields.has(field)) {
    const closest = closestNames(operandsOf(filter), rows);
    if (closest.length > 0) return { sentences: ['See closest for similar names.'], closest };
    const names = fewNames(rows);
    return names.length > 0
      ? { sentences: ['See values for the names that exist.'], values: { name: names } }
      : { sentences: [] };
  }
  if (!operation.listing?.columns.includes(field)) return { sentences: [] };
  const values = [...new Set(rows.flatMap((row) => scalarsAt(row, field.split('.'))))];
  if (values.length === 0) return { sentences: [] };
  const where = orMore ? ' in the rows that were read' : '';
  const withValues = (sentences: string, described: unknown) => ({
    sentences: [sentences],
    values: { [field]: described },
  });
  if (values.length <= maxValues)
    return withValues(`See values for the values of ${field}${where}.`, values.map(shortened).sort());
  if (/^[gl]te?$/.test(operator) && !orMore) {
    const sorted = values.sort((one, other) => (one < other ? -1 : 1));
    const [from, to] = [sorted[0], sorted.at(-1)].map(shortened);
    return withValues(`See values for the range of ${field}.`, { from, to });
  }
  const closest = operandsOf(filter).flatMap((one) => findClosest(one, values.map(String), maxClosest));
  return closest.length > 0 && !/^[gl]te?$/.test(operator)
    ? withValues(
        `See values for the closest values of ${field}${where}.`,
        closest.slice(0, maxClosest).map(shortened),
      )
    : withValues(`See values for the format of ${field}.`, [shortened(values[0])]);
}

function scalarsAt(value: unknown, path: readonly string[]): readonly (string | number | boolean)[] {
  const [step, ...rest] = path;
  if (Array.isArray(value)) return value.flatMap((item) => scalarsAt(item, path));
  if (step !== undefined) return isJsonObject(value) ? scalarsAt(value[step], rest) : [];
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? [value] : [];
}
