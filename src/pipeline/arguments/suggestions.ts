import { findClosest } from '../../lib/did-you-mean.ts';

/**
 * The argument that was meant by each unknown one, where it can be told: another spelling, a few letters off, or the
 * one required id by a shorter name.
 *
 * @param missing arguments that are required and not given
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
      free.find((one) => plain(one) === plain(name)) ?? nearest(name, free) ?? shorter(name, missing);
    if (found !== undefined && ![...suggested.values()].includes(found)) suggested.set(name, found);
  }
  return suggested;
}

/** Unknown arguments that are compared with the known ones. */
const maxUnknown = 50;

const plain = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** One or two letters that are wrong, and not a word more or less. */
function nearest(name: string, names: readonly string[]): string | undefined {
  const [found] = findClosest(plain(name), names.map(plain), 1);
  if (found === undefined || name.length < 4) return undefined;
  const isClose = Math.abs(found.length - plain(name).length) <= 2 && differsLittle(plain(name), found);
  return isClose ? names.find((one) => plain(one) === found) : undefined;
}

/** What is common at both ends leaves little between. */
function differsLittle(one: string, other: string): boolean {
  const length = Math.min(one.length, other.length);
  let start = 0;
  while (start < length && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < length - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  return Math.max(one.length, other.length) - start - end <= 2;
}

/** `id`, `account` and `account_name` for the only id that is missing. */
function shorter(name: string, missing: readonly string[]): string | undefined {
  const ids = missing.filter((one) => one.endsWith('_id'));
  const [id] = ids;
  if (id === undefined) return undefined;
  const words = plain(name).replace(/(?:name|id|uuid|slug)$/, '');
  if (words === '') return ids.length === 1 ? id : undefined;
  return ids.find((one) => plain(one).replace(/id$/, '').endsWith(words));
}
