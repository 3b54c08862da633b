import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import packageFile from '../../package.json' with { type: 'json' };
import { root } from '../../packaging/project.ts';

interface Workflow {
  readonly permissions: Record<string, string>;
  readonly jobs: Record<
    string,
    { readonly permissions?: Record<string, string>; readonly steps: { run?: string; uses?: string }[] }
  >;
}

const workflow: Workflow = parse(readFileSync(new URL('.github/workflows/release.yml', root), 'utf8'));
const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
const commands = steps.flatMap(({ run }) => run?.trim().split('\n') ?? []).map((line) => line.trim());

test('the tarball that was checked is published with provenance', () => {
  expect(commands).toContain('npm publish ./build/*.tgz --provenance --access public');
  expect(workflow.jobs.release?.permissions).toMatchObject({ 'id-token': 'write' });
});

test('nothing is published before the tag, the address of the repository and the tests are checked', () => {
  const publish = commands.indexOf('npm publish ./build/*.tgz --provenance --access public');
  const checks = ['npm test', 'npm run release:check -- --release'];
  for (const check of checks) {
    expect(commands).toContain(check);
    expect(commands.indexOf(check)).toBeLessThan(publish);
  }
  expect(commands.some((line) => line.includes('GITHUB_REF_NAME'))).toBe(true);
});

test('a job may do only what it says', () => {
  expect(workflow.permissions).toEqual({ contents: 'read' });
  expect(workflow.jobs.release?.permissions).toEqual({ contents: 'write', 'id-token': 'write' });
});

test('the scripts that the workflow runs exist, and its actions have a version', () => {
  for (const [, script] of commands.join('\n').matchAll(/npm run ([\w:-]+)/g))
    expect(Object.keys(packageFile.scripts)).toContain(script);
  for (const { uses } of steps)
    if (uses !== undefined) expect(uses).toMatch(/@(?:v\d+\.\d+\.\d+|[0-9a-f]{40})$/);
});
