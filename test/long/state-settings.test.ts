import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { builtCli, cleanEnvironment } from '../e2e/support.ts';

const folder = mkdtempSync(join(tmpdir(), 'state-setting-'));
const work = mkdtempSync(join(tmpdir(), 'state-setting-'));
afterAll(() => {
  for (const path of [folder, work]) rmSync(path, { recursive: true });
});

const stdio = ['--sandbox'];
const http = ['--sandbox', '--transport', 'http', '--port', '0'];
const modes: [string, string[]][] = [
  ['over stdio', stdio],
  ['over HTTP', http],
];

function run(flags: string[], env: Record<string, string> = {}) {
  return spawnSync(process.execPath, [builtCli, ...flags], {
    env: cleanEnvironment(env),
    encoding: 'utf8',
    input: '',
    cwd: work,
    timeout: 60_000,
  });
}

const key = randomBytes(32);
const store = join(folder, 'answers');

function keyFile(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

function expectRefusal({ status, stdout, stderr }: ReturnType<typeof run>, message: string): void {
  expect(stderr).toBe(`synqly-mcp: ${message}\n`);
  expect(status).toBe(2);
  expect(stdout).toBe('');
  for (const encoding of ['base64', 'base64url', 'hex'] as const)
    expect(stderr).not.toContain(key.toString(encoding).slice(0, 16));
}

const form = 'must be 32 bytes in base64 or hexadecimal, as of openssl rand -base64 32.';

describe.each(modes)('%s', (_, flags) => {
  test.each([
    ['31 bytes', key.subarray(1).toString('base64')],
    ['33 bytes', Buffer.concat([key, key.subarray(0, 1)]).toString('base64')],
    ['16 bytes in hexadecimal', key.subarray(16).toString('hex')],
    ['other characters', key.toString('base64').replace(/./, '!')],
    ['a passphrase', 'correct horse battery staple'],
    ['a good key and a bad one', `${key.toString('base64')},${key.toString('hex').slice(1)}`],
  ])('a key of %s is refused by name', (_, text) => {
    const env = { SYNQLY_STATE_KEY: text, SYNQLY_STATE_STORE: store };
    expectRefusal(run(flags, env), `SYNQLY_STATE_KEY ${form}`);
    const path = keyFile('bad', text);
    expectRefusal(
      run([...flags, '--state-key-file', path, '--state-store', store]),
      `--state-key-file ${form}`,
    );
    expectRefusal(
      run(flags, { SYNQLY_STATE_KEY_FILE: path, SYNQLY_STATE_STORE: store }),
      `SYNQLY_STATE_KEY_FILE ${form}`,
    );
  });

  test('a file that is missing, empty, or open to others is refused by name', () => {
    const from = (path: string) => run([...flags, '--state-key-file', path, '--state-store', store]);
    expectRefusal(from(join(folder, 'none')), '--state-key-file names a file that does not exist.');
    expectRefusal(from(keyFile('empty', '\n\n')), '--state-key-file holds no key.');
    for (const mode of [0o644, 0o604, 0o602, 0o620]) {
      expectRefusal(
        from(keyFile(`mode-${mode}`, key.toString('base64'), mode)),
        '--state-key-file names a file that other users of this machine can read or change; set its mode to 600.',
      );
    }
  });

  test('a key without a store, and a store without a key, are refused', () => {
    const path = keyFile('alone', key.toString('hex'));
    const reason = 'without it, an answer could be used again on another server, or after a restart.';
    expectRefusal(
      run([...flags, '--state-key-file', path]),
      `--state-key-file needs --state-store: ${reason}`,
    );
    expectRefusal(
      run(flags, { SYNQLY_STATE_KEY: key.toString('hex') }),
      `SYNQLY_STATE_KEY needs --state-store: ${reason}`,
    );
    expectRefusal(
      run([...flags, '--state-store', store]),
      '--state-store has no effect without a key: set --state-key-file or SYNQLY_STATE_KEY too.',
    );
    expectRefusal(
      run([...flags, '--state-store', store, '--state-key-file', path], {
        SYNQLY_STATE_KEY: key.toString('hex'),
      }),
      '--state-key-file and SYNQLY_STATE_KEY are both set: set one of them.',
    );
  });

  test('a store that is no directory and no Redis is refused, with no password shown', () => {
    const env = { SYNQLY_STATE_KEY: key.toString('base64') };
    const memory = run([...flags, '--state-store', 'memory'], env);
    expect(memory.stderr).toContain('--state-store must be a store that servers share: a directory');
    const malformed = run([...flags, '--state-store', 'redis:127.0.0.1:1'], env);
    expect(malformed.stderr).toContain('--state-store must be a directory, or a Redis URL');
    const login = 'redis://gate:hush-hush@127.0.0.1:1/0';
    const given = run([...flags, '--state-store', login], env);
    expect(given.stderr).toContain('set SYNQLY_STATE_STORE instead');
    const unreachable = run(flags, { ...env, SYNQLY_STATE_STORE: login });
    expect(unreachable.stderr).toContain('Cannot open SYNQLY_STATE_STORE: Redis cannot be reached');
    expect(unreachable.status).toBe(2);
    for (const { stderr } of [malformed, given, unreachable]) expect(stderr).not.toContain('hush-hush');
    expect(readdirSync(work)).toEqual([]);
  });
});

test.each([
  ['base64', key.toString('base64')],
  ['base64 without padding', key.toString('base64').replace('=', '')],
  ['base64url', key.toString('base64url')],
  ['hexadecimal', key.toString('hex').toUpperCase()],
  ['several lines', `${key.toString('base64')}\r\n${key.toString('hex')}\n\n`],
])('a key in %s is accepted, also from a file that the group can read', (_, text) => {
  const path = keyFile('good', text, 0o640);
  const { status, stderr } = run([...stdio, '--state-key-file', path, '--state-store', store]);
  expect([status, stderr]).toEqual([0, '']);
});

test('no reference reads the key', () => {
  const env = {
    SYNQLY_STATE_KEY: key.toString('base64'),
    SYNQLY_STATE_STORE: store,
    SYNQLY_SECRET_ENV: '*',
  };
  const args = {
    owner_id: 'aldermere-logistics',
    name: 'x',
    config: { type: 'token', secret: '${env:SYNQLY_STATE_KEY}' },
  };
  const { stdout } = spawnSync(process.execPath, [builtCli, ...stdio], {
    env: cleanEnvironment(env),
    encoding: 'utf8',
    input: `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'credentials_create', arguments: args } })}\n`,
  });
  expect(stdout).toContain('This server does not allow references to this variable');
});
