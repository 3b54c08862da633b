import { type ArgumentProblem, CallError } from '../../errors.ts';
import type { Arguments } from '../../lib/json.ts';
import type { Operation } from '../../tools/define-operation.ts';

/** A filter item: `field[operator]value`. */
export interface Filter {
  readonly field: string;
  readonly operator: string;
  readonly value: string;
}

/** Operators that Synqly documents for its lists. */
const knownOperators = ['eq', 'in', 'like', 'gt', 'gte', 'lt', 'lte'];

/** Operators that Synqly documents for other APIs. Synqly decides whether a list takes them. */
const undocumentedOperators = ['neq', 'not in', 'not like'];
const operators: ReadonlySet<string> = new Set([...knownOperators, ...undocumentedOperators]);

/** Parses a filter item; undefined if it is invalid. */
export function readFilter(text: string): Filter | undefined {
  const [, field, operator, value] = /^([^[\]]+)\[([^[\]]+)\](.*)$/s.exec(text) ?? [];
  return field === undefined || operator === undefined || value === undefined || !operators.has(operator)
    ? undefined
    : { field, operator, value };
}

/** Operators of other query languages, some of which need wildcards. */
const operatorAliases: Readonly<Record<string, string>> = {
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

/** Filter syntaxes of other query languages; the groups are field, operator and value. */
const otherSyntaxes: readonly RegExp[] = [
  /^(?<field>[\w.]+)\s*\[(?<operator>[^[\]]+)\](?<assigned>.*)$/s,
  /^(?<field>[\w.]+)\s*(?<operator>[!=<>~:]+)\s*(?<value>.+)$/s,
  /^(?<field>[\w.]+)\s+(?<operator>not in|not like|[a-z_]+)\s+(?<value>.+)$/is,
  /^(?<operator>[a-z_]+)\((?<field>\s*[\w.]+\s*),(?<value>.+)\)$/is,
];

/** Joined conditions of other query languages, or a quoted value followed by more text. */
const joinedConditions = /\s(?:and|or)\s|&&|\|\||^(?:"[^"]*"|'[^']*')\s*\S/i;

/** The filter that a text in another syntax most likely means. */
function suggestFilter(text: string): string | undefined {
  for (const syntax of otherSyntaxes) {
    const found = syntax.exec(text.trim())?.groups;
    if (found?.field === undefined) continue;
    const [field, operator] = [found.field.trim(), found.operator?.trim() ?? ''];
    const value = found.value ?? found.assigned?.trim().replace(/^[=:]/, '') ?? '';
    if (joinedConditions.test(value.trim())) return undefined;
    const bare = value.trim().replace(/^(["'])(.*)\1$/s, '$2');
    // `name[acme]`
    return filterOf(field, operator, bare) ?? (bare === '' ? `${field}[eq]${operator}` : undefined);
  }
  return undefined;
}

/** The filters of a text that are joined by `and`; undefined if one of them is unclear. */
function suggestFilters(text: string): readonly string[] | undefined {
  const parts = text
    .split(/\sand\s|&&/i)
    .map((part) => (readFilter(part.trim()) ? part.trim() : suggestFilter(part)));
  return parts.every((part) => part !== undefined) ? parts : undefined;
}

/** The filter for a field, an operator of any query language, and a value. */
export function filterOf(field: string, operator: string, value: string): string | undefined {
  const plain = operator.toLowerCase().replace(/^\$/, '').replaceAll('_', ' ');
  const suggested = operators.has(plain) ? plain : operatorAliases[plain.replaceAll(' ', '')];
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
 * The fields of a filter or an order in any syntax, including those that a lenient server might read as another filter
 * after the value, or in brackets.
 */
export function fieldsQueried(text: string): readonly string[] {
  // An order may be a field alone, or a field after its direction.
  const [, first = ''] = /^[\s+-]*([^\s:,[\]=<>!~]+)/.exec(text) ?? [];
  const suggested = [text, suggestFilter(text) ?? '', suggestOrder(text) ?? ''];
  const others = suggested.flatMap((one) =>
    [...one.matchAll(/\[([^[\]]*)\]/g)].flatMap(({ 1: operator = '', index }) =>
      isOperator(operator) ? fieldBefore(one, index) : [],
    ),
  );
  return [first, ...others];
}

/** The word before an operator, also if a bracket or blanks follow the word; empty if there is none. */
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
    operators.has(plain) ||
    Object.hasOwn(operatorAliases, plain.replaceAll(' ', '')) ||
    /^(asc|desc)/.test(plain)
  );
}

const filterHelp = `A filter is field[op]value with one of the operators ${knownOperators.join(' ')}.`;
const orderHelp = 'An order is field, field[asc] or field[desc].';

/** The right form of a filter or an order that is not a list of texts. */
export function listSyntaxOf(argument: string): string | undefined {
  const [name] = argument.split('.');
  if (name === 'filter') return `must be a list such as ["name[eq]acme"]. ${filterHelp}`;
  return name === 'order' ? `must be a list such as ["name[desc]"]. ${orderHelp}` : undefined;
}

/** Characters of a suggested filter. A longer one is not shown. */
const maxSuggestedLength = 80;

/**
 * Refuses filters and orders with invalid syntax. Synqly itself checks the names of fields.
 *
 * @throws CallError `invalid_arguments` with the right form
 */
export function assertListSyntax({ query, listing }: Operation, args: Arguments): void {
  const columns = listing?.columns ?? [];
  const filters = 'filter' in query ? faultsIn(args, 'filter', (text) => readFilter(text) !== undefined) : [];
  const orders = 'order' in query ? faultsIn(args, 'order', (text) => orderForm.test(text)) : [];
  if (filters.length + orders.length === 0) return;
  const form = filters.length > 0 ? filterHelp : orderHelp;
  const example = `${columns[0] ?? 'name'}[${filters.length > 0 ? 'eq]value' : 'desc]'}`;
  const describe = (suggest: (text: string) => readonly string[] | undefined) => (fault: Fault) => {
    const suggested = limitSuggestion(
      suggest(fault.text)
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
    remediation: `Correct the arguments and call again. Nothing was sent. ${fieldsOf(columns)}`,
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

function limitSuggestion(text: string | undefined): string | undefined {
  return text !== undefined && text.length <= maxSuggestedLength ? text : undefined;
}

/** The columns of a list, which certainly exist. */
function fieldsOf(columns: readonly string[]): string {
  return columns.length > 0 ? `Fields include: ${columns.join(', ')}.` : '';
}

/** Adds the list's fields to a failure that Synqly returned for a filter or an order. Other failures are unchanged. */
export function addListFields(failure: unknown, { listing }: Operation, args: Arguments): unknown {
  if (!(failure instanceof CallError) || failure.details.status !== 400 || !listing) return failure;
  const given = ['filter', 'order'].filter((name) => args[name] !== undefined);
  const { parameter } = failure.details.upstream ?? {};
  const reported = (parameter as { id?: unknown } | undefined)?.id;
  if (given.length === 0 || (typeof reported === 'string' && !given.includes(reported))) return failure;
  const remediation = `Correct ${reported ?? given.join(' or ')}; upstream says what is wrong. ${fieldsOf(listing.columns)}`;
  return new CallError(failure.code, failure.message, { ...failure.details, remediation });
}
