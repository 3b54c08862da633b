import { expect, test } from 'vitest';
import { allToolsets } from '../../src/access/policy.ts';
import { connectInProcess } from '../../src/app/in-process-client.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { publishedTools } from '../../src/tools/published.ts';
import { heldOutQueries, type Query, queries } from './queries.ts';

const config = loadConfig({}, {});

/** Searches as a model does: the ids that `find_operations` of the compact surface gives for a query, best first. */
async function connectSearch(toolsets: string[] = []) {
  const toolsetFilter = { ...allToolsets, toolsets };
  const policy = { readOnly: false, confirm: 'destroy', toolsetFilter } as const;
  const client = await connectInProcess({ config, surface: 'compact', pins: undefined, policy });
  return async (query: string, limit = 3): Promise<string[]> => {
    const { operations } = JSON.parse(await client.call('find_operations', { query, limit }));
    return operations.map(({ id }: { id: string }) => id);
  };
}
const search = await connectSearch();

/** Shares of the queries whose answer is first, and among the first three. */
async function measure(list: readonly Query[], listsMisses: boolean) {
  const places: { words: string; answers: string[]; ranked: string[]; place: number }[] = [];
  for (const [words, ...answers] of list) {
    const ranked = await search(words);
    places.push({ words, answers, ranked, place: ranked.findIndex((id) => answers.includes(id)) });
  }
  const misses = places.filter(({ place }) => place !== 0);
  const lines = misses.map(({ words, answers, ranked }) => `${words}: ${ranked} for ${answers}`);
  const share = (most: number) =>
    places.filter(({ place }) => place >= 0 && place < most).length / list.length;
  const [first, three] = [share(1), share(3)];
  const percent = (part: number) => `${(100 * part).toFixed(1)} %`;
  console.log(
    [
      `${list.length} queries: ${percent(first)} first, ${percent(three)} in three`,
      ...(listsMisses ? lines : []),
    ].join('\n'),
  );
  return { first, three };
}

test('the operation that a query asks for is first in 90 % of cases, and among the first three in 98 %', async () => {
  const { first, three } = await measure(queries, true);
  expect(first).toBeGreaterThanOrEqual(0.9);
  expect(three).toBeGreaterThanOrEqual(0.98);
});

test('queries that the search was not tuned on find their operation among the first three in 90 % of cases', async () => {
  const { first, three } = await measure(heldOutQueries, false);
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
])('an operation is found in spite of %s', async (_, words, answer) => {
  expect((await search(words))[0]).toBe(answer);
});

test('every operation is found by its own name, and by its title', async () => {
  for (const { name, title } of publishedTools) {
    expect((await search(name))[0]).toBe(name);
    expect(await search(title), title).toContain(name);
  }
});

test('words that mean nothing here find nothing', async () => {
  for (const words of ['xylophone zucchini', 'the of and', '()[]{}*?\\'])
    expect(await search(words), words).toEqual([]);
});

test('the same words find the same operations, in the same order', async () => {
  const again = await connectSearch();
  expect(await again('customer broken', 20)).toEqual(await search('customer broken', 20));
});

test('only operations that are selected can be found', async () => {
  const searchAccounts = await connectSearch(['accounts']);
  for (const [words] of [...queries, ...heldOutQueries]) {
    const found = await searchAccounts(words, 20);
    expect(found.filter((id) => !id.startsWith('accounts_'))).toEqual([]);
  }
});
