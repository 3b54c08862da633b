/* Pages of lists by `limit`, `start_after`, `order`, `filter` and `total` (behaviour.md, section 3). */
import { compareValues, type Field, type Fields, fieldsOf, type Item, isTime } from './fields.ts';
import { parseFilters } from './filter.ts';
import type { SandboxRequest } from './model.ts';
import { badRequest } from './problem.ts';

export interface ListOptions<T> {
  /** The field or fields of `start_after`, whose values are joined by commas. `name` by default. */
  readonly cursor?: string | readonly string[];
  /** Default order, such as `started_at[desc]`; ascending by the cursor if missing. */
  readonly defaultOrder?: string;
  /** Whether `order` may only reverse the default order. */
  readonly fixedOrder?: boolean;
  /** Largest `limit`; none by default. */
  readonly maxLimit?: number;
  /** Whether `total=true` is supported. */
  readonly allowTotal?: boolean;
  /** Additional fields to filter and order by, beside those of the item's schema. */
  readonly filterable?: Readonly<Record<string, (item: T) => unknown>>;
}

export interface Page<T> {
  readonly result: T[];
  readonly total?: number;
}

interface SortKey {
  readonly field: Field;
  readonly sign: 1 | -1;
}

const defaultLimit = 100;

/** Returns the requested page of `items`. 400 for an invalid query. */
export function listPage<T extends object>(
  items: readonly T[],
  request: Pick<SandboxRequest, 'operationId' | 'query'>,
  options: ListOptions<T> = {},
): Page<T> {
  const { query } = request;
  const fields = fieldsOf(request.operationId, options.filterable as Record<string, (item: Item) => unknown>);
  const cursor = [options.cursor ?? 'name'].flat();
  const passes = parseFilters(query.filter ?? [], fields);
  const matching = items.filter((item) => passes(item as Item));

  const order = parseOrder(query.order ?? [], fields, cursor, options);
  const sorted = matching.sort((left, right) => compareItems(order, left as Item, right as Item));
  const startAfter = query.start_after?.[0];
  const from = startAfter === undefined ? 0 : findStart(sorted as Item[], startAfter, order, cursor, fields);
  const result = sorted.slice(from, from + readLimit(query.limit?.[0], options.maxLimit));

  const wantsTotal = options.allowTotal === true && query.total?.[0] === 'true';
  return wantsTotal ? { result, total: matching.length } : { result };
}

function readLimit(text: string | undefined, maxLimit: number | undefined): number {
  if (text === undefined) return defaultLimit;
  const limit = Number(text);
  if (!/^\d+$/.test(text) || limit < 1 || (maxLimit !== undefined && limit > maxLimit)) {
    const range = maxLimit === undefined ? 'an integer of at least 1' : `an integer from 1 to ${maxLimit}`;
    throw badRequest(`limit must be ${range}.`, {
      parameter: { id: 'limit', location: 'query', value: text },
    });
  }
  return limit;
}

function parseOrder<T>(
  texts: readonly string[],
  fields: Fields,
  cursor: readonly string[],
  options: ListOptions<T>,
): SortKey[] {
  const byDefault = (options.defaultOrder?.split(',') ?? cursor).map((text) => parseSortKey(text, fields));
  if (texts.length === 0) return byDefault;
  const keys = texts.map((text) => parseSortKey(text, fields));
  if (options.fixedOrder && (keys.length > 1 || keys[0]?.field.name !== byDefault[0]?.field.name)) {
    throw badRequest(`This list can only be ordered by ${byDefault[0]?.field.name}.`, {
      parameter: { id: 'order', location: 'query', value: texts.join('&') },
    });
  }
  return keys;
}

function parseSortKey(text: string, fields: Fields): SortKey {
  const [, name = '', direction = 'asc'] = /^([^[\]]+)(?:\[(asc|desc)\])?$/.exec(text) ?? [];
  const field = fields.get(name);
  if (!field) {
    throw badRequest(name ? `Unknown order field "${name}".` : `"${text}" is not an order.`, {
      remediation: `An order is field, field[asc] or field[desc]. Known fields: ${[...fields.keys()].join(', ')}.`,
      parameter: { id: 'order', location: 'query', value: text },
    });
  }
  return { field, sign: direction === 'desc' ? -1 : 1 };
}

function compareItems(order: readonly SortKey[], left: Item, right: Item): number {
  for (const { field, sign } of order) {
    const difference = compareValues(field.kind, field.read(left), field.read(right));
    if (difference !== 0) return sign * difference;
  }
  return compareValues('string', left.id, right.id);
}

function findStart(
  sorted: readonly Item[],
  startAfter: string,
  order: readonly SortKey[],
  cursor: readonly string[],
  fields: Fields,
): number {
  const values = cursor.length === 1 ? [startAfter] : startAfter.split(',');
  const keys = cursor.map((name) => fields.get(name));
  const refuse = (message: string) =>
    badRequest(message, { parameter: { id: 'start_after', location: 'query', value: startAfter } });
  if (values.length !== cursor.length) throw refuse(`start_after must hold ${cursor.join(',')}.`);
  if (keys.some((key, place) => key?.kind === 'time' && !isTime(values[place] ?? ''))) {
    throw refuse('start_after must be an RFC 3339 time.');
  }

  const followsCursor =
    order.length === cursor.length && order.every((key, at) => key.field.name === cursor[at]);
  if (followsCursor) {
    const mark: Item = Object.fromEntries(cursor.map((name, place) => [name, values[place]]));
    const next = sorted.findIndex((item) => {
      for (const { field, sign } of order) {
        const difference = sign * compareValues(field.kind, field.read(item), mark[field.name]);
        if (difference !== 0) return difference > 0;
      }
      return false;
    });
    return next === -1 ? sorted.length : next;
  }

  // In another order, the cursor's value is no position; the item that has it is.
  const last = sorted.findLastIndex((item) =>
    keys.every((key, place) => key && compareValues(key.kind, key.read(item), values[place]) === 0),
  );
  if (last === -1) throw refuse(`No item of this list has the ${cursor.join(',')} "${startAfter}".`);
  return last + 1;
}
