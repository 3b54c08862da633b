/** So many a caller may have whatever others have, as long as there is any room. */
const always = 4;

/**
 * Whether a caller may take one more of what all share: it may have twice of what is free. One alone gets two thirds,
 * the next one two thirds of the rest, and so on, so that whoever comes finds room, and no room is kept for nobody.
 *
 * @param own how many it has
 * @param free how many nobody has
 */
export function mayTakeOneMore(own: number, free: number): boolean {
  return free > 0 && (own < always || own < 2 * free);
}
