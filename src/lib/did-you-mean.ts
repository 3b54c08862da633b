import leven from 'leven';

/**
 * Returns the closest names: those that contain the wanted one or have its words in another order, or that differ from
 * it, as a whole or in one word, by few letters.
 */
export function findClosest(wanted: string, names: Iterable<string>, max = 5): readonly string[] {
  const query = normalized(wanted);
  const ranked: { readonly name: string; readonly distance: number }[] = [];
  for (const name of names) {
    const other = normalized(name);
    const contains =
      query.length > 2
        ? other.includes(query) || (other.length > 2 && query.includes(other))
        : wordsOf(other).includes(query);
    const lengthDifference = Math.abs(other.length - query.length);
    const whole = lengthDifference > query.length ? lengthDifference : leven(query, other);
    const distance =
      contains || hasSameWords(query, other)
        ? lengthDifference / 100
        : Math.min(whole, 1 + distanceToWord(query, other));
    if (contains || distance <= Math.max(2, query.length * maxShare)) ranked.push({ name, distance });
  }
  return ranked
    .sort((one, other) => one.distance - other.distance)
    .slice(0, max)
    .map(({ name }) => name);
}

/** The share of the letters that may differ. At more, names such as `siem-splunk` and `siem-sentinel` would count as close. */
const maxShare = 0.5;

/** Longer names are cut: the cost of a comparison grows with the square of the length. */
const maxLength = 100;

const normalized = (name: string) => name.slice(0, maxLength).toLowerCase();

/** The smallest edit distance to a word of a name, if it is small: `harbour` matches `harbor-north`. */
function distanceToWord(query: string, name: string): number {
  const max = Math.min(2, Math.floor(query.length / 3));
  const distances = wordsOf(name)
    .filter((word) => word.length > 3 && Math.abs(word.length - query.length) <= max)
    .map((word) => leven(query, word));
  const min = Math.min(...distances);
  return min <= max ? min : Number.POSITIVE_INFINITY;
}

/** `crowdstrike_edr` and `edr_crowdstrike`. */
const hasSameWords = (query: string, name: string) =>
  query.length === name.length && sortedWordsOf(query) === sortedWordsOf(name);

const sortedWordsOf = (name: string) => [...wordsOf(name)].sort().join(' ');

const wordsOf = (name: string) => name.split(/[^\p{L}\p{N}]+/u);
