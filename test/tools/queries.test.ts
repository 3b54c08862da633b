import { expect, test } from 'vitest';
import { catalogue, findOperation } from '../../src/tools/catalogue.ts';
import { findWorkflow } from '../../src/tools/workflows/index.ts';
import { queries } from './queries.ts';
import secondQueries from './second-queries.json' with { type: 'json' };

const exists = (id: string) => findOperation(id) !== undefined || findWorkflow(id) !== undefined;

test('the queries are in words of their own, each once', () => {
  const ours = catalogue.flatMap(({ title, summary }) => [title.toLowerCase(), summary.toLowerCase()]);
  const words = queries.map(([query]) => query.toLowerCase());
  expect(words.filter((query) => ours.some((text) => text.includes(query) || query.includes(text)))).toEqual(
    [],
  );
  expect(words).toEqual([...new Set(words)]);
});

test('the queries cover every group', () => {
  expect(queries.length).toBeGreaterThanOrEqual(95);
  const answers = queries.flatMap(([, ...ids]) => ids);
  const others = secondQueries.flatMap(({ right }) => right);
  expect([...answers, ...others].filter((id) => !exists(id))).toEqual([]);
  const covered = new Set(answers.map((id) => findOperation(id)?.group));
  expect([...new Set(catalogue.map(({ group }) => group))].filter((group) => !covered.has(group))).toEqual(
    [],
  );
});
