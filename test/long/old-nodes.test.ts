import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { builtCli } from '../e2e/support.ts';

/** Runs the built program in a Node of the registry; undefined where the registry does not answer. */
function runIn(version: string, args: readonly string[]) {
  const options = { input: '', cwd: tmpdir(), timeout: 240_000, encoding: 'utf8' } as const;
  const npx = (...command: string[]) =>
    spawnSync('npx', ['--yes', `--package=node@${version}`, '--', 'node', ...command], options);
  if (npx('--version').status !== 0) return undefined;
  return npx(builtCli, ...args);
}

test.each(['12', '16', '18', '20.9.0', '20.18.0'])(
  'a real Node %s prints one line with the version that is needed',
  (version) => {
    const ended = runIn(version, ['--sandbox']);
    if (!ended) return console.warn(`skipped: no Node ${version} from the registry`);
    expect(ended.status).toBe(1);
    expect(ended.stderr).toMatch(
      /^synqly-mcp needs Node 20\.18\.1 or later; this is Node \d+\.\d+\.\d+\. Install one from https:\/\/nodejs\.org\.\n$/,
    );
  },
);

test.each(['20.18.1', '22', '24'])('a real Node %s runs the program', (version) => {
  const ended = runIn(version, ['--version']);
  if (!ended) return console.warn(`skipped: no Node ${version} from the registry`);
  expect(ended).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
});
