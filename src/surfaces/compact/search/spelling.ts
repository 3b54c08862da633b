import MiniSearch from 'minisearch';
import { foldText, wordsIn } from './words.ts';

/** Words shorter than this are not corrected; those of fewer than `minForTwo` letters may have one wrong. */
const [minLength, minForTwo] = [4, 6];

/** How many letters of a word may be wrong. */
const maxSlips = 2;

/** How much likelier a slip is behind the first letter of a word than in it. */
const sameInitial = 3;

/** Replaces words that no text has by the most frequent similar one. */
export type Spelling = (text: string) => string;

/** A correction of spelling by the words of these texts. */
export function createSpelling(texts: Iterable<string>): Spelling {
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of wordsIn(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const index = new MiniSearch({ idField: 'word', fields: ['word'], tokenize: (word) => [word] });
  index.addAll([...counts.keys()].map((word) => ({ word })));
  // Comparing a word costs its length squared, and one letter may unfold to eighteen.
  const maxLength = maxSlips + [...counts.keys()].reduce((max, { length }) => Math.max(max, length), 0);
  const pickFrequent = (candidates: readonly string[], initial: string | undefined) => {
    const weight = (word: string) => (counts.get(word) ?? 0) * (word[0] === initial ? sameInitial : 1);
    return [...candidates].sort((one, other) => weight(other) - weight(one))[0];
  };
  const correct = (word: string): string | undefined => {
    if (counts.has(word) || word.length < minLength - 1 || word.length > maxLength) return undefined;
    const swapped = pickFrequent(
      swapsOf(word).filter((one) => counts.has(one)),
      word[0],
    );
    if (swapped !== undefined || word.length < minLength) return swapped;
    const maxDistance = word.length < minForTwo ? 1 : maxSlips;
    for (let distance = 1; distance <= maxDistance; distance += 1) {
      const similar = index.search(word, { fuzzy: distance }).map(({ id }) => String(id));
      // Two wrong letters, one of them the first, are another word.
      const found = pickFrequent(
        similar.filter((one) => distance === 1 || one[0] === word[0]),
        word[0],
      );
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return (text) => text.replaceAll(/\p{L}[\p{L}\p{M}]*/gu, (word) => correct(foldText(word)) ?? word);
}

/** The word with each two neighbouring letters swapped. */
function swapsOf(word: string): readonly string[] {
  return Array.from(
    { length: word.length - 1 },
    (_, at) => `${word.slice(0, at)}${word[at + 1]}${word[at]}${word.slice(at + 2)}`,
  );
}
