import { expect, test } from 'vitest';
import { createSearch } from '../../src/surfaces/compact/search.ts';
import { publishedTools } from '../../src/tools/published.ts';
import { heldOutQueries, type Query, queries } from './queries.ts';

const search = createSearch(publishedTools);

/** Shares of the queries whose answer is first, and among the first three. */
function measure(list: readonly Query[], isTelling: boolean): { first: number; three: number } {
  const places = list.map(([words, ...answers]) => {
    const ranked = search.rank(words);
    return { words, answers, ranked, place: ranked.findIndex((id) => answers.includes(id)) };
  });
  const misses = places.filter(({ place }) => place !== 0);
  const lines = misses.map(({ words, answers, ranked }) => `${words}: ${ranked.slice(0, 3)} for ${answers}`);
  const share = (most: number) =>
    places.filter(({ place }) => place >= 0 && place < most).length / list.length;
  const [first, three] = [share(1), share(3)];
  const percent = (part: number) => `${(100 * part).toFixed(1)} %`;
  console.log(
    [
      `${list.length} queries: ${percent(first)} first, ${percent(three)} in three`,
      ...(isTelling ? lines : []),
    ].join('\n'),
  );
  return { first, three };
}

test('what people ask for is first in 90 % of cases, and among the first three in 98 %', () => {
  const { first, three } = measure(queries, true);
  expect(first).toBeGreaterThanOrEqual(0.9);
  expect(three).toBeGreaterThanOrEqual(0.98);
});

test('words that it was never tuned on find theirs among the first three in 90 % of cases', () => {
  const { first, three } = measure(heldOutQueries, false);
  expect(first).toBeGreaterThanOrEqual(0.7);
  expect(three).toBeGreaterThanOrEqual(0.9);
});

test.each([
  ['a letter missing', 'lst of custmers', 'accounts_list'],
  ['a letter too many', 'delete a webhhook', 'organizationWebhooks_delete'],
  ['another letter', 'stored credantials', 'credentials_list'],
  ['two letters swapped', 'create intergation', 'integrations_create'],
  ['a plural', 'sub-orgs', 'subOrgs_list'],
  ['a form of the verb', 'deleting mappings', 'mappings_delete'],
  ['capitals', 'CREATE BRIDGE', 'bridges_create'],
])('%s does not matter', (_, words, answer) => {
  expect(search.rank(words)[0]).toBe(answer);
});

test('every operation is found by its own name, and by its title', () => {
  const lost = publishedTools.filter(({ name }) => search.rank(name)[0] !== name).map(({ name }) => name);
  expect(lost).toEqual([]);
  const titles = publishedTools.filter(({ name, title }) => !search.rank(title).slice(0, 3).includes(name));
  expect(titles.map(({ title }) => title)).toEqual([]);
});

test('words that mean nothing here find nothing, and the same words always the same', () => {
  for (const words of ['', '   ', 'xylophone zucchini', 'the of and', '()[]{}*?\\'])
    expect(search.rank(words), words).toEqual([]);
  expect(search.rank('customer broken')).toEqual(createSearch(publishedTools).rank('customer broken'));
});

test('only the tools it is given can be found', () => {
  const few = publishedTools.filter(({ name }) => name.startsWith('accounts_'));
  for (const [words] of [...queries, ...heldOutQueries])
    expect(
      createSearch(few)
        .rank(words)
        .filter((id) => !id.startsWith('accounts_')),
    ).toEqual([]);
});
