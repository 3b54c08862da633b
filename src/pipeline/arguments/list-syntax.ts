import { type ArgumentProblem, CallError } from '../../errors.ts';
import type { Arguments } from '../../lib/json.ts';
import type { Operation } from '../../tools/define-operation.ts';

/** A filter item: `field[operator]value`. */
export interface Filter {
  readonly field: string;
  readonly operator: string;
  readonly value: string;
}

/** Operators that Synqly's lists are known to take. */
const known = ['eq', 'in', 'like', 'gt', 'gte', 'lt', 'lte'];

/** Named by Synqly for other APIs; whether lists take them is for Synqly to say. */
const possible = ['neq', 'not in', 'not like'];
const operators: ReadonlySet<string> = new Set([...known, ...possible]);

/** A filter item in its parts; undefined for what is none. */
export function readFilter(text: string): Filter | undefined {
  const [, field, operator, value] = /^([^[\]]+)\[([^[\]]+)\](.*)$/s.exec(text) ?? [];
  return field === undefined || operator === undefined || value === undefined || !operators.has(operator)
    ? undefined
    : { field, operator, value };
}

/** What stands for an operator in other query languages, and for what with wildcards. */
const meanings: Readonly<Record<string, string>> = {
  '=': 'eq',
  '==': 'eq',
  '===': 'eq',
  ':': 'eq',
  '!=': 'neq',
  '<>': 'neq',
  '>': 'gt',
  '>=': 'gte',
  '<': 'lt',
  '<=': 'lte',
  '~': 'contains',
  '=~': 'contains',
  is: 'eq',
  equal: 'eq',
  equals: 'eq',
  ne: 'neq',
  not: 'neq',
  nin: 'not in',
  notin: 'not in',
  notlike: 'not like',
  anyof: 'in',
  oneof: 'in',
  matches: 'contains',
  includes: 'contains',
  ilike: 'contains',
  contains: 'contains',
  search: 'contains',
  prefix: 'startswith',
  startswith: 'startswith',
  endswith: 'endswith',
  ge: 'gte',
  le: 'lte',
  after: 'gt',
  since: 'gte',
  before: 'lt',
};

const wildcards: Readonly<Record<string, (value: string) => string>> = {
  contains: (value) => `%${value}%`,
  startswith: (value) => `${value}%`,
  endswith: (value) => `%${value}`,
};

/** Ways in which a filter is written elsewhere; each gives field, operator and value, with blanks around them. */
const otherWays: readonly RegExp[] = [
  /^(?<field>[\w.]+)\s*\[(?<operator>[^[\]]+)\](?<assigned>.*)$/s,
  /^(?<field>[\w.]+)\s*(?<operator>[!=<>~:]+)\s*(?<value>.+)$/s,
  /^(?<field>[\w.]+)\s+(?<operator>not in|not like|[a-z_]+)\s+(?<value>.+)$/is,
  /^(?<operator>[a-z_]+)\((?<field>\s*[\w.]+\s*),(?<value>.+)\)$/is,
];

