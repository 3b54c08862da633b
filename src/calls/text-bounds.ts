import type { ArgumentFault } from '../errors.ts';
import { isJsonObject } from '../json.ts';

/*
 * How long the texts of a caller may be that are looked at, and not only sent on: what goes through them is linear, and
 * still takes a time that others wait.
 */

/** Characters of a place in a patch. */
const longestPointer = 2000;

/** Texts among arguments that are longer than whatever looks at them takes. */
export function tooLongAmong(args: unknown): ArgumentFault[] {
  if (!isJsonObject(args)) return [];
  return Array.isArray(args.patch) ? args.patch.flatMap(longPointers) : [];
}

function longPointers(step: unknown, at: number): ArgumentFault[] {
  if (!isJsonObject(step)) return [];
  return ['path', 'from'].flatMap((name) => tooLong(`patch.${at}.${name}`, step[name], longestPointer));
}

function tooLong(argument: string, value: unknown, most: number): ArgumentFault[] {
  if (typeof value !== 'string' || value.length <= most) return [];
  return [{ argument, problem: `must have at most ${most} characters` }];
}
