import MiniSearch from 'minisearch';
import { getOrCreate } from '../../../lib/get-or-create.ts';
import { effectOf } from '../../../tools/effect-of.ts';
import { groups, publishedTools, publishedWorkflows } from '../../../tools/published.ts';
import type { Tool } from '../../../tools/tool.ts';
import { labelsOf, verbOf, verbs } from './labels.ts';
import { questionModel } from './published-model.ts';
import { createLikelihood } from './question-model.ts';
import questions from './questions.json' with { type: 'json' };
import { createSpelling } from './spelling.ts';
import { groupWords, operationWords, phrases, stopWords, verbWords, workflowGroups } from './synonyms.ts';
import { stem, termsIn, wordsIn } from './words.ts';

/** Finds operations by words. */
export interface Search {
  /** Names of tools, the best match first. Empty when no word matches. */
  rank(words: string): readonly string[];
}

const asked: Readonly<Record<string, readonly string[]>> = questions;

/** Weights of the fields: synonyms count more than the words of the descriptions. */
const boost = {
  name: 2,
  title: 1,
  synonyms: 2.5,
  group: 3,
  verb: 2,
  description: 0.3,
  arguments: 0.4,
};

/** Weights of verbs and workflows: of equal matches, what changes less or is used more often comes first. */
const preference: Readonly<Record<string, number>> = {
  list: 1.15,
  get: 1.05,
  patch: 0.85,
  diagnose_integrations: 1.2,
  account_overview: 0.9,
  access_review: 0.85,
};

/** Creates a search over these tools: by their words, and by how people ask for them. */
export function createSearch(tools: readonly Tool[]): Search {
  const index = new MiniSearch({
    idField: 'id',
    fields: Object.keys(boost),
    tokenize: (text) => text.split(' '),
    processTerm: (term) => term,
  });
  index.addAll(tools.map(documentOf));
  const names = tools.map(({ name }) => name);
  const likelihood = createLikelihood(questionModel, names, labelsOf);
  return {
    rank: (words) => {
      const query = correctSpelling(words);
      const terms = termsIn(query);
      const found = index.search(terms.join(' '), {
        boost,
        bm25: { k: 1.2, b: 0.7, d: 0 },
        boostDocument: (id) => preference[String(id)] ?? preference[verbOf(String(id))] ?? 1,
      });
      const best = found[0]?.score ?? 1;
      const weight = Math.max(minWordWeight, Math.min(1, maxKeywords / terms.length));
      const scores = new Map(found.map(({ id, score }) => [String(id), (weight * score) / best]));
      for (const [name, share] of likelihood(query) ?? [])
        if (scores.has(name) || share >= minShare) scores.set(name, (scores.get(name) ?? 0) + share);
      if (isWithoutVerb(terms)) addToLists(scores);
      const ranked = [...scores].sort(([, one], [, other]) => other - one).map(([name]) => name);
      const queried = new Set(words.toLowerCase().split(/[^\w-]+/));
      const named = names.filter((name) => queried.has(name.toLowerCase()));
      return [...new Set([...named, ...ranked])];
    },
  };
}

/** Terms of a query that only names something: `on-premise agents`, `all roles`. It asks for a list. */
const maxNamed = 3;

/** What such a query adds to the score of a list that it finds. */
const listBonus = 1;

const verbTerms: ReadonlySet<string> = new Set(
  [...verbs].filter((verb) => verb !== 'list').flatMap((verb) => [verb, ...termsIn(verbWords[verb] ?? '')]),
);

function isWithoutVerb(terms: readonly string[]): boolean {
  return terms.length <= maxNamed && !terms.some((term) => verbTerms.has(term));
}

function addToLists(scores: Map<string, number>): void {
  for (const [name, score] of scores)
    if (verbOf(name) === 'list') scores.set(name, score + listBonus * score);
}

/** Words count whole in queries of so many terms, and less in longer ones, which describe a situation. */
const [maxKeywords, minWordWeight] = [3, 0.4];

/** A tool that has no word of the query is found if it is at least this likely. */
const minShare = 0.02;

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

function documentOf({ name, title, description, inputSchema }: Tool): Record<string, string> {
  const groupTexts = (workflowGroups[name] ?? [groups[name] ?? '']).map((one) => groupWords[one] ?? '');
  return {
    id: name,
    name: stemsIn(name),
    title: stemsIn(title),
    description: stemsIn(description),
    synonyms: stemsIn(operationWords[name] ?? ''),
    group: stemsIn(groupTexts.join(' ')),
    verb: stemsIn(`${effectOf(name)} ${verbWords[verbOf(name)] ?? ''}`),
    arguments: stemsIn(Object.keys(inputSchema.properties ?? {}).join(' ')),
  };
}

const stemsIn = (text: string) => wordsIn(text).map(stem).join(' ');

/** Corrects by the words of all tools, so that it is made once for all lists of them. */
const correctSpelling = createSpelling([
  ...[...publishedTools, ...publishedWorkflows].flatMap(({ name, title, description }) => [
    name,
    title,
    description,
  ]),
  ...Object.values(asked).flat(),
  ...[groupWords, verbWords, operationWords].flatMap((words) => Object.values(words)),
  ...phrases.map(([, word]) => word),
  ...stopWords,
]);
