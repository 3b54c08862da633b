import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startFixture } from './fixture.ts';

/*
 * Runs the MCP conformance suite (both protocol generations, or the sets that are named) against the fixture. The suite needs Node 22 or later, which the npm
 * package `node` brings; the server under test runs on the Node at hand.
 */
const suite = '@modelcontextprotocol/conformance@0.2.0-alpha.12';

const sets = process.argv.length > 2 ? process.argv.slice(2) : ['2025-11-25', '2026-07-28'];

const fixture = await startFixture();
let hasFailed = false;
for (const set of sets) {
  const expected = fileURLToPath(new URL(`expected-failures-${set}.yml`, import.meta.url));
  const args = ['--yes', '--package=node@24', `--package=${suite}`, '--', 'conformance', 'server'];
  args.push('--url', fixture.url, '--requirements', set, '--expected-failures', expected);
  const child = spawn('npx', args, { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  const reached = new Set(fixture.takeToolsRun());
  const missing = ['test_simple_text', 'test_error_handling'].filter((tool) => !reached.has(tool));
  if (missing.length > 0)
    console.error(`The suite never ran ${missing.join(' and ')}: it has tested nothing.`);
  hasFailed ||= code !== 0 || missing.length > 0;
}
await fixture.close();
process.exit(hasFailed ? 1 : 0);
