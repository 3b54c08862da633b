import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Client as V2Client, type VersionNegotiationMode } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createGate, pause } from '../e2e/endings-support.ts';
import { type FakeRequest, type FakeSynqly, startFakeSynqly } from '../e2e/fake-synqly.ts';
import {
  capabilitiesKey,
  envelope,
  introduction,
  type Lines,
  revision,
  startLines,
  v2Call,
  v2Request,
  versionKey,
} from '../e2e/generations-support.ts';
import { numbered, pagesOf, timeAt } from '../e2e/paged-upstream.ts';
import { builtCli, cleanEnvironment, toolCount } from '../e2e/support.ts';

/*
 * Protocol revision 2026-07-28 over stdio: the generation of each message, and what a client may do in which order.
 */
let program: Lines;
afterEach(() => program?.close());

const start = (env: Record<string, string> = {}) => {
  program = startLines(['--sandbox', '--permissions', 'ignore'], env);
  return program;
};

const discover = (id: unknown = 'discover') => v2Request('server/discover', {}, id);
const legacy = (method: string, params: object, id: unknown) => ({ jsonrpc: '2.0', id, method, params });
const initialize = (id: unknown = 'initialize') => legacy('initialize', introduction, id);
const cancel = (requestId: unknown) => ({ method: 'notifications/cancelled', params: { requestId } });

describe('the generation', () => {
  test('a client that discovers and then initializes is served by the first one', async () => {
    const { ask, say } = start();
    expect((await ask(discover())).result.supportedVersions).toEqual([revision]);
    expect((await ask(initialize())).result.protocolVersion).toBe('2025-11-25');
    say({ method: 'notifications/initialized' });
    const { result } = await ask(legacy('tools/list', {}, 1));
    expect(Object.keys(result)).toEqual(['tools']);
    expect((await ask(legacy('ping', {}, 2))).result).toEqual({});
    // It may still send requests of the second generation.
    expect((await ask(v2Request('tools/list', {}, 3))).result.resultType).toBe('complete');
  });

  test('a client that discovers may go on without initialize, and one may start without discovering', async () => {
    for (const opens of [true, false]) {
      const { ask, close } = start();
      if (opens) await ask(discover());
      expect((await ask(v2Request('tools/list', {}, 1))).result.tools).toHaveLength(toolCount);
      const called = await ask(v2Call('accounts_list', { limit: 1 }, 2));
      expect(called.result).toMatchObject({ resultType: 'complete', content: [{ type: 'text' }] });
      await close();
    }
  });

  test('a request without an envelope is refused behind one that has it, until the client initializes', async () => {
    const { ask } = start();
    await ask(v2Request('tools/list', {}, 1));
    for (const method of ['tools/list', 'ping', 'x']) {
      const { error } = await ask(legacy(method, {}, `${method} without`));
      expect(error.code).toBe(-32_602);
      expect(error.data.envelope.missing).toEqual([versionKey, capabilitiesKey]);
    }
    expect((await ask(initialize())).result.protocolVersion).toBe('2025-11-25');
    expect((await ask(legacy('tools/list', {}, 2))).result.tools).toHaveLength(toolCount);
  });

  test('requests of both generations may be open at once', async () => {
    const { ask } = start();
    await ask(initialize());
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, id) => {
        const call = { name: 'accounts_list', arguments: { limit: (id % 5) + 1, fields: ['name'] } };
        return ask(id % 2 === 0 ? legacy('tools/call', call, id) : v2Request('tools/call', call, id));
      }),
    );
    for (const [id, { result }] of answers.entries()) {
      expect(result.resultType).toBe(id % 2 === 0 ? undefined : 'complete');
      const { rows, same } = JSON.parse(result.content[0].text);
      expect(rows?.length ?? Object.keys(same).length).toBe((id % 5) + 1);
    }
  });
});

