import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { filterOf, readFilter } from './list-syntax.ts';

/** Keys for the field, operator, value and direction in objects of other query languages. */
const fieldNames = ['field', 'column', 'key', 'property', 'attribute'];
const operatorNames = ['operator', 'op', 'comparator', 'condition'];
const valueNames = ['value', 'values'];
const directionNames = ['direction', 'dir', 'order', 'sort'];

/**
 * The filter items that an object means: `{name: "acme"}`, `{"name[eq]": "acme"}`, `{field, operator, value}`,
 * `{name: {$eq: "acme"}}`, or several under `$and`. Undefined if it is unclear.
 */
export function filtersOf(given: JsonObject): readonly string[] | undefined {
  const field = valueUnder(given, fieldNames);
  const hasValue = valueNames.some((name) => Object.hasOwn(given, name));
  if (typeof field === 'string' && hasValue) {
    const operator = valueUnder(given, operatorNames) ?? 'eq';
    const known = [...fieldNames, ...operatorNames, ...valueNames];
    if (Object.keys(given).some((name) => !known.includes(name))) return undefined;
    return typeof operator === 'string'
      ? filterFor(field, operator, valueUnder(given, valueNames))
      : undefined;
  }
  return joinAll(Object.entries(given).map(([name, value]) => filtersUnder(name, value)));
}

function filtersUnder(name: string, value: unknown): readonly string[] | undefined {
  if (/^\$?and$/i.test(name) && Array.isArray(value)) {
    return joinAll(value.map((part) => (isJsonObject(part) ? filtersOf(part) : undefined)));
  }
  // `$or` cannot be expressed: all filters of a list must match.
  if (name.startsWith('$') || /^(or|not)$/i.test(name)) return undefined;
  const [, field, operator] = /^([^[\]]+)\[([^[\]]+)\]$/.exec(name) ?? [];
  if (field !== undefined && operator !== undefined) return filterFor(field, operator, value);
  if (!isJsonObject(value)) return filterFor(name, 'eq', value);
  const parts = Object.entries(value);
  return parts.length === 0 ? undefined : joinAll(parts.map(([word, part]) => filterFor(name, word, part)));
}

/** One filter. A list of values becomes one filter with `in`. */
function filterFor(field: string, operator: string, value: unknown): readonly string[] | undefined {
  const isList = Array.isArray(value);
  const values = isList ? value : [value];
  const isPlain = values.every((part) => ['string', 'number', 'boolean'].includes(typeof part));
  // Commas separate the values of `in`, so none of them may contain one.
  if (!isPlain || values.length === 0 || (isList && values.some((part) => String(part).includes(','))))
    return undefined;
  const text = filterOf(field, operator, values.map(String).join(','));
  const parts = text === undefined ? undefined : readFilter(text);
  if (!parts || !isList) return text === undefined ? undefined : [text];
  const listOperators: Readonly<Record<string, string>> = {
    eq: 'in',
    neq: 'not in',
    in: 'in',
    'not in': 'not in',
  };
  const listOperator = listOperators[parts.operator];
  return listOperator === undefined ? undefined : [`${field}[${listOperator}]${parts.value}`];
}

/** The items of `order` that an object means: `{name: "desc"}`, `{name: -1}` or `{field, direction}`. */
export function ordersOf(given: JsonObject): readonly string[] | undefined {
  const field = valueUnder(given, [...fieldNames, 'by']);
  if (typeof field === 'string') {
    const order = orderBy(field, valueUnder(given, directionNames) ?? 'asc');
    return Object.keys(given).length <= 2 ? order : undefined;
  }
  return joinAll(Object.entries(given).map(([name, direction]) => orderBy(name, direction)));
}

function orderBy(field: string, direction: unknown): readonly string[] | undefined {
  const word = String(direction).toLowerCase();
  if (/^(asc|ascending|1)$/.test(word)) return [`${field}[asc]`];
  return /^(desc|descending|-1)$/.test(word) ? [`${field}[desc]`] : undefined;
}

/** The filters of a text. A comma is part of a value unless another filter follows it. */
export function splitFilters(text: string): readonly string[] {
  if (!readFilter(text)) return [text];
  const [first = '', ...others] = text.split(/([,;&]|\s(?:and|AND)\s)/);
  const filters = [first];
  for (let at = 0; at + 1 < others.length; at += 2) {
    const [divider = '', part = ''] = others.slice(at, at + 2);
    if (beginsFilter(part)) filters.push(part);
    else filters.push(`${filters.pop()}${divider}${part}`);
  }
  return filters.map((filter) => filter.trim());
}

function beginsFilter(text: string): boolean {
  const filter = readFilter(text);
  return filter !== undefined && /^\s*[\w.]+$/.test(filter.field);
}

function valueUnder(given: JsonObject, names: readonly string[]): unknown {
  const name = names.find((one) => Object.hasOwn(given, one));
  return name === undefined ? undefined : given[name];
}

function joinAll(parts: readonly (readonly string[] | undefined)[]): readonly string[] | undefined {
  return parts.some((part) => part === undefined) ? undefined : parts.flatMap((part) => part ?? []);
}
