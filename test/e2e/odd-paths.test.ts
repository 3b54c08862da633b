import { execFileSync, spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { builtCli, cleanEnvironment, startProgram } from './support.ts';

/*
 * Settings that name a path, and paths that are of no use for them: each start ends at once and says why, or goes on
 * and tells whoever calls.
 */
const folder = mkdtempSync(join(tmpdir(), 'odd-paths-'));
const at = (name: string) => join(folder, name);
const odd = {
  pipe: at('pipe'),
  directory: at('directory'),
  file: at('file'),
  'huge file': at('huge'),
  'circle of links': at('circle'),
  socket: at('socket'),
  'path through a file': join(at('file'), 'below'),
  'endless device': '/dev/zero',
  'empty device': '/dev/null',
  'name in /proc': '/proc/x',
};
type Odd = keyof typeof odd;

let socket: Server;
let sandbox: Sandbox;
beforeAll(async () => {
  execFileSync('mkfifo', [odd.pipe]);
  mkdirSync(odd.directory);
  writeFileSync(odd.file, 'not a token, nor a directory');
  writeFileSync(odd['huge file'], '');
  truncateSync(odd['huge file'], 2 ** 31);
  symlinkSync(odd['circle of links'], odd['circle of links']);
  socket = createServer().listen(odd.socket);
  sandbox = await startSandbox({ size: 'small' });
});
afterAll(async () => {
  socket.close();
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

/** A start whose stdin is closed; one that stays up is ended after a while. */
async function run(args: readonly string[], env: Record<string, string>) {
  // What must not be read whole does not fit.
  const child = spawn(process.execPath, ['--max-old-space-size=100', builtCli, ...args], {
    env: cleanEnvironment(env),
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  child.stdin.end();
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, stderr };
}

const http = ['--transport', 'http', '--port', '0', '--base-url', 'http://127.0.0.1:9'];

/** Settings, how they are given, and what they cannot take. */
const refused: readonly (readonly [
  setting: string,
  give: (path: string) => readonly [readonly string[], Record<string, string>],
  kinds: readonly Odd[],
])[] = [
  [
    'SYNQLY_TOKEN_FILE',
    (path) => [['--base-url', 'http://127.0.0.1:9'], { SYNQLY_TOKEN_FILE: path }],
    [
      'pipe',
      'directory',
      'huge file',
      'circle of links',
      'socket',
      'path through a file',
      'endless device',
      'empty device',
    ],
  ],
  [
    'SYNQLY_TOKEN_FILE',
    (path) => [[...http, '--token-store', at('store')], { SYNQLY_TOKEN_FILE: path }],
    ['directory', 'endless device'],
  ],
  [
    '--secret-dir',
    (path) => [['--sandbox', '--secret-dir', path], {}],
    ['pipe', 'file', 'circle of links', 'socket', 'path through a file', 'endless device'],
  ],
  [
    '--audit-log',
    (path) => [['--sandbox', '--audit-log', path], {}],
    ['directory', 'circle of links', 'socket', 'path through a file'],
  ],
  ['SYNQLY_AUDIT_LOG', (path) => [http, { SYNQLY_AUDIT_LOG: path }], ['directory']],
  [
    '--token-store',
    (path) => [[...http, '--token-store', path], { SYNQLY_TOKEN: 'any-token' }],
    ['pipe', 'file', 'circle of links', 'socket', 'path through a file', 'endless device', 'name in /proc'],
  ],
  ['--token-store', (path) => [['token', 'list', '--token-store', path], {}], ['pipe', 'name in /proc']],
  [
    '--state-key-file',
    (path) => [['--sandbox', '--state-key-file', path, '--state-store', at('answers')], {}],
    ['pipe', 'directory', 'huge file', 'circle of links', 'socket', 'endless device', 'name in /proc'],
  ],
  [
    '--state-store',
    (path) => [['--sandbox', '--state-store', path], { SYNQLY_STATE_KEY: 'ab'.repeat(32) }],
    ['pipe', 'file', 'circle of links', 'socket', 'path through a file', 'name in /proc'],
  ],
];

describe.skipIf(process.platform !== 'linux')('unusable paths', () => {
  test.concurrent.each(
    refused.flatMap(([setting, give, kinds]) =>
      kinds.map((kind) => [setting, kind, give(odd[kind])] as const),
    ),
  )('%s that names a %s ends the start in two lines at most', async (setting, _, [args, env]) => {
    const { status, stderr } = await run(args, env);
    expect(stderr).toMatch(
      new RegExp(`^synqly-mcp: (?:Cannot open )?${setting}:? [^\n]{10,}\n(?:[^\n]+\n)?$`),
    );
    expect(stderr).not.toMatch(/\n\s+at |"stack"/);
    expect(status).toBe(2);
  });

  test('a token file replaced by a pipe without a writer blocks neither calls nor the end', async () => {
    const own = at('token');
    writeFileSync(own, sandbox.token);
    const program = await startProgram(['--base-url', sandbox.baseUrl], { SYNQLY_TOKEN_FILE: own });
    expect((await program.call('organization_get')).isError).toBe(false);
    renameSync(odd.pipe, own);
    expect((await program.call('organization_get')).json.error.code).toBe('token_unavailable');
    renameSync(own, odd.pipe);
    symlinkSync('/dev/zero', own);
    expect((await program.call('organization_get')).json.error.code).toBe('token_unavailable');
    await program.close();
  });
});