describe('errors', () => {
  const cases: readonly (readonly [what: string, message: object, code: number])[] = [
    ['no capabilities', legacy('tools/list', { _meta: { [versionKey]: revision } }, 1), -32_602],
    ['capabilities that are a list', v2Request('tools/list', { _meta: { [capabilitiesKey]: [] } }), -32_602],
    ['a version that is a number', v2Request('tools/list', { _meta: { [versionKey]: 1 } }), -32_602],
    ['an unknown version', v2Request('tools/list', { _meta: { [versionKey]: '2027-01-01' } }), -32_022],
    ['an older version', v2Request('tools/list', { _meta: { [versionKey]: '2025-11-25' } }), -32_022],
    [
      'an unknown version of discover',
      v2Request('server/discover', { _meta: { [versionKey]: 'x' } }),
      -32_022,
    ],
    ['initialize with an envelope', v2Request('initialize', introduction), -32_601],
    ...['ping', 'logging/setLevel', 'roots/list', 'sampling/createMessage', '__proto__'].map(
      (method) => [method, v2Request(method), -32_601] as const,
    ),
    ['an unknown tool', v2Call('nothing'), -32_602],
    ['an unknown resource', v2Request('resources/read', { uri: 'synqly://nothing' }), -32_602],
    ['a call without a name', v2Request('tools/call'), -32_602],
  ];
  test('are answered by code, and the client may go on', async () => {
    const { ask } = start();
    for (const [index, [what, message, code]] of cases.entries()) {
      const { error } = await ask({ ...message, id: index });
      expect(error?.code, what).toBe(code);
      if (code === -32_022) expect(error.data.supported).toEqual([revision]);
    }
    expect((await ask(v2Request('tools/list', {}, 'last'))).result.tools).toHaveLength(toolCount);
  });

  test('a batch with a request of this revision is refused as a whole', async () => {
    const { write, messages, ask } = start();
    const old = legacy('tools/list', {}, 1);
    const batches = [
      [v2Request('tools/list', {}, 2)],
      [old, v2Request('tools/list', {}, 2)],
      [old, v2Request('tools/call', {}, 2)],
      [old, { method: 'x', jsonrpc: '2.0', params: { _meta: envelope } }],
      [old, v2Request('subscriptions/listen', { notifications: { toolsListChanged: true } }, 2)],
    ];
    for (const batch of batches) write(JSON.stringify(batch));
    await ask(discover());
    expect(messages().slice(0, -1)).toEqual(
      batches.map(() => ({
        jsonrpc: '2.0',
        id: null,
        error: { code: -32_600, message: expect.stringContaining('has no batches') },
      })),
    );
    // A batch of the first generation is served.
    await ask(initialize());
    write(JSON.stringify([old, legacy('ping', {}, 2)]));
    await expect.poll(() => messages().at(-1)).toHaveLength(2);
  });

  test('a line over 10 MB loses its own message only', async () => {
    const { ask } = start();
    const long = await ask(v2Call('accounts_get', { account_id: 'x'.repeat(11 * 1024 * 1024) }, 'long'));
    expect(long.error.code).toBe(-32_600);
    expect((await ask(v2Request('tools/list', {}, 2))).result.tools).toHaveLength(toolCount);
  });

  test.each(['9007199254740993', '1.50', '-0.5', '"é"'])('the id %s comes back exactly', async (id) => {
    const { write, lines } = start();
    for (const message of [v2Request('tools/list'), v2Call('organization_get'), v2Request('x')]) {
      const before = lines.length;
      write(JSON.stringify(message).replace('"id":1', `"id":${id}`));
      await expect.poll(() => lines.length).toBe(before + 1);
      expect(lines.at(-1)).toContain(`"id":${id}`);
    }
  });
});

