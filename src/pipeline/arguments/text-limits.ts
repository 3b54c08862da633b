import type { ArgumentProblem } from '../../errors.ts';
import { isJsonObject } from '../../lib/json.ts';
import type { Operation } from '../../tools/define-operation.ts';

/*
 * Length limits for texts that this server parses, and does not only forward. Parsing takes time in proportion to the
 * length, during which other callers wait.
 */

/** Characters of an id, a name or an enum value. */
const defaultLength = 500;

/** Characters of arguments that may be longer. An address consists of names that others chose, which may be long. */
const maxLength: Readonly<Record<string, number>> = {
  cursor: 50_000,
  part: 50_000,
  schema: 50_000,
  operation: 10_000,
  start_after: 2_000,
  search: 2_000,
  query: 1_000,
};

/** Items of a list, such as `filter`, and characters of all of them. */
const maxItems = 200;
const maxListLength = 20_000;

/** Characters of a JSON Pointer in a patch. */
const maxPointerLength = 2_000;

/** Characters of the URI of a resource: an address, percent-encoded. */
export const maxUriLength = 100_000;

/** Arguments with texts above the limits. Body fields, which are only forwarded, are not checked. */
export function findTooLong(
  { body = {} }: Partial<Pick<Operation, 'body'>>,
  args: unknown,
): ArgumentProblem[] {
  if (!isJsonObject(args)) return [];
  return Object.entries(args).flatMap(([name, value]) => {
    if (name === 'patch' && Array.isArray(value)) return value.flatMap(longPointers);
    if (Object.hasOwn(body, name)) return [];
    return Array.isArray(value) ? longLists(name, value) : tooLong(name, value, maxLengthOf(name));
  });
}

const maxLengthOf = (name: string) =>
  (Object.hasOwn(maxLength, name) ? maxLength[name] : undefined) ?? defaultLength;

function longLists(argument: string, items: readonly unknown[]): ArgumentProblem[] {
  if (items.length > maxItems) return [{ argument, problem: `must hold at most ${maxItems} items` }];
  const length = items.reduce<number>((sum, item) => sum + (typeof item === 'string' ? item.length : 0), 0);
  if (length <= maxListLength) return [];
  return [{ argument, problem: `must have at most ${maxListLength} characters in all its items` }];
}

function longPointers(step: unknown, at: number): ArgumentProblem[] {
  if (!isJsonObject(step)) return [];
  return ['path', 'from'].flatMap((name) => tooLong(`patch.${at}.${name}`, step[name], maxPointerLength));
}

function tooLong(argument: string, value: unknown, max: number): ArgumentProblem[] {
  if (typeof value !== 'string' || value.length <= max) return [];
  return [{ argument, problem: `must have at most ${max} characters` }];
}
