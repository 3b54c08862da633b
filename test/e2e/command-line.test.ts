import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { builtCli, cleanEnvironment } from './support.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'command-line-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A start whose stdin is closed; one that stays up is ended after a while. */
async function run(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [builtCli, ...args], {
    env: { ...cleanEnvironment(env), HOME: folder },
    cwd: folder,
    timeout: 60_000,
  });
  child.stdin.end();
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, stdout, stderr };
}

/** Names of the tools that a server with these flags has. */
async function toolsWith(...args: string[]): Promise<string[]> {
  const { stdout } = await run(['tools', ...args]);
  return stdout.split('\n').map((line) => line.split(' ')[0] ?? '');
}

test('a repeated --deny adds to the first', async () => {
  const tools = await toolsWith('--deny', 'accounts_delete', '--deny', 'bridges_*');
  expect(tools).toContain('credentials_delete');
  expect(tools.filter((name) => name === 'accounts_delete' || name.startsWith('bridges_'))).toEqual([]);
});

test.each([
  [['--toolsets', 'accounts', '--toolsets', 'bridges']],
  [['--allow', 'accounts_list', '--allow', 'bridges_get']],
])('%j serves both toolsets', async (args) => {
  const tools = await toolsWith(...args);
  for (const group of ['accounts_', 'bridges_'])
    expect(tools.some((name) => name.startsWith(group))).toBe(true);
});

test.each(['account', 'environment'])(
  '--%s with two values is refused, since one would not hold',
  async (flag) => {
    const { status, stderr } = await run(['tools', `--${flag}`, 'prod', `--${flag}`, 'test']);
    expect(stderr).toBe(`synqly-mcp: --${flag} is given twice with different values: give it once.\n`);
    expect(status).toBe(2);
    expect((await run(['tools', `--${flag}`, 'prod', `--${flag}`, 'prod'])).status).toBe(0);
  },
);

test.each([
  [['--deny', '', '--deny', 'accounts_*'], '--deny is empty. Give it a value, or omit it.'],
  [['--transport', 'http', '--port', '1.5'], '--port must be a whole number from 0 to 65535.'],
  [
    ['--transport', 'http', '--rate-per-minute', '0.5'],
    '--rate-per-minute must be a whole number from 1 to 10000000.',
  ],
  [
    ['--transport', 'http', '--host', 'http://localhost'],
    '--host must be an address or a name without a port, such as 127.0.0.1 or 0.0.0.0, not "http://localhost"; set the port with --port.',
  ],
  [
    ['--transport', 'http', '--host', 'localhost:3000'],
    '--host must be an address or a name without a port, such as 127.0.0.1 or 0.0.0.0, not "localhost:3000"; set the port with --port.',
  ],
  [['--port', '8080'], '--port has no effect over stdio: add --transport http, or omit the flag.'],
  [['--sessions'], '--sessions has no effect over stdio: add --transport http, or omit the flag.'],
  [['--transport', 'http', '--secret-dir', '.'], '--secret-dir has no effect over HTTP.'],
  [['--read-only', 'sandbox'], '--read-only has no effect with sandbox: omit it.'],
  [['--account', 'acme', 'token', 'list'], '--account has no effect with list: omit it.'],
  [['connect', 'mcp.example.com'], 'The URL of the server is not a URL, such as https://synqly.example.com.'],
  ...['http://redis:6379', 'redis:6379', 'file:///tokens', 'redis://'].map((store): [string[], string] => [
    ['--transport', 'http', '--token-store', store],
    '--token-store must be a directory, or a Redis URL such as redis://host:6379 or rediss://host:6379.',
  ]),
])('%j: %s', async (args, message) => {
  const { status, stderr } = await run(args, { SYNQLY_TOKEN: 'token-of-a-test' });
  expect(stderr).toBe(`synqly-mcp: ${message}\n`);
  expect(status).toBe(2);
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  [['--token=s3cret-of-mine'], 'set SYNQLY_TOKEN.'],
  [['--api-key', 's3cret-of-mine'], 'set SYNQLY_TOKEN.'],
  [['--tokn=s3cret-of-mine'], 'See synqly-mcp --help.'],
  [['tools', '--sandbox'], '--sandbox has no effect with this command: omit it.'],
  [['--read-only=false'], '--read-only takes no value: use it alone, or omit it.'],
  [['--read-only', 'false'], 'take no value: use them alone, or omit them.'],
])('%j says what to do, and repeats no value', async (args, last) => {
  const { status, stderr } = await run(args);
  expect(status).toBe(2);
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(new RegExp(`${last.replaceAll('.', '\\.')}$`));
  expect(stderr).not.toContain('s3cret');
});

test('the help command prints the same as --help', async () => {
  const { status, stdout } = await run(['help']);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^Usage: synqly-mcp/);
});

test('an invalid port of the sandbox is refused in plain words', async () => {
  const { stderr } = await run(['sandbox', '--port', '99999']);
  expect(stderr).toContain('It must be at most 65535.');
});

test('a leading ~ in a path is the home directory', async () => {
  const { stdout } = await run(['token', 'list', '--token-store', '~/tokens']);
  expect(stdout).not.toBe('');
  expect(existsSync(join(folder, '~'))).toBe(false);
  expect(existsSync(join(folder, 'tokens'))).toBe(true);
});