describe('calls that take a while', () => {
  let api: FakeSynqly;
  let isHeld: (request: FakeRequest) => boolean = () => false;
  let gate = createGate();
  const names = numbered(350);
  const rows = names.map((name, at) => ({ id: name, name, created_at: timeAt(at) }));
  let answerPage = pagesOf({ rows, field: 'name' });
  beforeAll(async () => {
    api = await startFakeSynqly(async (request) => {
      if (isHeld(request)) await gate.opened;
      if (request.method !== 'GET' || request.path !== '/v1/accounts')
        return { json: { result: { id: 'a', name: 'a' } } };
      return answerPage(request);
    });
  });
  afterAll(() => api.close());
  afterEach(() => {
    gate.open();
    gate = createGate();
    isHeld = () => false;
    api.requests.length = 0;
  });

  const startHere = () => {
    program = startLines(['--base-url', api.url, '--permissions', 'ignore', '--log-level', 'silent'], {
      SYNQLY_TOKEN: 'token',
    });
    return program;
  };
  const update = (id: unknown) => v2Call('accounts_update', { account_id: 'a', fullname: 'X' }, id);
  const puts = () => api.requests.filter(({ method }) => method === 'PUT').length;

  test('a call that is cancelled is not sent, and gets no answer', async () => {
    const { ask, say, messages } = startHere();
    await ask(discover());
    isHeld = ({ method }) => method === 'GET';
    say(update(1));
    await expect.poll(() => api.requests.length).toBe(1);
    say(cancel(1));
    await ask(v2Request('tools/list', {}, 2));
    gate.open();
    await pause(100);
    expect(puts()).toBe(0);
    expect(messages().filter(({ id }) => id === 1)).toEqual([]);
  });

  test('a first request that is cancelled at once is not carried out, and leaves its id free', async () => {
    const { ask, say, write, messages } = startHere();
    write([update(1), { jsonrpc: '2.0', ...cancel(1) }].map((one) => JSON.stringify(one)).join('\n'));
    await ask(v2Request('tools/list', {}, 2));
    await pause(100);
    expect(api.requests).toEqual([]);
    expect(messages().filter(({ id }) => id === 1)).toEqual([]);
    // A request of the other generation with this id can be cancelled too.
    await ask(initialize());
    isHeld = ({ method }) => method === 'GET';
    say(legacy('tools/call', { name: 'accounts_update', arguments: { account_id: 'a', fullname: 'X' } }, 1));
    await expect.poll(() => api.requests.length).toBe(1);
    say(cancel(1));
    await ask(legacy('ping', {}, 3));
    gate.open();
    await pause(100);
    expect(puts()).toBe(0);
    expect(messages().filter(({ id }) => id === 1)).toEqual([]);
  });

  test('a cancelled id that is unknown, over or odd changes nothing', async () => {
    const { ask, say } = startHere();
    await ask(v2Call('organization_get', {}, 1));
    for (const id of [1, '1', 99, null, {}, undefined]) say(cancel(id));
    expect((await ask(update(2))).result.isError).toBeUndefined();
    expect(puts()).toBe(1);
  });

  test('calls that run when stdin ends are answered', async () => {
    const { ask, say, exited, endInput, answerTo } = startHere();
    await ask(discover());
    isHeld = ({ method }) => method === 'PUT';
    say(update(1));
    await expect.poll(puts).toBe(1);
    endInput();
    setTimeout(gate.open, 200);
    expect((await answerTo(1)).result.isError).toBeUndefined();
    expect(await exited).toBe(0);
  });

  test('progress is reported to a client that asks for it, before the response', async () => {
    const { ask, messages } = startHere();
    const args = { name: 'accounts_list', arguments: { limit: 350, fields: ['name'] } };
    answerPage = pagesOf({ rows, field: 'name' });
    const { result } = await ask(v2Request('tools/call', { ...args, _meta: { progressToken: 'p' } }, 1));
    expect(result.content[0].text).toContain(names.at(-1));
    const notifications = messages().slice(0, -1);
    expect(notifications.length).toBeGreaterThanOrEqual(3);
    for (const { method, params } of notifications) {
      expect(method).toBe('notifications/progress');
      expect(params).toMatchObject({ progressToken: 'p', progress: expect.any(Number), total: 350 });
    }
    answerPage = pagesOf({ rows, field: 'name' });
    await ask(v2Request('tools/call', args, 2));
    expect(messages().slice(notifications.length + 1)).toHaveLength(1);
  });

  test('what else a client puts into _meta is neither echoed nor an error', async () => {
    const { ask, lines } = startHere();
    const { result } = await ask(
      v2Request('tools/call', { name: 'organization_get', _meta: { 'example.com/mine': 'private' } }, 1),
    );
    expect(result.isError).toBeUndefined();
    expect(lines.join()).not.toContain('private');
  });
});

