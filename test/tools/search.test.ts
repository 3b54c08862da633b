import { afterAll, expect, test } from 'vitest';
import { publishedTools } from '../../src/tools/published.ts';
import { type Rig, startRig } from '../e2e/support.ts';
import { type Query, queries } from './queries.ts';
import secondQueries from './second-queries.json' with { type: 'json' };

const rigs: Rig[] = [];
afterAll(() => Promise.all(rigs.map((rig) => rig.close())));

/** Searches as a model does: the ids that `find_operations` of the compact surface gives for a query, best first. */
async function connectSearch(...flags: string[]) {
  const rig = await startRig({ args: ['--surface', 'compact', ...flags], sandbox: { size: 'small' } });
  rigs.push(rig);
  return async (query: string, limit = 3): Promise<string[]> => {
    const { operations } = (await rig.call('find_operations', { query, limit })).json;
    return operations.map(({ id }: { id: string }) => id);
  };
}
const search = await connectSearch();

/** Shares of the queries whose answer is first, and among the first three. */
async function measure(name: string, list: readonly Query[], listsMisses: boolean) {
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
      `${name}, ${list.length} queries: ${percent(first)} first, ${percent(three)} in three`,
      ...(listsMisses ? lines : []),
    ].join('\n'),
  );
  return { first, three };
}

test('the operation that a query asks for is first in 95 % of cases, and always among the first three', async () => {
  const { first, three } = await measure('own list', queries, true);
  expect(first).toBeGreaterThanOrEqual(0.95);
  expect(three).toBe(1);
});

test('queries of another writer find their operation first in 88 % of cases, and among three in 96 %', async () => {
  const list = secondQueries.map(({ query, kind, right }) => ({ kind, query: [query, ...right] as const }));
  for (const kind of new Set(list.map((one) => one.kind))) {
    const some = list.filter((one) => one.kind === kind).map(({ query }) => query);
    await measure(kind, some, false);
  }
  const all = list.map(({ query }) => query);
  const { first, three } = await measure('second list', all, false);
  expect(first).toBeGreaterThanOrEqual(0.88);
  expect(three).toBeGreaterThanOrEqual(0.96);
});

test.each([
  ['a letter missing', 'lst of custmers', 'accounts_list'],
  ['a letter too many', 'delete a webhhook', 'organizationWebhooks_delete'],
  ['another letter', 'stored credantials', 'credentials_list'],
  ['two letters swapped', 'create intergation', 'integrations_create'],
  ['a plural', 'sub-orgs', 'subOrgs_list'],
  ['a form of the verb', 'deleting mappings', 'mappings_delete'],
  ['capitals', 'CREATE BRIDGE', 'bridges_create'],
  ['a French question', 'supprimer un webhook', 'organizationWebhooks_delete'],
  ['French accents', 'créer un jeton pour un assistant', 'tokens_create_mcp_token'],
  ['a German question', 'welche Kunden gibt es', 'accounts_list'],
  ['umlauts', 'Rolle löschen', 'roles_delete'],
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
  const searchAccounts = await connectSearch('--toolsets', 'accounts');
  for (const [words] of queries) {
    const found = await searchAccounts(words, 20);
    expect(found.filter((id) => !id.startsWith('accounts_'))).toEqual([]);
  }
});
