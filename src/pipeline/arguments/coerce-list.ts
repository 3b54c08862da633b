import { isJsonObject } from '../../lib/json.ts';
import type { ArgumentSchema } from '../../tools/json-schema.ts';
import { listSyntaxOf } from './list-syntax.ts';
import { filtersOf, ordersOf, splitFilters } from './query-syntax.ts';

/** A decoded list of texts, or what is wrong with it. */
interface TextList {
  readonly value: unknown;
  readonly problem?: string | undefined;
}

/** Lists of field names, which hold no comma. */
const fieldLists: ReadonlySet<string> = new Set(['fields', 'order']);
const filterLists: ReadonlySet<string> = new Set(['filter', 'filters']);
const queryLists: ReadonlySet<string> = new Set([...fieldLists, 'filter', 'expand']);

/** Lists of labels, providers and connector operations, whose names hold no comma either. */
const namesWithoutComma: ReadonlySet<string> = new Set([
  'labels',
  'value',
  'providers',
  'test',
  'prod',
  'operation_ids',
  'restrict_to_connector_operations',
]);

/** Whether an argument selects rows or fields. An empty one is the same as none. */
export const isQueryList = (name: string) => queryLists.has(name);

/**
 * Decodes a list of texts that may be given as one text or, for filters and orders, as an object. A text is split at commas
 * only if no item can contain one; otherwise the list must be given as a list.
 *
 * @param name of the argument or field that takes the list
 */
export function decodeTextList(given: unknown, name: string, items: ArgumentSchema): TextList {
  const isQuery = queryLists.has(name);
  if (typeof given === 'string') return decodeText(given.trim(), name, items);
  if (isJsonObject(given)) return { value: decodeObject(given, name, items) ?? given };
  if (!Array.isArray(given)) return { value: given };
  const splitsItems = fieldLists.has(name) || hasFixedItems(items);
  const isEmpty = (item: unknown) => item === '' || item === null;
  // An empty filter beside others may have lost its text, so it is refused.
  const dropsEmpty = isQuery && (name !== 'filter' || given.every(isEmpty));
  const value = given.flatMap<unknown>((item: unknown) => {
    if (dropsEmpty && isEmpty(item)) return [];
    if (typeof item === 'string' && splitsItems && separatorOf(name).test(item)) return split(item, name);
    return isJsonObject(item) ? (decodeObject(item, name, items) ?? [item]) : [item];
  });
  return { value };
}

/** Enum values and texts with a pattern hold no comma. */
const hasFixedItems = (items: ArgumentSchema) => items.enum !== undefined || items.pattern !== undefined;

function decodeText(text: string, name: string, items: ArgumentSchema): TextList {
  if (text === '') return { value: '' };
  if (/^[[{]/.test(text) || (name === 'fields' && text.startsWith('('))) {
    const form = listSyntaxOf(name) ?? 'give a list, such as ["a","b"], with double quotes';
    return { value: [text], problem: `is not JSON: ${form}` };
  }
  if (queryLists.has(name) && /^(None|undefined)$/.test(text)) return { value: null };
  if (filterLists.has(name) && !items.enum) return { value: splitFilters(text) };
  if (fieldLists.has(name) || hasFixedItems(items) || namesWithoutComma.has(name)) {
    return { value: split(text, name) };
  }
  return text.includes(',')
    ? { value: [text], problem: 'must be a list, such as ["a","b"]: a comma may also be part of a name' }
    : { value: [text] };
}

/** Field names hold no blanks or semicolons. An order in a wrong form may, so it is split at commas only. */
const separatorOf = (name: string) => (name === 'fields' ? /[\s,;|]+/ : /,/);

function split(text: string, name: string): readonly string[] {
  const parts = text
    .split(separatorOf(name))
    .map((part) => part.trim())
    .filter(Boolean);
  // `name,desc` is one order in a wrong form. The check of orders reports the right form.
  const isOneOrder = name === 'order' && parts.some((part) => /^(asc|desc)$/i.test(part));
  return isOneOrder ? [text] : parts;
}

function decodeObject(
  given: Record<string, unknown>,
  name: string,
  items: ArgumentSchema,
): readonly string[] | undefined {
  if (filterLists.has(name) && !items.enum) return filtersOf(given);
  return name === 'order' ? ordersOf(given) : undefined;
}
