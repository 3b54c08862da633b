import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeFolder, makeMcpToken } from '../e2e/gateway-support.ts';
import { type HttpProgram, startHttpProgram } from '../e2e/http-support.ts';
import {
  countListChanged,
  type HeldApi,
  lookUpPath,
  makeStateDirectory,
  startHeldApi,
  startWithToken,
  toolNames,
} from '../e2e/start-support.ts';
import { builtCli, cleanEnvironment, type Program, startProgram, toolCount } from '../e2e/support.ts';

let api: HeldApi;
const closing: (() => unknown)[] = [];
beforeEach(async () => {
  api = await startHeldApi();
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await api.close();
});

function closeLater<Closed extends { close(): unknown }>(opened: Closed): Closed {
  closing.push(() => opened.close());
  return opened;
}

async function start(token: string, ...args: string[]): Promise<Program> {
  return closeLater(await startWithToken(api, token, undefined, ...args));
}

async function startHttp(args: string[] = [], env?: Record<string, string>): Promise<HttpProgram> {
  return closeLater(
    await startHttpProgram(['--base-url', api.url, ...args], { SYNQLY_PERMISSIONS: 'learn', ...env }),
  );
}

const call = { method: 'tools/call', params: { name: 'accounts_list', arguments: {} } };

describe('over stdio', () => {
  test('initialize and calls are answered before the API has answered, and the client is told of a shorter list', async () => {
    const token = await api.makeToken();
    api.hold();
    const program = await start(token);
    expect(program.client.getServerCapabilities()?.tools).toEqual({ listChanged: true });
    const changes = countListChanged(program.client);
    // The API never answers meanwhile.
    expect(await toolNames(program.client)).toHaveLength(toolCount);
    expect((await program.call('accounts_list')).isError).toBe(false);
    expect(api.asked(lookUpPath)).toBe(1);
    expect(changes()).toBe(0);

    api.release();
    await expect.poll(changes).toBe(1);
    const names = await toolNames(program.client);
    expect(names).not.toContain('accounts_create');
    expect(names.length).toBeLessThan(toolCount);
    expect(api.asked(lookUpPath)).toBe(1);
  });

  test('the first list waits for the permissions for a while', async () => {
    const token = await api.makeToken();
    api.hold();
    const program = await start(token);
    const started = performance.now();
    await toolNames(program.client);
    // A timer may be a little early by this clock.
    expect(performance.now() - started).toBeGreaterThan(250);
  });

  test('permissions that hide nothing change nothing', async () => {
    const token = await api.makeToken({ permission_set: 'administrator' });
    api.hold();
    const program = await start(token);
    const changes = countListChanged(program.client);
    expect(await toolNames(program.client)).toHaveLength(toolCount);
    api.release();
    await expect.poll(() => api.asked('/v1/permissionsets/administrator')).toBe(1);
    expect((await program.call('accounts_list')).isError).toBe(false);
    expect(changes()).toBe(0);
  });

  test('a look-up that failed is made again with a later call, once a second at most', async () => {
    const token = await api.makeToken();
    api.answer = (path) => (path === lookUpPath ? { status: 500, json: { message: 'no' } } : undefined);
    const program = await start(token);
    const changes = countListChanged(program.client);
    expect(await toolNames(program.client)).toHaveLength(toolCount);
    await expect.poll(() => api.asked(lookUpPath)).toBe(1);
    const started = Date.now();
    for (let calls = 0; calls < 40 || api.asked(lookUpPath) === 1; calls += 1)
      await program.call('accounts_list');
    expect(api.asked(lookUpPath)).toBeLessThanOrEqual(2 + (Date.now() - started) / 1_000);
    expect(changes()).toBe(0);

    api.answer = () => undefined;
    await expect
      .poll(async () => {
        await program.call('accounts_list');
        return changes();
      })
      .toBe(1);
    expect(await toolNames(program.client)).not.toContain('accounts_create');
  });

  test('a token file that appears later is used for the look-up of the next call', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'token-file-'));
    closing.push(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'token');
    const token = await api.makeToken();
    const program = closeLater(
      await startProgram(['--base-url', api.url], { SYNQLY_PERMISSIONS: 'learn', SYNQLY_TOKEN_FILE: file }),
    );
    const changes = countListChanged(program.client);
    expect(await toolNames(program.client)).toHaveLength(toolCount);
    expect((await program.call('accounts_list')).json.error.code).toBe('token_unavailable');
    writeFileSync(file, token);
    await expect
      .poll(async () => {
        await program.call('accounts_list');
        return changes();
      })
      .toBe(1);
    expect(await toolNames(program.client)).not.toContain('accounts_create');
  });

  test('a token store that cannot be opened still ends the process', async () => {
    const args = ['--base-url', api.url, '--token-store', '/proc/none'];
    const child = spawn(process.execPath, [builtCli, ...args], {
      env: cleanEnvironment({ SYNQLY_TOKEN: await api.makeToken() }),
    });
    closing.push(() => child.kill('SIGKILL'));
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(2);
    expect(stderr).toContain('Cannot open --token-store: /proc/none cannot be created.');
  });

  test('without calls, a failed look-up is not repeated', async () => {
    const token = await api.makeToken();
    api.answer = (path) => (path === lookUpPath ? { status: 500, json: { message: 'no' } } : undefined);
    const program = await start(token);
    await toolNames(program.client);
    await expect.poll(() => api.asked(lookUpPath)).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(api.asked(lookUpPath)).toBe(1);
  });

  test.each([
    ['when stdin ends', (child: ReturnType<typeof spawn>) => child.stdin?.end()],
    ['on SIGTERM', (child: ReturnType<typeof spawn>) => child.kill('SIGTERM')],
  ])('the process ends %s during a look-up', async (_, end) => {
    const token = await api.makeToken();
    api.hold();
    const child = spawn(process.execPath, [builtCli, '--base-url', api.url], {
      env: cleanEnvironment({ SYNQLY_TOKEN: token }),
    });
    closing.push(() => child.kill('SIGKILL'));
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    await expect.poll(() => api.asked(lookUpPath)).toBe(1);
    end(child);
    const [code, signal] = await new Promise<unknown[]>((resolve) =>
      child.once('close', (...ended) => resolve(ended)),
    );
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
  });
});

