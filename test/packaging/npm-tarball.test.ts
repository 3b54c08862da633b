import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { tarballFiles } from '../../packaging/npm-tarball.ts';
import { readPackageFile, root } from '../../packaging/project.ts';

let paths: string[];
beforeAll(() => {
  paths = tarballFiles().map(({ path }) => path);
});

const textOf = (path: string) => readFileSync(new URL(path, root), 'utf8');

/** Everything that belongs into the tarball. */
const needed = [
  /^(?:package\.json|README\.md|SECURITY\.md|LICENSE)$/,
  /^dist\/(?:cli\.js|THIRD-PARTY-NOTICES\.txt)$/,
  /^dist\/program\.js(?:\.map)?$/,
  /^dist\/chunks\/[\w.-]+\.js(?:\.map)?$/,
  /^dist\/facts\/[\w.-]+\.json$/,
  /^docs\/(?:clients\/)?[\w-]+\.(?:md|svg)$/,
  /^skills\/[\w-]+\/SKILL\.md$/,
];

test('the tarball holds nothing that is not needed', () => {
  expect(paths.filter((path) => !needed.some((form) => form.test(path)))).toEqual([]);
  expect(paths).not.toContain('docs/evals.md');
});

test('each kind of file is in the tarball', () => {
  for (const form of needed)
    expect(
      paths.some((path) => form.test(path)),
      String(form),
    ).toBe(true);
});

test('every file of the program is reached from its start file', () => {
  const reached = new Set(['dist/cli.js', 'dist/program.js']);
  for (const path of reached)
    for (const [, name] of textOf(path).matchAll(/["'](?:\.\/|\.\/chunks\/)([\w-]+-[A-Z0-9]{8}\.js)["']/g))
      reached.add(`dist/chunks/${name}`);
  expect(paths.filter((path) => /^dist\/.*\.js$/.test(path) && !reached.has(path))).toEqual([]);
});

test('the source maps of the program are included, without the sources', () => {
  const programs = paths.filter((path) => /^dist\/.*\.js$/.test(path) && path !== 'dist/cli.js');
  expect(programs.length).toBeGreaterThan(10);
  for (const path of programs) expect(paths).toContain(`${path}.map`);
  for (const path of programs)
    expect(Object.keys(JSON.parse(textOf(`${path}.map`))), path).not.toContain('sourcesContent');
});

test('npm makes commands of the start file on every system', () => {
  // npm writes .cmd and .ps1 files from the first line; a carriage return in it breaks the command elsewhere.
  expect(readPackageFile().bin).toEqual({ 'synqly-mcp': 'dist/cli.js' });
  expect(textOf('dist/cli.js').split('\n')[0]).toBe('#!/usr/bin/env node');
});
