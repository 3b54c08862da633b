import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { builtCli, cleanEnvironment } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'store-setting-'));
afterAll(() => rmSync(folder, { recursive: true }));
const password = 'p%40ss-of-redis-81';

/** Starts the program where relative directories would be made, with a store that cannot be used. */
function run(flags: string[], env: Record<string, string> = {}) {
  return spawnSync(process.execPath, [builtCli, ...flags], {
    env: cleanEnvironment({ SYNQLY_TOKEN: 'any', ...env }),
    encoding: 'utf8',
    input: '',
    cwd: folder,
    timeout: 60_000,
  });
}

const http = ['--transport', 'http', '--port', '0'];
const ways: [string, string[]][] = [
  ['the server', http],
  ['token list', ['token', 'list']],
];

test.each(
  ways.flatMap(([way, flags]) =>
    [
      'redis:/127.0.0.1:1',
      'redis:127.0.0.1:1',
      'redis://',
      'rediss:///0',
      'postgres://127.0.0.1/x',
      'Redis:\\\\host',
    ].map((store) => [way, store, flags] as const),
  ),
)('%s refuses %s, and makes no directory', (_, store, flags) => {
  for (const { status, stderr } of [
    run([...flags, '--token-store', store]),
    run(flags, { SYNQLY_TOKEN_STORE: store }),
  ]) {
    expect(status, stderr).not.toBe(0);
    expect(stderr).toContain('must be a directory, or a Redis URL such as redis://host:6379');
  }
  expect(readdirSync(folder)).toEqual([]);
});

test.each(ways)('%s takes no password on the command line, and prints none', (_, flags) => {
  const store = `redis://gate:${password}@127.0.0.1:1/0`;
  const given = run([...flags, '--token-store', store]);
  expect(given.status).not.toBe(0);
  expect(given.stderr).toContain('set SYNQLY_TOKEN_STORE instead');
  const fromVariable = run(flags, { SYNQLY_TOKEN_STORE: store });
  expect(fromVariable.status).not.toBe(0);
  expect(fromVariable.stderr).toContain('Redis cannot be reached');
  for (const { stdout, stderr } of [given, fromVariable]) {
    for (const text of [password, decodeURIComponent(password)]) expect(stdout + stderr).not.toContain(text);
  }
});

test('the package holds what SECURITY.md says', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(files).toContain('SECURITY.md');
});
