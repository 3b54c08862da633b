/** Slots that a caller may guaranteed have while any are free. */
const guaranteed = 4;

/**
 * Whether a caller may take another shared slot: it may hold up to twice as many as are free. So a single caller
 * gets two thirds, the next one two thirds of the rest, and so on: newcomers find free slots, and none are
 * reserved.
 *
 * @param own slots that the caller holds
 * @param free slots that are free
 */
export function hasFairShare(own: number, free: number): boolean {
  return free > 0 && (own < guaranteed || own < 2 * free);
}
