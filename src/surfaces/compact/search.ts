import MiniSearch from 'minisearch';
import { getOrCreate } from '../../lib/get-or-create.ts';
import { effectOf } from '../../tools/effect-of.ts';
import { groups } from '../../tools/published.ts';
import type { Tool } from '../../tools/tool.ts';
import { groupWords, operationWords, phrases, stopWords, verbWords, workflowGroups } from './synonyms.ts';

/** Finds operations by words. */
export interface Search {
  /** Names of tools, the best match first. Empty when no word matches. */
  rank(words: string): readonly string[];
}

/** Weights of the fields: synonyms count more than the words of the descriptions. */
const boost = { name: 2, title: 1, synonyms: 2.5, group: 3, verb: 2, description: 0.3, arguments: 0.4 };

/** Weights of verbs and workflows: of equal matches, what changes less or is used more often comes first. */
const preference: Readonly<Record<string, number>> = {
  list: 1.15,
  get: 1.05,
  patch: 0.85,
  diagnose_integrations: 1.2,
  account_overview: 0.9,
  access_review: 0.85,
};

/** Creates a search over these tools. */
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
        .search(normalizeQuery(words), {
          boost,
          bm25: { k: 1.2, b: 0.7, d: 0 },
          fuzzy: (term) => (known.has(term) ? false : maxTypos(term)),
          boostDocument: (id) => preference[String(id)] ?? preference[verbOf(String(id))] ?? 1,
        })
        .map(({ id }) => String(id));
      const queried = new Set(words.toLowerCase().split(/[^\w-]+/));
      const named = names.filter((name) => queried.has(name.toLowerCase()));
      return [...new Set([...named, ...found])];
    },
  };
}

const searches = new WeakMap<readonly Tool[], Search>();
const maxClosest = 3;

/** Characters of an unknown name that are searched for. */
const maxNameLength = 100;

/** The search over a list of tools; created with the first query. */
export function searchIn(tools: readonly Tool[]): Search {
  return getOrCreate(searches, tools, () => createSearch(tools));
}

/** The tools whose names or descriptions are most similar to an unknown name. */
export function closestTools(name: string, tools: readonly Tool[]): readonly string[] {
  return searchIn(tools).rank(name.slice(0, maxNameLength)).slice(0, maxClosest);
}

/** How many letters of an unknown word may be wrong. Two swapped letters count as two. */
function maxTypos(word: string): number {
  if (word.length < 4) return 0;
  return word.length < 6 ? 1 : 2;
}

function documentOf({ name, title, description, inputSchema }: Tool): Record<string, string> {
  return {
    id: name,
    name: splitName(name),
    title,
    description,
    synonyms: operationWords[name] ?? '',
    group: groupsOf(name)
      .map((group) => groupWords[group] ?? '')
      .join(' '),
    verb: `${effectOf(name)} ${verbWords[verbOf(name)] ?? ''}`,
    arguments: Object.keys(inputSchema.properties ?? {})
      .join(' ')
      .replaceAll('_', ' '),
  };
}

const groupsOf = (name: string) => workflowGroups[name] ?? [groups[name] ?? ''];
const verbOf = (name: string) => name.split('_')[1] ?? '';

/** `integrationPoints_list` becomes `integration Points list`. */
const splitName = (name: string) => name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').replaceAll('_', ' ');

/** A query without stop words and with its phrases replaced. */
function normalizeQuery(words: string): string {
  const kept = splitName(words)
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '' && !stopWords.has(word))
    .join(' ');
  return phrases.reduce((text, [pattern, word]) => text.replaceAll(pattern, word), kept);
}

/** An approximate stem of a word, for endings as in customers, renamed, failing and categories. */
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
