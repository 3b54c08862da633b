import { fillers, groupWords, operationWords, verbWords } from './synonyms.ts';
import { stem, termsIn, wordsIn } from './words.ts';

/** Letters of the parts of words that are compared, so that forms of a word are near each other. */
const partLength = 4;

/** How much the kinds of features count: words, pairs of words, parts of words, and what a word is a synonym for. */
const weights = { word: 1, pair: 0.6, part: 0.4, synonym: 0.8 };

/** What a text has that others may have too, with its weight. */
export type Features = ReadonlyMap<string, number>;

/** The features of a question or description. */
export function featuresOf(text: string): Features {
  const features = new Map<string, number>();
  const named = text
    .trim()
    .split(/\s+/)
    .slice(1)
    .some((word) => /^[A-Z][a-z]/.test(word));
  if (named) features.set('@name', weights.synonym);
  const words = wordsIn(text)
    .filter((word) => !fillers.has(word))
    .map(stem);
  for (const [at, word] of words.entries()) {
    features.set(word, weights.word);
    if (at > 0) features.set(`${words[at - 1]} ${word}`, weights.pair);
    for (const part of partsOf(word)) features.set(part, weights.part);
  }
  for (const term of termsIn(text))
    for (const meaning of meaningsOf(term)) features.set(meaning, weights.synonym);
  return features;
}

function partsOf(word: string): readonly string[] {
  const whole = `<${word}>`;
  const count = Math.max(0, whole.length - partLength + 1);
  return Array.from({ length: count }, (_, at) => `#${whole.slice(at, at + partLength)}`);
}

/** What a word is a synonym for: `@group:accounts` for `customer`, `@verb:delete` for `remov`, the stem of `remove`. */
export function meaningsOf(term: string): readonly string[] {
  return [...(synonyms.get(term) ?? [])];
}

const synonyms = collectSynonyms();

function collectSynonyms(): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  const add = (kind: string, words: Readonly<Record<string, string>>) => {
    for (const [name, list] of Object.entries(words))
      for (const term of termsIn(`${kind === 'operation' ? '' : name} ${list}`)) {
        const meanings = found.get(term) ?? new Set();
        found.set(term, meanings.add(`@${kind}:${name}`));
      }
  };
  add('group', groupWords);
  add('verb', verbWords);
  add('operation', operationWords);
  return found;
}
