/** A searched text and the weight of a match in it. */
export type Field = readonly [weight: number, text: string];

export interface Hit<Item> {
  readonly item: Item;
  /** How many of the words were found. */
  readonly words: number;
  readonly score: number;
}

/** The words of a query, in lower case. */
export function wordsOf(search: string): readonly string[] {
  return [...new Set(search.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])].slice(0, 12);
}

/**
 * The items in which words are found: those with most words first. Hits have as many words as the best of all, of a
 * longer search one less, so that it is not drowned by a common word.
 *
 * The search for operations indexes its texts, which stay. These come anew with each call: to index the API's own document
 * takes 25 times as long as to look through it. And a part of a word is found, as `hook` in `webhook`.
 */
export function rank<Item>(
  items: Iterable<Item>,
  words: readonly string[],
  fieldsOf: (item: Item) => readonly Field[],
): readonly Hit<Item>[] {
  const hits: Hit<Item>[] = [];
  let max = 1;
  for (const item of items) {
    const fields = fieldsOf(item).map(([weight, text]) => [weight, text.toLowerCase()] as const);
    const scores = words.map((word) => scoreOf(word, fields));
    const found = scores.filter((score) => score > 0).length;
    if (found === 0) continue;
    max = Math.max(max, found);
    hits.push({ item, words: found, score: scores.reduce((sum, score) => sum + score, 0) });
  }
  return hits
    .filter(({ words: found }) => found >= (max > 2 ? max - 1 : max))
    .sort((one, other) => other.words - one.words || other.score - one.score);
}

function scoreOf(word: string, fields: readonly Field[]): number {
  let best = 0;
  for (const [weight, text] of fields) {
    if (weight <= best / 2) continue;
    const at = text.indexOf(word);
    if (at >= 0) best = Math.max(best, isWholeWord(text, word, at) ? 2 * weight : weight);
  }
  return best;
}

function isWholeWord(text: string, word: string, at: number): boolean {
  const isLetter = (letter: string) => /[\p{L}\p{N}]/u.test(letter);
  return !isLetter(text.charAt(at - 1)) && !isLetter(text.charAt(at + word.length));
}