describe('over HTTP', () => {
  const ask = async (server: HttpProgram, token: string, message: object) => {
    const response = await server.post(message, { authorization: `Bearer ${token}` });
    const { result } = (await response.json()) as { result: Record<string, unknown> };
    return result;
  };
  const initialize = {
    method: 'initialize',
    params: {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'test', version: '1' },
    },
  };
  const countTools = async (server: HttpProgram, token: string) =>
    ((await ask(server, token, { method: 'tools/list' })).tools as unknown[]).length;

  test('stateless: requests are answered meanwhile, and later lists and instructions are shorter', async () => {
    const token = await api.makeToken();
    api.hold();
    const server = await startHttp(['--surface', 'compact']);
    const first = await ask(server, token, initialize);
    expect(first.capabilities).toMatchObject({ tools: {} });
    expect(first.capabilities).not.toMatchObject({ tools: { listChanged: true } });
    expect(first.instructions).toContain('*_update changes');
    const surface = { authorization: `Bearer ${token}`, 'synqly-surface': 'full' };
    const listFull = async () => {
      const { result } = (await (await server.post({ method: 'tools/list' }, surface)).json()) as {
        result: { tools: unknown[] };
      };
      return result.tools.length;
    };
    expect(await listFull()).toBe(toolCount);
    const answered = await server.post(call, surface);
    expect(await answered.json()).toMatchObject({ result: { content: [expect.anything()] } });

    api.release();
    await expect.poll(listFull).toBeLessThan(toolCount);
    expect((await ask(server, token, initialize)).instructions).not.toContain('*_update changes');
    expect(api.asked(lookUpPath)).toBe(1);
  });

  test('sessions: the client is told on its stream', async () => {
    const token = await api.makeToken();
    api.hold();
    const server = await startHttp(['--sessions']);
    const client = closeLater(await server.connect(token));
    expect(client.getServerCapabilities()?.tools).toEqual({ listChanged: true });
    const changes = countListChanged(client);
    expect(await toolNames(client)).toHaveLength(toolCount);
    // The stream is open when the server has answered something sent on after it.
    await client.ping();
    api.release();
    await expect.poll(changes).toBe(1);
    expect(await toolNames(client)).not.toContain('accounts_create');
  });

  test('a list that was waiting is short, and then the client is told nothing', async () => {
    const server = await startHttp(['--sessions']);
    const attempt = async () => {
      const token = await api.makeToken();
      const client = await server.connect(token);
      const changes = countListChanged(client);
      const names = await toolNames(client);
      await client.ping();
      const told = changes();
      await client.close();
      return !names.includes('accounts_create') && told === 0;
    };
    // On a busy machine, the permissions may arrive too late for the list.
    await expect.poll(attempt, { interval: 1 }).toBe(true);
  });

  test('a gateway reads the permissions of its token once for all callers', async () => {
    const store = await makeFolder();
    closing.push(() => store.close());
    const own = await api.makeToken();
    const at = { ...api.sandbox, baseUrl: api.url };
    const made = await Promise.all(
      ['a', 'b', 'c'].map(() => makeMcpToken(at, store.named, '--organization')),
    );
    api.hold();
    const server = await startHttp(['--token-store', store.named], { SYNQLY_TOKEN: own });
    const counts = () => Promise.all(made.map(({ token }) => countTools(server, token)));
    expect(await counts()).toEqual(made.map(() => toolCount));
    api.release();
    const isShort = async () => (await counts()).every((count) => count < toolCount);
    await expect.poll(isShort).toBe(true);
    expect(api.asked(lookUpPath)).toBe(1);
  });

  test('permissions that another process has stored are used at once', async () => {
    const state = makeStateDirectory();
    closing.push(state.remove);
    const token = await api.makeToken();
    const first = await startHttp([], { XDG_STATE_HOME: state.path });
    await countTools(first, token);
    await expect.poll(state.files).toHaveLength(1);
    api.hold();
    const asked = api.asked(lookUpPath);
    const second = await startHttp([], { XDG_STATE_HOME: state.path });
    expect(await countTools(second, token)).toBeLessThan(toolCount);
    // They are read again all the same.
    await expect.poll(() => api.asked(lookUpPath)).toBe(asked + 1);
    // Another token has none, though it may do the same.
    expect(await countTools(second, await api.makeToken())).toBe(toolCount);
  });

  test('SIGTERM ends the process during a look-up', async () => {
    const token = await api.makeToken();
    api.hold();
    const server = await startHttp();
    await countTools(server, token);
    const ended = new Promise((resolve) => server.child.once('exit', (...how) => resolve(how)));
    server.child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
});
