import { spawnSync } from 'node:child_process';
import { chmodSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startHttpProgram } from '../e2e/http-support.ts';
import {
  countListChanged,
  type HeldApi,
  lookUpPath,
  makeStateDirectory,
  type StateDirectory,
  startHeldApi,
  startWithToken,
  toolNames,
  viewer,
} from '../e2e/start-support.ts';
import { type Program, startProgram, toolCount } from '../e2e/support.ts';

let api: HeldApi;
let state: StateDirectory;
let token: string;
let program: Program | undefined;

beforeEach(async () => {
  api = await startHeldApi();
  state = makeStateDirectory();
  token = await api.makeToken();
});
afterEach(async () => {
  await program?.close();
  program = undefined;
  await api.close();
  state.remove();
});

const jsonFiles = () => state.files().filter((name) => name.endsWith('.json'));

/** Runs the program until it has stored the token's permissions. */
async function storeOnce(): Promise<void> {
  const first = await startWithToken(api, token, state);
  await first.client.listTools();
  await expect.poll(jsonFiles).toHaveLength(1);
  await first.close();
}

/** Starts the program at an API that does not answer look-ups. */
async function startHeld(): Promise<Program> {
  api.hold();
  program = await startWithToken(api, token, state);
  return program;
}

test('they are used at once, and when they are still right, the client is told nothing', async () => {
  await storeOnce();
  const asked = api.asked('/v1/permissionsets/viewer');
  const { client, call } = await startHeld();
  const changes = countListChanged(client);
  const names = await toolNames(client);
  expect(names).toContain('accounts_list');
  expect(names).not.toContain('accounts_create');
  api.release();
  await expect.poll(() => api.asked('/v1/permissionsets/viewer')).toBe(asked + 1);
  await call('accounts_list');
  expect(changes()).toBe(0);
});

test('when they are no longer right, the client is told, and the new ones are stored', async () => {
  await storeOnce();
  const before = state.read().text;
  const { client } = await startHeld();
  const changes = countListChanged(client);
  expect(await toolNames(client)).not.toContain('accounts_create');
  const json = { result: { name: 'viewer', permissions: { all: { actions: ['*'] } } } };
  api.answer = (path) => (path === '/v1/permissionsets/viewer' ? { json } : undefined);
  api.release();
  await expect.poll(changes).toBe(1);
  expect(await toolNames(client)).toHaveLength(toolCount);
  await expect.poll(() => state.read().text).not.toBe(before);
  expect(JSON.parse(state.read().text).actions).toEqual([{ all: ['*'] }]);
});

test('the file is private, and holds neither the token nor names', async () => {
  await storeOnce();
  const { text, mode } = state.read();
  expect(mode).toBe(0o600);
  const [file = ''] = jsonFiles();
  expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
  expect(file).toMatch(/\/[0-9a-f]{64}\.json$/);
  expect(Object.keys(JSON.parse(text))).toEqual(['version', 'name', 'read_at', 'actions']);
  for (const secret of [token, viewer.name, api.sandbox.state.organization.id, api.url])
    expect(text).not.toContain(secret);
});

test('whoami reports what Synqly says now, not what was stored', async () => {
  await storeOnce();
  const { call } = await startHeld();
  api.release();
  expect((await call('whoami')).json.token).toMatchObject({ name: viewer.name, permission_sets: ['viewer'] });
});

test('that Synqly does not show them is stored too', async () => {
  token = await api.makeToken({ permission_set: 'token-issuer' });
  await storeOnce();
  expect(JSON.parse(state.read().text).actions).toBeNull();
});

