import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { markdownFiles } from '../../scripts/docs-files.ts';
import { updateAnswers } from './answers.ts';

const documents = markdownFiles()
  .map(({ name, url }) => ({ name, text: readFileSync(url, 'utf8') }))
  .filter(({ text }) => text.includes('```jsonc\n// '));

test('the README, the results and the surfaces show answers of the server', () => {
  expect(documents.map(({ name }) => name)).toEqual(['README.md', 'docs/results.md', 'docs/surfaces.md']);
});

test.each(documents)(
  'the answers in $name are those of the built server (npm run docs)',
  async ({ text }) => {
    expect(await updateAnswers(text)).toBe(text);
  },
);
