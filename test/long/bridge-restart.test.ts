import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Exchange } from '../../src/sandbox/app.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { type FrontDoor, startFrontDoor } from '../e2e/front-door.ts';
import { type HttpProgram, postTo, startHttpProgram } from '../e2e/http-support.ts';
import { builtCli, cleanEnvironment, type Person, type Program, startProgram } from '../e2e/support.ts';

let sandbox: Sandbox;
let exchanges: Exchange[];
let gateway: HttpProgram;
let door: FrontDoor;
let program: Program | undefined;
beforeEach(async () => {
  exchanges = [];
  sandbox = await startSandbox({ size: 'small', onExchange: (exchange) => exchanges.push(exchange) });
  gateway = await startKeeping();
  door = await startFrontDoor(gateway.url);
});
afterEach(async () => {
  await program?.close();
  program = undefined;
  door.close();
  await gateway.close();
  await sandbox.close();
});

/** A gateway that keeps sessions. */
function startKeeping(args = ['--sessions']): Promise<HttpProgram> {
  return startHttpProgram(['--base-url', sandbox.baseUrl, '--permissions', 'ignore', ...args]);
}

/** Ends the gateway without a word, and puts another in its place. */
async function restart(args?: string[]): Promise<void> {
  await gateway.close();
  gateway = await startKeeping(args);
  door.target = gateway.url;
}

async function connect(person?: Person): Promise<Program> {
  program = await startProgram(['connect', door.url], { SYNQLY_MCP_TOKEN: sandbox.token }, person);
  return program;
}

const opened = () => door.seen.filter(({ message }) => message?.method === 'initialize').length;
const sent = (operationId: string) => exchanges.filter((one) => one.operationId === operationId).length;

test('requests after a restart of the gateway are carried out, in one new session for all of them', async () => {
  const { call, stderr } = await connect();
  await call('organization_get');
  await restart();
  const names = Array.from({ length: 12 }, (_, index) => `quay-${index}`);
  const made = await Promise.all(names.map((name) => call('accounts_create', { name })));
  expect(made.map(({ json }) => json.result?.account?.name ?? json)).toEqual(names);
  expect(sent('accounts_create')).toBe(names.length);
  expect(opened()).toBe(2);
  const [first, second] = door.seen.filter(({ message }) => message?.method === 'initialize');
  expect(second?.message.params).toEqual(first?.message.params);
  // And once more, since a bridge lives for days.
  await restart();
  expect((await call('organization_get')).isError).toBe(false);
  expect(opened()).toBe(3);
  expect(stderr()).not.toContain('Warning');
});

test('the gateway can ask a person again after it was restarted', async () => {
  const person: Person = async () => ({ action: 'accept', content: { name: 'berth-9' } });
  const { call } = await connect(person);
  await call('accounts_create', { name: 'berth-9' });
  await restart();
  const { json } = await call('accounts_delete', { account_id: 'berth-9' });
  expect(json.error, JSON.stringify(json)).toBeUndefined();
  expect(sent('accounts_delete')).toBe(1);
});

test('the stream for messages of the gateway is opened again, without a request of the client', async () => {
  await connect();
  const sessions = () =>
    new Set(
      door.seen.filter(({ method }) => method === 'GET').map(({ headers }) => headers['mcp-session-id']),
    );
  await vi.waitUntil(() => sessions().size === 1, { timeout: 30_000 });
  await restart();
  await vi.waitUntil(() => sessions().size === 2, { timeout: 30_000 });
  expect(opened()).toBe(2);
});

test('a gateway that starts to use sessions is given one', async () => {
  await restart([]);
  const { call } = await connect();
  await call('organization_get');
  await restart();
  expect((await call('organization_get')).isError).toBe(false);
  await restart([]);
  expect((await call('organization_get')).isError).toBe(false);
});

