import { findClosest } from '../../lib/did-you-mean.ts';

/**
 * The known argument that each unknown one most likely means: another spelling, up to two wrong letters, or a short name
 * of a required id.
 *
 * @param missing required arguments that are not given
 */
export function suggestArgument(
  unknown: readonly string[],
  known: readonly string[],
  given: readonly string[],
  missing: readonly string[],
): ReadonlyMap<string, string> {
  const free = known.filter((name) => !given.includes(name));
  const suggested = new Map<string, string>();
  for (const name of unknown.slice(0, maxUnknown)) {
    const found =
      free.find((one) => normalize(one) === normalize(name)) ??
      closestSpelling(name, free) ??
      idByShortName(name, missing);
    if (found !== undefined && ![...suggested.values()].includes(found)) suggested.set(name, found);
  }
  return suggested;
}

/** Unknown arguments that are compared with the known ones. */
const maxUnknown = 50;

const normalize = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** A name with at most two wrong letters. */
function closestSpelling(name: string, names: readonly string[]): string | undefined {
  const [found] = findClosest(normalize(name), names.map(normalize), 1);
  if (found === undefined || name.length < 4) return undefined;
  const isClose =
    Math.abs(found.length - normalize(name).length) <= 2 && isWithinTwoEdits(normalize(name), found);
  return isClose ? names.find((one) => normalize(one) === found) : undefined;
}

/** Whether at most two characters differ between the common prefix and suffix. */
function isWithinTwoEdits(one: string, other: string): boolean {
  const length = Math.min(one.length, other.length);
  let start = 0;
  while (start < length && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < length - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  return Math.max(one.length, other.length) - start - end <= 2;
}

/** `id`, `account` or `account_name` for a missing `account_id`. */
function idByShortName(name: string, missing: readonly string[]): string | undefined {
  const ids = missing.filter((one) => one.endsWith('_id'));
  const [id] = ids;
  if (id === undefined) return undefined;
  const words = normalize(name).replace(/(?:name|id|uuid|slug)$/, '');
  if (words === '') return ids.length === 1 ? id : undefined;
  return ids.find((one) => normalize(one).replace(/id$/, '').endsWith(words));
}
