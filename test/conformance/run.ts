import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startFixture, toolsRun } from './fixture.ts';

/*
 * Runs the MCP conformance suite (set 2025-11-25) against the fixture. The suite needs Node 22 or later, which the npm
 * package `node` brings; the server under test runs on the Node at hand.
 */
const suite = '@modelcontextprotocol/conformance@0.2.0-alpha.12';
const expected = fileURLToPath(new URL('expected-failures.yml', import.meta.url));

const fixture = await startFixture();
const args = ['--yes', '--package=node@24', `--package=${suite}`, '--', 'conformance', 'server'];
args.push('--url', fixture.url, '--requirements', '2025-11-25', '--expected-failures', expected);
const child = spawn('npx', args, { stdio: 'inherit' });
const [code] = (await once(child, 'exit')) as [number | null];
await fixture.close();

const reached = new Set(toolsRun);
const missing = ['test_simple_text', 'test_error_handling'].filter((tool) => !reached.has(tool));
if (missing.length > 0) console.error(`The suite never ran ${missing.join(' and ')}: it has tested nothing.`);
process.exit(code === 0 && missing.length === 0 ? 0 : 1);