test.each([
  ['with sessions', ['--sessions']],
  ['without sessions', []],
])(
  'when a gateway %s dies during a call, the call is not repeated and its outcome is reported as unknown',
  async (_, args) => {
    await restart(args);
    const { client, call } = await connect();
    await call('organization_get');
    sandbox.faults.add({ route: 'accounts_create', hang: true });
    const calling = client.callTool({ name: 'accounts_create', arguments: { name: 'lost' } });
    calling.catch(() => {});
    await vi.waitUntil(() =>
      door.seen.some(
        ({ message }) => message?.method === 'tools/call' && message.params.name === 'accounts_create',
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    await restart(args);
    sandbox.faults.clear();
    await expect(calling).rejects.toMatchObject({
      code: -32_000,
      message: expect.stringContaining('may have taken effect'),
    });
    expect((await call('accounts_list', { limit: 1 })).isError).toBe(false);
    const creates = door.seen.filter(({ message }) => message?.params?.name === 'accounts_create');
    expect(creates).toHaveLength(1);
  },
);

describe('a new session that cannot be opened is reported, and not retried for ever:', () => {
  const calls = () => door.seen.filter(({ message }) => message?.method === 'tools/call').length;

  test.each([
    ['the gateway refuses it', 503, /it answered HTTP 503 to initialize/],
    ['the token has ended', 401, /it answered HTTP 401 to initialize/],
  ])('%s', async (_, status, words) => {
    const { client, call } = await connect();
    await call('organization_get');
    const before = { opened: opened(), calls: calls() };
    door.refuse = ({ message, method }) =>
      method === 'GET' ? 405 : message?.method === 'initialize' ? status : 404;
    const calling = client.callTool({ name: 'accounts_list' });
    await expect(calling).rejects.toMatchObject({ code: -32_000, message: expect.stringMatching(words) });
    expect(opened() - before.opened).toBe(1);
    expect(calls() - before.calls).toBe(1);
    door.refuse = undefined;
    expect((await call('organization_get')).isError).toBe(false);
  });

  test('the new session is lost as well', async () => {
    const { client, call } = await connect();
    await call('organization_get');
    const before = { opened: opened(), calls: calls() };
    door.refuse = ({ message }) => (message?.method === 'tools/call' ? 404 : undefined);
    await expect(client.callTool({ name: 'accounts_list' })).rejects.toMatchObject({
      code: -32_000,
      message: expect.stringContaining('lost a new session at once'),
    });
    expect(opened() - before.opened).toBe(1);
    expect(calls() - before.calls).toBe(2);
  });
});

test('a late answer to a question of the lost session confirms nothing in the new one', async () => {
  for (const name of ['old-role', 'new-role'])
    await postTo(sandbox, '/v1/roles', {
      name,
      permission_set: 'viewer',
      resources: { accounts: { ids: ['*'] } },
    });
  const child = spawn(process.execPath, [builtCli, 'connect', door.url], {
    env: cleanEnvironment({ SYNQLY_MCP_TOKEN: sandbox.token }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: messages are compared, not programmed against
  const received: any[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => received.push(JSON.parse(line)));
  const write = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const questions = () => received.filter(({ method }) => method === 'elicitation/create');
  const remove = (id: number, role_id: string) =>
    write({ id, method: 'tools/call', params: { name: 'roles_delete', arguments: { role_id } } });
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: { elicitation: {} },
    clientInfo: { name: 'raw', version: '1' },
  };

  write({ id: 0, method: 'initialize', params });
  await vi.waitUntil(() => received.some(({ id, result }) => id === 0 && result), { timeout: 30_000 });
  write({ method: 'notifications/initialized' });
  remove(1, 'old-role');
  await vi.waitUntil(() => questions().length === 1, { timeout: 30_000 });
  await restart();
  await vi.waitUntil(() => received.some(({ id, error }) => id === 1 && error), { timeout: 30_000 });
  remove(2, 'new-role');
  await vi.waitUntil(() => questions().length === 2, { timeout: 30_000 });
  const agree = { action: 'accept', content: { confirm: true } };
  write({ id: questions()[0].id, result: agree });
  write({ id: questions()[1].id, result: { action: 'decline' } });
  await vi.waitUntil(() => received.some(({ id, result }) => id === 2 && result), { timeout: 30_000 });
  expect(sent('roles_delete')).toBe(0);
  const taken = received.filter(({ method }) => method === 'notifications/cancelled');
  expect(taken.map(({ params: { requestId } }) => requestId)).toEqual([questions()[0].id]);
  child.kill('SIGKILL');
});
