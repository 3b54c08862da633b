import MiniSearch from 'minisearch';
import { effects, groups } from '../../tools/published.ts';
import type { Tool } from '../../tools/tool.ts';
import { emptyWords, groupWords, operationWords, phrases, verbWords } from './synonyms.ts';

/** Finds operations by the words that people use. */
export interface Search {
  /** Names of tools, the best first. Empty where no word means anything here. */
  rank(words: string): readonly string[];
}

/** What counts how much: what people call a thing counts for more than what our texts happen to say. */
const boost = { name: 2, title: 1, own: 2.5, group: 3, verb: 2, description: 0.3, arguments: 0.4 };

/** Between two that fit alike, the one that does less, or is asked for more often. */
const preference: Readonly<Record<string, number>> = { list: 1.15, get: 1.05, patch: 0.85 };

/** Ranks these tools, and no others. */
export function createSearch(tools: readonly Tool[]): Search {
  const known = new Set<string>();
  const index = new MiniSearch({
    idField: 'id',
    fields: Object.keys(boost),
    processTerm: (term, field) => {
      const word = stem(term.toLowerCase());
      if (field !== undefined) known.add(word);
      return word;
    },
  });
  index.addAll(tools.map(documentOf));
  const names = tools.map(({ name }) => name);
  return {
    rank: (words) => {
      const found = index
        .search(plain(words), {
          boost,
          bm25: { k: 1.2, b: 0.7, d: 0 },
          fuzzy: (term) => (known.has(term) ? false : slipsIn(term)),
          boostDocument: (id) => preference[verbOf(String(id))] ?? 1,
        })
        .map(({ id }) => String(id));
      const said = new Set(words.toLowerCase().split(/[^\w-]+/));
      const named = names.filter((name) => said.has(name.toLowerCase()));
      return [...new Set([...named, ...found])];
    },
  };
}

const searches = new WeakMap<readonly Tool[], Search>();
const maxClosest = 3;

/** Characters of a name that are looked at. */
const maxNameLength = 100;

/** The search over a list of tools; made with the first question. */
export function searchIn(tools: readonly Tool[]): Search {
  const search = searches.get(tools) ?? createSearch(tools);
  searches.set(tools, search);
  return search;
}

/** The tools that are named or described like one that there is not. */
export function closestTools(name: string, tools: readonly Tool[]): readonly string[] {
  return searchIn(tools).rank(name.slice(0, maxNameLength)).slice(0, maxClosest);
}

/** Letters that may be wrong in a word that means nothing here; swapping two changes both. */
function slipsIn(word: string): number {
  if (word.length < 4) return 0;
  return word.length < 6 ? 1 : 2;
}

function documentOf({ name, title, description, inputSchema }: Tool): Record<string, string> {
  return {
    id: name,
    name: splitName(name),
    title,
    description,
    own: operationWords[name] ?? '',
    group: groupWords[groups[name] ?? ''] ?? '',
    verb: `${effects[name]} ${verbWords[verbOf(name)] ?? ''}`,
    arguments: Object.keys(inputSchema.properties ?? {})
      .join(' ')
      .replaceAll('_', ' '),
  };
}

const verbOf = (name: string) => name.split('_')[1] ?? '';

/** `integrationPoints_list` is two words and a verb. */
const splitName = (name: string) => name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').replaceAll('_', ' ');

/** A query in the words of the vocabulary. */
function plain(words: string): string {
  const said = splitName(words)
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '' && !emptyWords.has(word))
    .join(' ');
  return phrases.reduce((text, [pattern, word]) => text.replaceAll(pattern, word), said);
}

/** The part that the forms of a word share, near enough: customers, renamed, failing, categories. */
function stem(word: string): string {
  if (word.length < 4) return word;
  const base = word
    .replace(/ies$/, 'y')
    .replace(/(ss|sh|ch|x)es$/, '$1')
    .replace(/([^su])s$/, '$1')
    .replace(/(?<=[a-z]{3})(?:ing|ed)$/, '')
    .replace(/(?<=[a-z]{2})e$/, '');
  return base.replace(/([bdgkmnprt])\1$/, '$1');
}