/** What joins conditions in other query languages, and a value in quotes with something behind it. */
const joined = /\s(?:and|or)\s|&&|\|\||^(["'])(?:(?!\1).)*\1\s*\S/is;

/** The filter that was meant, where it can be told. */
function suggestFilter(text: string): string | undefined {
  for (const way of otherWays) {
    const found = way.exec(text.trim())?.groups;
    if (found?.field === undefined) continue;
    const [field, operator] = [found.field.trim(), found.operator?.trim() ?? ''];
    const value = found.value ?? found.assigned?.trim().replace(/^[=:]/, '') ?? '';
    if (joined.test(value.trim())) return undefined;
    const bare = value.trim().replace(/^(["'])(.*)\1$/s, '$2');
    // `name[acme]`
    return filterOf(field, operator, bare) ?? (bare === '' ? `${field}[eq]${operator}` : undefined);
  }
  return undefined;
}

/** The filters that a text meant, joined by `and`, where that can be told of each. */
function suggestFilters(text: string): readonly string[] | undefined {
  const parts = text
    .split(/\sand\s|&&/i)
    .map((part) => (readFilter(part.trim()) ? part.trim() : suggestFilter(part)));
  return parts.every((part) => part !== undefined) ? parts : undefined;
}

/** The filter of a field, an operator in the words of whatever query language, and a value. */
export function filterOf(field: string, operator: string, value: string): string | undefined {
  const plain = operator.toLowerCase().replace(/^\$/, '').replaceAll('_', ' ');
  const suggested = operators.has(plain) ? plain : meanings[plain.replaceAll(' ', '')];
  if (suggested === undefined) return undefined;
  const withWildcards = wildcards[suggested];
  return withWildcards ? `${field}[like]${withWildcards(value)}` : `${field}[${suggested}]${value}`;
}

const orderForm = /^[^[\]\s:,()+-][^[\]\s:,()]*(?:\[(?:asc|desc)\])?$/;

function suggestOrder(text: string): string | undefined {
  const [, sign, field] = /^([+-])([\w.]+)$/.exec(text) ?? [];
  if (field !== undefined) return `${field}[${sign === '-' ? 'desc' : 'asc'}]`;
  const groups =
    /^(?<field>[\w.]*\w)[\s:,[.]+(?<word>asc|desc)\w*\]?$/i.exec(text.trim())?.groups ??
    /^(?<word>asc|desc)\w*\((?<field>[\w.]+)\)$/i.exec(text.trim())?.groups;
  return groups && `${groups.field}[${groups.word?.toLowerCase()}]`;
}

/**
 * The fields that a filter or an order is by, however it is written: also what a lenient server might read as a further
 * filter behind the value, or as a field in brackets.
 */
export function fieldsQueried(text: string): readonly string[] {
  // An order may be a field alone, or one with its direction before it.
  const [, first = ''] = /^[\s+-]*([^\s:,[\]=<>!~]+)/.exec(text) ?? [];
  const suggested = [text, suggestFilter(text) ?? '', suggestOrder(text) ?? ''];
  const others = suggested.flatMap((one) =>
    [...one.matchAll(/\[([^[\]]*)\]/g)].flatMap(({ 1: operator = '', index }) =>
      isOperator(operator) ? fieldBefore(one, index) : [],
    ),
  );
  return [first, ...others];
}

/** The word that ends, with or without a bracket and blanks behind it, where an operator begins; none where there is none. */
function fieldBefore(text: string, end: number): readonly string[] {
  let last = end;
  while (last > 0 && /\s/.test(text.charAt(last - 1))) last -= 1;
  if (text[last - 1] === ']') last -= 1;
  let from = last;
  while (from > 0 && /[^[\]\s,;&|()]/.test(text.charAt(from - 1))) from -= 1;
  return from < last ? [text.slice(from, last)] : [];
}

function isOperator(text: string): boolean {
  const plain = text.trim().toLowerCase().replace(/^\$/, '').replaceAll('_', ' ');
  return (
    operators.has(plain) || Object.hasOwn(meanings, plain.replaceAll(' ', '')) || /^(asc|desc)/.test(plain)
  );
}

const filterForm = `A filter is field[op]value with one of the operators ${known.join(' ')}.`;
const orderWords = 'An order is field, field[asc] or field[desc].';

/** What is right for a filter or an order that is not even a text. */
export function listSyntaxOf(argument: string): string | undefined {
  const [name] = argument.split('.');
  if (name === 'filter') return `must be a list such as ["name[eq]acme"]. ${filterForm}`;
  return name === 'order' ? `must be a list such as ["name[desc]"]. ${orderWords}` : undefined;
}

/** Characters of a meant filter; a longer one is not repeated. */
const maxSuggestedLength = 80;

/**
 * Refuses filters and orders that no list can understand. Which fields there are is for Synqly to say.
 *
 * @throws CallError `invalid_arguments` with the right form
 */
export function assertListSyntax({ query, listing }: Operation, args: Arguments): void {
  const columns = listing?.columns ?? [];
  const filters = 'filter' in query ? faultsIn(args, 'filter', (text) => readFilter(text) !== undefined) : [];
  const orders = 'order' in query ? faultsIn(args, 'order', (text) => orderForm.test(text)) : [];
  if (filters.length + orders.length === 0) return;
  const form = filters.length > 0 ? filterForm : orderWords;
  const example = `${columns[0] ?? 'name'}[${filters.length > 0 ? 'eq]value' : 'desc]'}`;
  const describe = (meantBy: (text: string) => readonly string[] | undefined) => (fault: Fault) => {
    const suggested = shortEnough(
      meantBy(fault.text)
        ?.map((one) => JSON.stringify(one))
        .join(', '),
    );
    return { argument: fault.argument, problem: `should be ${suggested ?? `like ${example}`}` };
  };
  const faults: ArgumentProblem[] = [
    ...filters.map(describe(suggestFilters)),
    ...orders.map(
      describe((text) => {
        const suggested = suggestOrder(text);
        return suggested === undefined ? undefined : [suggested];
      }),
    ),
  ];
  throw new CallError('invalid_arguments', form, {
    arguments: faults,
    remediation: `Call again with that. Nothing was sent. ${fieldsOf(columns)}`,
  });
}

interface Fault {
  readonly argument: string;
  readonly text: string;
}

function faultsIn(args: Arguments, name: 'filter' | 'order', isRight: (text: string) => boolean): Fault[] {
  const given = args[name];
  const items = Array.isArray(given) ? given.map(String) : [];
  return items.flatMap((text, index) => (isRight(text) ? [] : [{ argument: `${name}.${index}`, text }]));
}

function shortEnough(text: string | undefined): string | undefined {
  return text !== undefined && text.length <= maxSuggestedLength ? text : undefined;
}

/** The fields that rows of a list are shown with: those there are for certain. */
function fieldsOf(columns: readonly string[]): string {
  return columns.length > 0 ? `Fields of its rows, among others: ${columns.join(', ')}.` : '';
}

/** A failure; one that Synqly gave for a filter or an order names the fields that the list's rows have. */
export function withFields(failure: unknown, { listing }: Operation, args: Arguments): unknown {
  if (!(failure instanceof CallError) || failure.details.status !== 400 || !listing) return failure;
  const given = ['filter', 'order'].filter((name) => args[name] !== undefined);
  const { parameter } = failure.details.upstream ?? {};
  const blamed = (parameter as { id?: unknown } | undefined)?.id;
  if (given.length === 0 || (typeof blamed === 'string' && !given.includes(blamed))) return failure;
  const remediation = `Correct ${blamed ?? given.join(' or ')}; upstream says what is wrong. ${fieldsOf(listing.columns)}`;
  return new CallError(failure.code, failure.message, { ...failure.details, remediation });
}
