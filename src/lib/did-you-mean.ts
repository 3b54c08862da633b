/** The names nearest to a wanted one: those that hold it, or that differ from it, or one word of theirs does, in few letters. */
export function findClosest(wanted: string, names: Iterable<string>, max = 5): readonly string[] {
  const sought = plain(wanted);
  const ranked: { readonly name: string; readonly distance: number }[] = [];
  for (const name of names) {
    const other = plain(name);
    const holds =
      sought.length > 2 && (other.includes(sought) || (other.length > 2 && sought.includes(other)));
    const apart = Math.abs(other.length - sought.length);
    const whole = apart > sought.length ? apart : editDistance(sought, other);
    const distance = holds ? apart / 100 : Math.min(whole, 1 + distanceToWord(sought, other));
    if (holds || distance <= Math.max(2, sought.length * 0.6)) ranked.push({ name, distance });
  }
  return ranked
    .sort((one, other) => one.distance - other.distance)
    .slice(0, max)
    .map(({ name }) => name);
}

/** Longer names are compared by their beginnings: the cost grows with the square. */
const maxLength = 100;

const plain = (name: string) => name.slice(0, maxLength).toLowerCase();

/** Letters in which a part of a name differs, where these are few: `harbour` of `harbor-north`. */
function distanceToWord(sought: string, name: string): number {
  const max = Math.min(2, Math.floor(sought.length / 3));
  const distances = name
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length > 3 && Math.abs(word.length - sought.length) <= max)
    .map((word) => editDistance(sought, word));
  const min = Math.min(...distances);
  return min <= max ? min : Number.POSITIVE_INFINITY;
}

/** Letters to insert, remove or replace to make one of the other (Levenshtein). */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let at = 1; at <= one.length; at += 1) {
    const next = [at];
    for (let column = 1; column <= other.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (one[at - 1] === other[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
