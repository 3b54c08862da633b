/**
 * Divides an amount among several: equal shares, but none gets more than it wants, and what it leaves goes to the others.
 *
 * @returns the share of each, in the same order
 */
export function divideFairly(amount: number, wanted: readonly number[]): readonly number[] {
  const shares = wanted.map(() => 0);
  const byWant = wanted.map((want, index) => ({ want, index })).sort((one, other) => one.want - other.want);
  let left = Math.max(0, amount);
  for (const [place, { want, index }] of byWant.entries()) {
    const share = Math.min(want, left / (byWant.length - place));
    shares[index] = share;
    left -= share;
  }
  return shares;
}
