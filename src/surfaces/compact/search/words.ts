import { phrases, stopWords } from './synonyms.ts';

/** A text in small letters without accents. */
export function foldText(text: string): string {
  return text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase().replaceAll('ß', 'ss');
}

/** The words of a text, in small letters and without accents. */
export function wordsIn(text: string): readonly string[] {
  return foldText(splitName(text))
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

/** The words of a text as they are compared: without stop words, with phrases replaced, as stems. */
export function termsIn(text: string): readonly string[] {
  const kept = wordsIn(text)
    .filter((word) => !stopWords.has(word))
    .join(' ');
  const replaced = phrases.reduce((result, [pattern, word]) => result.replaceAll(pattern, word), kept);
  return replaced
    .split(/[ -]+/)
    .filter((word) => word !== '')
    .map(stem);
}

/** `integrationPoints_list` becomes `integration Points list`. */
function splitName(name: string): string {
  return name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').replaceAll('_', ' ');
}

/** An approximate stem of a word, for endings as in customers, renamed, failing and categories. */
export function stem(word: string): string {
  if (word.length < 4) return word;
  const base = word
    .replace(/ies$/, 'y')
    .replace(/(ss|sh|ch|x)es$/, '$1')
    .replace(/([^su])s$/, '$1')
    .replace(/(?<=[a-z]{3})(?:ing|ed)$/, '')
    .replace(/(?<=[a-z]{2})e$/, '');
  return base.replace(/([bdgkmnprt])\1$/, '$1');
}
