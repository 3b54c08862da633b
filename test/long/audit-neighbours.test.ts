import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { auditLines } from '../e2e/endings-support.ts';
import { builtCli, cleanEnvironment, type Program, programOf, startProgram } from '../e2e/support.ts';

const page = readFileSync(fileURLToPath(new URL('../../docs/audit-log.md', import.meta.url)), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'neighbours-'));
const checker = join(folder, 'check.mjs');
let sandbox: Sandbox;
beforeAll(async () => {
  writeFileSync(checker, /```js\n([\s\S]*?)```/.exec(page)?.[1] ?? '');
  sandbox = await startSandbox({ size: 'small' });
});
afterAll(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

/** What the page's own program finds wrong with files. */
function faultsOf(...files: string[]): string[] {
  const { stdout } = spawnSync(process.execPath, [checker, ...files], { encoding: 'utf8' });
  return stdout.trim().split('\n').slice(0, -1);
}

const environment = () => ({ SYNQLY_TOKEN: sandbox.token, SYNQLY_PERMISSIONS: 'ignore' });

let number = 0;
async function write({ call }: Program): Promise<void> {
  number += 1;
  await call('accounts_create', { name: `neighbour-${number}` });
}

const torn = Buffer.from('{"type":"audit","v":1,"client":"é').subarray(0, -1);
test.each<[string, Buffer]>([
  ['a blank line', Buffer.from('a line\n\n')],
  ['blank lines alone', Buffer.from('\n\n')],
  ['lines of another system', Buffer.from('a line\r\nanother\r\n')],
  ['bytes that are no UTF-8', Buffer.from('caf\xe9\n', 'latin1')],
  ['a line that was cut off within a character', torn],
  ['a line longer than any of ours', Buffer.from(`first\n${'x'.repeat(100_000)}\n`)],
])('a file that held %s is continued, and its chain is valid', async (name, before) => {
  const file = join(folder, `${name}.log`);
  writeFileSync(file, before);
  const program = await startProgram(['--base-url', sandbox.baseUrl, '--audit-log', file], environment());
  await write(program);
  await program.close();
  expect(readFileSync(file, 'latin1').match(/^\{.*\}$/gm)).toHaveLength(2);
  expect(faultsOf(file)).toEqual([]);
  // What stood there is still part of the chain.
  const bytes = readFileSync(file);
  bytes[before.lastIndexOf(0x0a, -2) + 1] = 0x21;
  writeFileSync(file, bytes);
  expect(faultsOf(file)).toHaveLength(1);
});

/** A program that may make files of 1 KiB and no larger. */
async function startLimited(file: string): Promise<Program> {
  const transport = new StdioClientTransport({
    command: 'sh',
    args: [
      '-c',
      'ulimit -f 2; exec "$0" "$@"',
      process.execPath,
      builtCli,
      '--base-url',
      sandbox.baseUrl,
      '--audit-log',
      file,
    ],
    env: cleanEnvironment(environment()),
    stderr: 'ignore',
  });
  const client = new Client({ name: 'test', version: '1.0.0' });
  await client.connect(transport);
  return programOf(client, () => '');
}

test('when the disk has no room for the line break, the line is written once', async () => {
  const file = join(folder, 'full.log');
  const limit = 1024;
  // How long a line is that follows another, of a call with a name of the same length.
  const measured = join(folder, 'measured.log');
  writeFileSync(measured, 'before\n');
  const first = await startProgram(['--base-url', sandbox.baseUrl, '--audit-log', measured], environment());
  await first.call('accounts_create', { name: 'neighbour-of-full-a' });
  await first.close();
  const { length } = readFileSync(measured, 'utf8').split('\n')[1] ?? '';
  writeFileSync(file, `${'x'.repeat(limit - length - 1)}\n`);
  const program = await startLimited(file);
  await program.call('accounts_create', { name: 'neighbour-of-full-b' });
  expect(readFileSync(file)).toHaveLength(limit);
  renameSync(file, `${file}.1`);
  await program.call('accounts_list', { limit: 1 });
  await program.close();
  expect(faultsOf(`${file}.1`, file)).toEqual([]);
  expect(
    [`${file}.1`, file].flatMap((one) => auditLines(readFileSync(one, 'utf8')).map(({ phase }) => phase)),
  ).toEqual(['sent', 'ended']);
});

test.each([[['--transport', 'http', '--port', '0']], [[]]])(
  'a file that cannot be written is reported at startup: %j',
  async (args) => {
    const file = join(folder, 'missing', 'audit.log');
    const child = spawn(process.execPath, [builtCli, '--sandbox', '--audit-log', file, ...args], {
      env: cleanEnvironment(),
    });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const told = () => /"level":"error".*cannot write to the --audit-log file/.test(stderr);
    await vi.waitUntil(told, { timeout: 30_000 }).finally(() => child.kill('SIGKILL'));
  },
);
