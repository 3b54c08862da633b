import type { ArgumentFault } from '../../errors.ts';
import { isJsonObject } from '../../lib/json.ts';
import type { Operation } from '../../tools/define-operation.ts';

/*
 * How long the texts of a caller may be that are looked at, and not only sent on. What goes through them takes a time
 * that grows with them no faster than they do, and others wait for it all the same.
 */

/** Characters of an id, a name or a choice. */
const usual = 500;

/** Characters of the arguments that may be longer. An address leads through names of others, which may be long. */
const longest: Readonly<Record<string, number>> = {
  part: 50_000,
  schema: 50_000,
  operation: 10_000,
  start_after: 2_000,
  search: 2_000,
  query: 1_000,
};

/** Items of a list, such as `filter`, and characters of all of them. */
const mostItems = 200;
const longestList = 20_000;

/** Characters of a place in a patch. */
const longestPointer = 2_000;

/** Characters of the URI of a resource: an address, percent-encoded. */
export const longestUri = 100_000;

/** Arguments whose texts are longer than whatever looks at them takes. What is sent on as it is, is left alone. */
export function tooLongAmong(
  { body = {} }: Partial<Pick<Operation, 'body'>>,
  args: unknown,
): ArgumentFault[] {
  if (!isJsonObject(args)) return [];
  return Object.entries(args).flatMap(([name, value]) => {
    if (name === 'patch' && Array.isArray(value)) return value.flatMap(longPointers);
    if (Object.hasOwn(body, name)) return [];
    return Array.isArray(value) ? longLists(name, value) : tooLong(name, value, longestOf(name));
  });
}

const longestOf = (name: string) => (Object.hasOwn(longest, name) ? longest[name] : undefined) ?? usual;

function longLists(argument: string, items: readonly unknown[]): ArgumentFault[] {
  if (items.length > mostItems) return [{ argument, problem: `must hold at most ${mostItems} items` }];
  const length = items.reduce<number>((sum, item) => sum + (typeof item === 'string' ? item.length : 0), 0);
  if (length <= longestList) return [];
  return [{ argument, problem: `must have at most ${longestList} characters in all its items` }];
}

function longPointers(step: unknown, at: number): ArgumentFault[] {
  if (!isJsonObject(step)) return [];
  return ['path', 'from'].flatMap((name) => tooLong(`patch.${at}.${name}`, step[name], longestPointer));
}

function tooLong(argument: string, value: unknown, most: number): ArgumentFault[] {
  if (typeof value !== 'string' || value.length <= most) return [];
  return [{ argument, problem: `must have at most ${most} characters` }];
}