describe('a file is ignored', () => {
  const change = (fields: object) => {
    const [file = ''] = state.files();
    writeFileSync(file, JSON.stringify({ ...JSON.parse(state.read().text), ...fields }));
  };
  const day = 24 * 60 * 60_000;
  test.each<[string, (file: string) => void]>([
    ['that is a day old', () => change({ read_at: Date.now() - day })],
    ['from the future', () => change({ read_at: Date.now() + day })],
    ['without a time', () => change({ read_at: 'now' })],
    ['of another version', () => change({ version: 2 })],
    ['of another token', () => change({ name: '0'.repeat(64) })],
    ['without actions', () => change({ actions: [] })],
    ['whose actions are no lists', () => change({ actions: [{ accounts: 'list' }] })],
    ['whose actions are no texts', () => change({ actions: [{ accounts: [7] }] })],
    ['that is cut off', (file) => writeFileSync(file, state.read().text.slice(0, -5))],
    ['that is empty', (file) => writeFileSync(file, '')],
    ['that is too large', (file) => writeFileSync(file, state.read().text + ' '.repeat(70_000))],
    ['that others may read', (file) => chmodSync(file, 0o644)],
    ['that others may write', (file) => chmodSync(file, 0o620)],
    [
      'that is a link',
      (file) => {
        renameSync(file, join(state.path, 'elsewhere'));
        symlinkSync(join(state.path, 'elsewhere'), file);
      },
    ],
    [
      'that is a pipe',
      (file) => {
        rmSync(file);
        spawnSync('mkfifo', ['-m', '600', file]);
      },
    ],
  ])('%s', async (_, spoil) => {
    await storeOnce();
    spoil(state.files()[0] ?? '');
    const { client } = await startHeld();
    expect(await toolNames(client)).toHaveLength(toolCount);
  });

  test('for the same token at another address', async () => {
    await storeOnce();
    const other = await startHeldApi();
    other.hold();
    program = await startWithToken(other, token, state);
    expect(await toolNames(program.client)).toHaveLength(toolCount);
    await program.close();
    await other.close();
  });
});

test('files that are a day old are removed', async () => {
  await storeOnce();
  const [file = ''] = state.files();
  const old = [join(dirname(file), `${'0'.repeat(64)}.json`), join(dirname(file), 'notes.txt')];
  for (const path of old) {
    writeFileSync(path, '{}');
    utimesSync(path, new Date(0), new Date(0));
  }
  token = await api.makeToken();
  program = await startWithToken(api, token, state);
  await program.client.listTools();
  await expect.poll(() => state.files().includes(old[0] ?? '')).toBe(false);
  // Files of others are left alone.
  expect(state.files()).toContain(old[1]);
});

test.each(['/proc/none', '/dev/null'])(
  'a directory such as %s is done without, and reported once',
  async (path) => {
    const server = await startHttpProgram(['--base-url', api.url, '--log-level', 'debug'], {
      SYNQLY_PERMISSIONS: 'learn',
      XDG_STATE_HOME: path,
    });
    for (const bearer of [token, await api.makeToken()]) {
      const list = async () => {
        const response = await server.post({ method: 'tools/list' }, { authorization: `Bearer ${bearer}` });
        const { result } = (await response.json()) as { result: { tools: unknown[] } };
        return result.tools.length;
      };
      await expect.poll(list).toBeLessThan(toolCount);
    }
    // The second is stored in the background, as the first was.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const lines = () =>
      server
        .stderr()
        .split('\n')
        .filter((line) => line.includes('are not kept'));
    await expect.poll(lines).toHaveLength(1);
    expect(JSON.parse(lines()[0] ?? '')).toMatchObject({ level: 'debug' });
    await server.close();
  },
);

test.each([
  ['with --sandbox', ['--sandbox'], {}],
  ['with --permissions ignore', ['--permissions', 'ignore'], { SYNQLY_TOKEN: 'any-token' }],
])('nothing is stored or looked up %s', async (_, args, env) => {
  const where = args[0] === '--sandbox' ? [] : ['--base-url', api.url];
  program = await startProgram([...args, ...where], {
    SYNQLY_PERMISSIONS: 'learn',
    ...env,
    XDG_STATE_HOME: state.path,
  });
  expect(await toolNames(program.client)).toHaveLength(toolCount);
  await program.call('accounts_list');
  expect(state.files()).toEqual([]);
  expect(api.asked(lookUpPath)).toBe(0);
});

test('nothing is stored by a server over HTTP with --sandbox', async () => {
  const server = await startHttpProgram(['--sandbox'], {
    SYNQLY_PERMISSIONS: 'learn',
    XDG_STATE_HOME: state.path,
  });
  await expect.poll(server.stderr).toContain('"Bearer ');
  const [, bearer = ''] = /"Bearer ([^"]+)"/.exec(server.stderr()) ?? [];
  const list = { method: 'tools/list' };
  const authorization = `Bearer ${bearer}`;
  for (let count = 0; count < 2; count += 1)
    expect((await server.post(list, { authorization })).status).toBe(200);
  // A server that read permissions would store them within moments.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(state.files()).toEqual([]);
  await server.close();
});