describe('the SDK of this generation', () => {
  const chunks = join(dirname(builtCli), 'chunks');
  const isSdkV2 = (file: string) =>
    readFileSync(join(chunks, file), 'utf8').includes('PerRequestHTTPServerTransport');

  /** Names of the built files that a session loads. */
  async function filesLoadedBy(session: (program: Lines) => Promise<unknown>): Promise<string[]> {
    const folder = mkdtempSync(join(tmpdir(), 'coverage-'));
    const started = start({ NODE_V8_COVERAGE: folder });
    await session(started);
    started.endInput();
    await started.exited;
    const loaded = readdirSync(folder).flatMap((file) => {
      const { result } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
        result: { url: string }[];
      };
      return result.map(({ url }) => url).filter((url) => url.includes('/chunks/'));
    });
    rmSync(folder, { recursive: true });
    return loaded.map((url) => basename(url));
  }

  test('is loaded for its clients only, and not for their first requests', async () => {
    const first = await filesLoadedBy(async ({ ask }) => {
      await ask(initialize());
      await ask(legacy('tools/list', {}, 1));
      await ask(legacy('tools/call', { name: 'organization_get' }, 2));
    });
    const second = await filesLoadedBy(async ({ ask }) => {
      await ask(v2Request('server/discover', {}, 1));
      await ask(v2Request('tools/list', {}, 2));
    });
    const third = await filesLoadedBy(({ ask }) => ask(v2Request('resources/list', {}, 1)));
    expect(first.length).toBeGreaterThan(1);
    expect(first.filter(isSdkV2)).toEqual([]);
    expect(second.filter(isSdkV2)).toEqual([]);
    expect(third.filter(isSdkV2)).not.toEqual([]);
  });
});

describe("the second SDK's client", () => {
  test.each<[mode: VersionNegotiationMode, version: string]>([
    ['legacy', '2025-11-25'],
    ['auto', revision],
    [{ pin: revision }, revision],
  ])('lists, calls, reads and completes in the mode %j', async (mode, version) => {
    const client = new V2Client({ name: 'x', version: '1' }, { versionNegotiation: { mode } });
    const errors: unknown[] = [];
    client.onerror = (error) => errors.push(error);
    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: [builtCli, '--sandbox', '--permissions', 'ignore'],
        env: cleanEnvironment(),
        stderr: 'ignore',
      }),
    );
    expect(client.getNegotiatedProtocolVersion()).toBe(version);
    expect(client.getServerVersion()).toMatchObject({
      name: 'synqly-mcp',
      title: expect.stringContaining('Synqly'),
    });
    expect(client.getInstructions()?.length).toBeGreaterThan(100);
    expect(Object.keys(client.getServerCapabilities() ?? {}).sort()).toEqual([
      'completions',
      ...(version === revision ? ['extensions'] : []),
      'prompts',
      'resources',
      'tools',
    ]);
    expect((await client.listPrompts()).prompts).toHaveLength(10);
    expect((await client.listTools()).tools).toHaveLength(toolCount);
    expect((await client.listResources()).resources.length).toBeGreaterThan(0);
    expect((await client.listResourceTemplates()).resourceTemplates.length).toBeGreaterThan(0);
    const { contents } = await client.readResource({ uri: 'synqly://openapi/management' });
    expect(contents).toHaveLength(1);
    const ref = { type: 'ref/resource' as const, uri: 'synqly://openapi/management/operations/{operation}' };
    const { completion } = await client.complete({
      ref,
      argument: { name: 'operation', value: 'accounts_' },
    });
    expect(completion.values).toContain('accounts_list');
    const failed = await client.callTool({ name: 'accounts_get', arguments: { account_id: 'nobody' } });
    expect(failed.isError).toBe(true);
    await expect(client.callTool({ name: 'nothing', arguments: {} })).rejects.toMatchObject({
      code: -32_602,
    });
    await client.close();
    expect(errors).toEqual([]);
  });
});
