import { expect, test } from 'vitest';
import { catalogue, findOperation } from '../../src/tools/catalogue.ts';
import { heldOutQueries, queries } from './queries.ts';

const all = [...queries, ...heldOutQueries];

test('the queries are in words of their own, each once', () => {
  const ours = catalogue.flatMap(({ title, summary }) => [title.toLowerCase(), summary.toLowerCase()]);
  const words = all.map(([query]) => query.toLowerCase());
  expect(words.filter((query) => ours.some((text) => text.includes(query) || query.includes(text)))).toEqual(
    [],
  );
  expect(words).toEqual([...new Set(words)]);
});

test('the queries cover every group', () => {
  expect(queries.length).toBeGreaterThanOrEqual(70);
  expect(heldOutQueries.length).toBeGreaterThanOrEqual(25);
  const answers = queries.flatMap(([, ...ids]) => ids);
  expect(answers.filter((id) => !findOperation(id))).toEqual([]);
  expect(heldOutQueries.flatMap(([, ...ids]) => ids).filter((id) => !findOperation(id))).toEqual([]);
  const covered = new Set(answers.map((id) => findOperation(id)?.group));
  expect([...new Set(catalogue.map(({ group }) => group))].filter((group) => !covered.has(group))).toEqual(
    [],
  );
});
