import { isJsonObject } from '../../lib/json.ts';
import type { ArgumentSchema } from '../../tools/json-schema.ts';
import { listSyntaxOf } from './list-syntax.ts';
import { filtersOf, ordersOf, splitFilters } from './query-syntax.ts';

/** A list of texts as it is meant, or what is wrong with it. */
interface TextList {
  readonly value: unknown;
  readonly problem?: string | undefined;
}

/** Lists of names of fields, in which no comma can stand. */
const fieldLists: ReadonlySet<string> = new Set(['fields', 'order']);
const filterLists: ReadonlySet<string> = new Set(['filter', 'filters']);
const queryLists: ReadonlySet<string> = new Set([...fieldLists, 'filter', 'expand']);

/** Lists of labels, of providers and of operations of connectors, whose names hold no comma either. */
const namesWithoutComma: ReadonlySet<string> = new Set([
  'labels',
  'value',
  'providers',
  'test',
  'prod',
  'operation_ids',
  'restrict_to_connector_operations',
]);

/** Whether a list says what of rows is wanted: empty, it is the same as none. */
export const isQueryList = (name: string) => queryLists.has(name);

/**
 * A list of texts that may have come as one text, or, for filters and orders, as an object. A comma divides where none
 * can be part of an item; elsewhere nobody can tell, and the list must be given as one.
 *
 * @param name of the argument or field that takes the list
 */
export function decodeTextList(given: unknown, name: string, items: ArgumentSchema): TextList {
  const isQuery = queryLists.has(name);
  if (typeof given === 'string') return fromText(given.trim(), name, items);
  if (isJsonObject(given)) return { value: objectIn(given, name, items) ?? given };
  if (!Array.isArray(given)) return { value: given };
  const dividesItems = fieldLists.has(name) || hasFixedItems(items);
  const isEmpty = (item: unknown) => item === '' || item === null;
  // A filter that says nothing beside others may have lost what it said: it is refused.
  const dropsEmpty = isQuery && (name !== 'filter' || given.every(isEmpty));
  const value = given.flatMap<unknown>((item: unknown) => {
    if (dropsEmpty && isEmpty(item)) return [];
    if (typeof item === 'string' && dividesItems && separatorOf(name).test(item)) return divided(item, name);
    return isJsonObject(item) ? (objectIn(item, name, items) ?? [item]) : [item];
  });
  return { value };
}

/** Choices and patterned texts: none of them holds a comma. */
const hasFixedItems = (items: ArgumentSchema) => items.enum !== undefined || items.pattern !== undefined;

function fromText(text: string, name: string, items: ArgumentSchema): TextList {
  if (text === '') return { value: '' };
  if (/^[[{]/.test(text) || (name === 'fields' && text.startsWith('('))) {
    const form = listSyntaxOf(name) ?? 'give a list, such as ["a","b"], with double quotes';
    return { value: [text], problem: `is no JSON: ${form}` };
  }
  if (queryLists.has(name) && /^(None|undefined)$/.test(text)) return { value: null };
  if (filterLists.has(name) && !items.enum) return { value: splitFilters(text) };
  if (fieldLists.has(name) || hasFixedItems(items) || namesWithoutComma.has(name)) {
    return { value: divided(text, name) };
  }
  return text.includes(',')
    ? { value: [text], problem: 'must be a list, such as ["a","b"]: a comma may also be part of a name' }
    : { value: [text] };
}

/** Names of fields hold neither blanks nor semicolons; an order may, where it is one in a form that there is not. */
const separatorOf = (name: string) => (name === 'fields' ? /[\s,;|]+/ : /,/);

function divided(text: string, name: string): readonly string[] {
  const parts = text
    .split(separatorOf(name))
    .map((part) => part.trim())
    .filter(Boolean);
  // `name,desc` is one order in a form that there is not; what is right is said where orders are checked.
  const isOneOrder = name === 'order' && parts.some((part) => /^(asc|desc)$/i.test(part));
  return isOneOrder ? [text] : parts;
}

function objectIn(
  given: Record<string, unknown>,
  name: string,
  items: ArgumentSchema,
): readonly string[] | undefined {
  if (filterLists.has(name) && !items.enum) return filtersOf(given);
  return name === 'order' ? ordersOf(given) : undefined;
}
