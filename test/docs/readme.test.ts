import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import packageFile from '../../package.json' with { type: 'json' };
import { updateReadme } from '../../scripts/readme-parts.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

test('the tables of the README are those of the code (npm run readme)', () => {
  expect(updateReadme(readme)).toBe(readme);
});

test('every command that the README shows with npm run exists', () => {
  const scripts = [...readme.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name);
  expect(scripts.length).toBeGreaterThan(0);
  for (const script of scripts) expect(Object.keys(packageFile.scripts)).toContain(script);
});

test('every JSON example of the README can be parsed', () => {
  const examples = [...readme.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = '']) => text);
  expect(examples.length).toBeGreaterThan(0);
  for (const example of examples) expect(() => JSON.parse(example)).not.toThrow();
});
