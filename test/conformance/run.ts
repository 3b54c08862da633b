import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startFixture } from './fixture.ts';

/*
 * Runs the MCP conformance suite (both protocol generations, or the sets that are named) against the fixture. The suite needs Node 22 or later, which the npm
 * package `node` brings; the server under test runs on the Node at hand.
 */
const suite = '@modelcontextprotocol/conformance@0.2.0-alpha.12';

/** Scenarios of skills, which are in no set. That of directories is left out: this server reads none. */
const skillScenarios = ['sep-2640-skills-enumeration', 'sep-2640-skills-manifest'];

const sets = process.argv.length > 2 ? process.argv.slice(2) : ['2025-11-25', '2026-07-28', 'skills'];

const fixture = await startFixture();
let hasFailed = false;
for (const set of sets.filter((name) => name !== 'skills')) {
  const expected = fileURLToPath(new URL(`expected-failures-${set}.yml`, import.meta.url));
  const code = await runSuite(['--requirements', set, '--expected-failures', expected]);
  const reached = new Set(fixture.takeToolsRun());
  const missing = ['test_simple_text', 'test_error_handling'].filter((tool) => !reached.has(tool));
  if (missing.length > 0)
    console.error(`The suite never ran ${missing.join(' and ')}: it has tested nothing.`);
  hasFailed ||= code !== 0 || missing.length > 0;
}
if (sets.includes('skills')) {
  for (const scenario of skillScenarios) if (!(await passes(scenario))) hasFailed = true;
}
await fixture.close();
process.exit(hasFailed ? 1 : 0);

/** Runs the suite against the fixture. @returns its exit code */
async function runSuite(options: readonly string[]): Promise<number | null> {
  const args = ['--yes', '--package=node@24', `--package=${suite}`, '--', 'conformance', 'server'];
  const child = spawn('npx', [...args, '--url', fixture.url, ...options], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

interface Check {
  readonly id: string;
  readonly status: string;
}

/** Whether all checks of a scenario pass. The suite counts a skipped check as no failure; here it is one. */
async function passes(scenario: string): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  const options = ['--scenario', scenario, '--spec-version', '2026-07-28', '--force', '--output-dir', folder];
  const code = await runSuite(options);
  const files = await readdir(folder, { recursive: true });
  const texts = files.filter((name) => name.endsWith('checks.json')).map((name) => join(folder, name));
  const checks = (
    await Promise.all(texts.map(async (path) => JSON.parse(await readFile(path, 'utf8'))))
  ).flat();
  await rm(folder, { recursive: true });
  const others = (checks as Check[]).filter(({ status }) => status !== 'SUCCESS');
  for (const { id, status } of others) console.error(`${scenario}: ${id} is ${status}.`);
  if (checks.length === 0) console.error(`${scenario}: there are no checks.`);
  return code === 0 && checks.length > 0 && others.length === 0;
}
