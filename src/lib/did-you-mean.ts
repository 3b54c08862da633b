import leven from 'leven';

/** The names nearest to a wanted one: those that hold it, or that differ from it, or one word of theirs does, in few letters. */
export function findClosest(wanted: string, names: Iterable<string>, max = 5): readonly string[] {
  const query = normalized(wanted);
  const ranked: { readonly name: string; readonly distance: number }[] = [];
  for (const name of names) {
    const other = plain(name);
    const holds =
      sought.length > 2 && (other.includes(sought) || (other.length > 2 && sought.includes(other)));
    const apart = Math.abs(other.length - sought.length);
    const whole = apart > sought.length ? apart : leven(sought, other);
    const distance = holds ? apart / 100 : Math.min(whole, 1 + distanceToWord(sought, other));
    if (holds || distance <= Math.max(2, sought.length * 0.6)) ranked.push({ name, distance });
  }
  return ranked
    .sort((one, other) => one.distance - other.distance)
    .slice(0, max)
    .map(({ name }) => name);
}

/** Longer names are cut: the cost of a comparison grows with the square of the length. */
const maxLength = 100;

const normalized = (name: string) => name.slice(0, maxLength).toLowerCase();

/** The smallest edit distance to a word of a name, if it is small: `harbour` matches `harbor-north`. */
function distanceToWord(query: string, name: string): number {
  const max = Math.min(2, Math.floor(query.length / 3));
  const distances = name
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length > 3 && Math.abs(word.length - sought.length) <= max)
    .map((word) => leven(sought, word));
  const min = Math.min(...distances);
  return min <= max ? min : Number.POSITIVE_INFINITY;
}
