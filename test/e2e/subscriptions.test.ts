import { getEventListeners } from 'node:events';
import { StreamableHTTPClientTransport, Client as V2Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { JSONRPCMessageSchema } from '@modelcontextprotocol/sdk/types.js';
import Fastify from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { questionsSignal } from '../../src/lib/shutdown.ts';
import type { FeatureSource } from '../../src/protocol/server-features.ts';
import type { RpcRequest } from '../../src/protocol/stateless-server.ts';
import { streamSubscription } from '../../src/transports/http/v2-requests.ts';
import { routeGenerations } from '../../src/transports/stdio/route-generations.ts';
import {
  eventsIn,
  type Lines,
  type Message,
  type Post,
  revision,
  serverInfoKey,
  startLines,
  subscriptionKey,
  v2Call,
  v2Headers,
  v2Poster,
  v2Request,
} from './generations-support.ts';
import { type HttpProgram, type HttpRig, startHttpProgram, startHttpRig } from './http-support.ts';
import { builtCli, cleanEnvironment } from './support.ts';

const listen = (notifications: unknown = { toolsListChanged: true }, id: unknown = 1) =>
  v2Request('subscriptions/listen', { notifications }, id);

const acknowledged = (id: unknown, notifications: object = { toolsListChanged: true }) => ({
  jsonrpc: '2.0',
  method: 'notifications/subscriptions/acknowledged',
  params: { notifications, _meta: { [subscriptionKey]: id } },
});
const ended = (id: unknown) => ({
  jsonrpc: '2.0',
  id,
  result: {
    resultType: 'complete',
    _meta: {
      [subscriptionKey]: id,
      [serverInfoKey]: { name: 'synqly-mcp', version: expect.any(String) },
    },
  },
});
const changed = (id: unknown) => ({
  jsonrpc: '2.0',
  method: 'notifications/tools/list_changed',
  params: { _meta: { [subscriptionKey]: id } },
});

/** Filters in which nothing is left to notify of. */
const empty = [
  {},
  { toolsListChanged: false },
  { toolsListChanged: 'yes' },
  {
    promptsListChanged: false,
    resourcesListChanged: true,
    resourceSubscriptions: ['synqly://openapi/engine'],
  },
  { unknown: true },
];
const invalid = [undefined, null, true, 'x', [], [{ toolsListChanged: true }]];

/** Features whose changes a test makes. */
function changingFeatures() {
  const listeners = new Set<() => void>();
  const unused = () => {
    throw new Error('A subscription needs no features.');
  };
  const source: FeatureSource = {
    current: unused,
    forList: unused,
    isSettled: () => true,
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const change = () => {
    for (const listener of listeners) listener();
  };
  return { source, change, listeners };
}

const createClient = () => {
  const client = new V2Client(
    { name: 'x', version: '1' },
    { versionNegotiation: { mode: { pin: revision } } },
  );
  const errors: unknown[] = [];
  client.onerror = (error) => errors.push(error);
  return { client, errors };
};

/** Opens a subscription, and reads what comes. */
async function subscribeTo(program: HttpProgram, token: string, message: Message) {
  const closing = new AbortController();
  const response = await fetch(program.url, {
    method: 'POST',
    headers: {
      ...v2Headers(message),
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify(message),
    signal: closing.signal,
  });
  let text = '';
  const decoder = new TextDecoder();
  const finished = (async () => {
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
  })().catch(() => {});
  return {
    response,
    text: () => text,
    messages: () => eventsIn(text),
    finished,
    close: () => closing.abort(),
  };
}

describe('over HTTP', () => {
  let rig: HttpRig;
  let post: Post;
  beforeAll(async () => {
    rig = await startHttpRig({ args: ['--rate-per-minute', '1000000', '--permissions', 'ignore'] });
    post = v2Poster(rig, rig.sandbox.token);
  });
  afterAll(() => rig.close());

  const metric = async ({ origin }: HttpProgram, name: string) => {
    const text = await (await fetch(`${origin}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
  };
  const open = (program: HttpProgram) => metric(program, 'synqly_mcp_streams_open');

  test.each(['s', 7, 'listen:1'])('the acknowledgement comes first, with the id %j', async (id) => {
    const stream = await subscribeTo(rig, rig.sandbox.token, listen(undefined, id));
    expect(stream.response.status).toBe(200);
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream');
    await expect.poll(stream.messages).toEqual([acknowledged(id)]);
    expect(await open(rig)).toBe(1);
    expect(await metric(rig, 'synqly_mcp_requests_in_flight')).toBe(0);
    stream.close();
    await expect.poll(() => open(rig)).toBe(0);
  });

  test('only what is served is acknowledged', async () => {
    const stream = await subscribeTo(
      rig,
      rig.sandbox.token,
      listen({ toolsListChanged: true, resourcesListChanged: true, resourceSubscriptions: ['x'] }),
    );
    await expect.poll(stream.messages).toEqual([acknowledged(1)]);
    stream.close();
  });

  test.each(empty)('the filter %j ends at once', async (filter) => {
    const { status, type, messages } = await post(listen(filter));
    expect([status, type]).toEqual([200, 'text/event-stream']);
    expect(messages).toEqual([acknowledged(1, {}), ended(1)]);
  });

  test.each(invalid)('the filter %j is invalid', async (filter) => {
    const { status, json } = await post(v2Request('subscriptions/listen', { notifications: filter }));
    expect([status, json.id, json.error.code]).toEqual([200, 1, -32_602]);
    await expect.poll(() => open(rig)).toBe(0);
  });

  test('an id with more digits than a number has comes back exactly, in each message', async () => {
    for (const id of ['9007199254740993', '1.50']) {
      const message = listen({});
      const { text } = await post(
        JSON.stringify(message).replace('"id":1,', `"id":${id},`),
        v2Headers(message),
      );
      expect(text).toContain(`"id":${id},`);
      expect(text.split(`"${subscriptionKey}":${id}`)).toHaveLength(3);
    }
  });

  test('a client that takes no event stream is refused', async () => {
    const { status, json } = await post(listen(), { accept: 'application/json' });
    expect([status, json.id]).toEqual([406, 1]);
    expect(json.error.message).toContain('text/event-stream');
  });

  test('the rules of requests hold', async () => {
    expect((await post(listen(), { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await post(listen(), { 'mcp-method': undefined })).json.error.code).toBe(-32_020);
    expect((await post(listen(), { origin: 'https://evil.example' })).status).toBe(403);
  });

  test('open streams take no slot of a request', async () => {
    const program = await startHttpProgram([
      '--base-url',
      rig.sandbox.baseUrl,
      '--max-concurrent',
      '2',
      '--rate-per-minute',
      '1000000',
      '--permissions',
      'ignore',
    ]);
    const there = v2Poster(program, rig.sandbox.token);
    const streams = [];
    for (let count = 0; count < 20; count += 1)
      streams.push(await subscribeTo(program, rig.sandbox.token, listen(undefined, count)));
    expect(await open(program)).toBe(20);
    expect((await there(v2Call('organization_get'))).status).toBe(200);
    for (const stream of streams) stream.close();
    await expect.poll(() => open(program)).toBe(0);
    expect(program.stderr()).not.toContain('MaxListenersExceeded');
    await program.close();
  });

  test('1,000 subscriptions leave nothing behind', async () => {
    for (let round = 0; round < 20; round += 1) {
      const streams = await Promise.all(
        Array.from({ length: 50 }, (_, id) => subscribeTo(rig, rig.sandbox.token, listen(undefined, id))),
      );
      expect(streams.every(({ response }) => response.status === 200)).toBe(true);
      for (const stream of streams) stream.close();
    }
    await expect.poll(() => open(rig)).toBe(0);
    expect(await metric(rig, 'synqly_mcp_requests_in_flight')).toBe(0);
    expect(rig.stderr()).not.toMatch(/MaxListenersExceeded|internal error/);
  });

  test('a server that stops ends each stream with a result', async () => {
    const program = await startHttpProgram(['--base-url', rig.sandbox.baseUrl, '--permissions', 'ignore']);
    const streams = await Promise.all(
      ['a', 'b', 'c'].map((id) => subscribeTo(program, rig.sandbox.token, listen(undefined, id))),
    );
    const { client } = createClient();
    const requestInit = { headers: { authorization: `Bearer ${rig.sandbox.token}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(program.url), { requestInit }));
    const subscription = await client.listen({ toolsListChanged: true });
    const exited = new Promise((resolve) => program.child.once('exit', resolve));
    program.child.kill('SIGTERM');
    await Promise.all(streams.map(({ finished }) => finished));
    expect(streams.map(({ messages }) => messages())).toEqual(
      ['a', 'b', 'c'].map((id) => [acknowledged(id), ended(id)]),
    );
    expect(await subscription.closed).toBe('graceful');
    expect(await exited, program.stderr()).toBe(0);
  });

  test("the second SDK's client subscribes, and takes its leave", async () => {
    const { client, errors } = createClient();
    const requestInit = { headers: { authorization: `Bearer ${rig.sandbox.token}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(rig.url), { requestInit }));
    const subscription = await client.listen({ toolsListChanged: true, promptsListChanged: true });
    expect(subscription.honoredFilter).toEqual({ toolsListChanged: true, promptsListChanged: true });
    await subscription.close();
    expect(await subscription.closed).toBe('local');
    await expect.poll(() => open(rig)).toBe(0);
    await client.close();
    expect(errors).toEqual([]);
  });

  test('a change of the tools is one of the prompts, for those who asked for it', async () => {
    const { source, change } = changingFeatures();
    const app = Fastify({ forceCloseConnections: true });
    app.post('/mcp', (request, reply) =>
      streamSubscription(request, reply, request.body as RpcRequest, source),
    );
    const program = { url: `${await app.listen({ port: 0, host: '127.0.0.1' })}/mcp` } as HttpProgram;
    const { messages, close } = await subscribeTo(program, '', listen({ promptsListChanged: true }, 'p'));
    await expect.poll(() => messages().length).toBe(1);
    change();
    await expect
      .poll(messages)
      .toEqual([
        acknowledged('p', { promptsListChanged: true }),
        { ...changed('p'), method: 'notifications/prompts/list_changed' },
      ]);
    close();
    await app.close();
  });

  test('a change is sent to each subscriber, until it leaves', async () => {
    const { source, change, listeners } = changingFeatures();
    const app = Fastify({ forceCloseConnections: true });
    app.post('/mcp', (request, reply) =>
      streamSubscription(request, reply, request.body as RpcRequest, source),
    );
    const url = `${await app.listen({ port: 0, host: '127.0.0.1' })}/mcp`;
    const program = { url } as HttpProgram;
    const first = await subscribeTo(program, '', listen(undefined, 'first'));
    const second = await subscribeTo(program, '', listen(undefined, 'second'));
    await expect.poll(() => listeners.size).toBe(2);
    change();
    await expect.poll(first.messages).toEqual([acknowledged('first'), changed('first')]);
    await expect.poll(second.messages).toEqual([acknowledged('second'), changed('second')]);
    first.close();
    await expect.poll(() => listeners.size).toBe(1);
    change();
    await expect
      .poll(second.messages)
      .toEqual([acknowledged('second'), changed('second'), changed('second')]);
    second.close();
    await expect.poll(() => listeners.size).toBe(0);
    expect(getEventListeners(questionsSignal(), 'abort')).toEqual([]);
    await app.close();
  });
});

test('an idle stream is kept open with comments, until the client leaves', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const { source } = changingFeatures();
  const app = Fastify({ forceCloseConnections: true });
  app.post('/mcp', (request, reply) =>
    streamSubscription(request, reply, request.body as RpcRequest, source),
  );
  const url = `${await app.listen({ port: 0, host: '127.0.0.1' })}/mcp`;
  const before = vi.getTimerCount();
  const stream = await subscribeTo({ url } as HttpProgram, '', listen());
  vi.advanceTimersByTime(20_000);
  await expect.poll(stream.text).toMatch(/\n\n: keep-alive\n\n$/);
  stream.close();
  await expect.poll(() => vi.getTimerCount()).toBe(before);
  vi.useRealTimers();
  await app.close();
});

describe('over stdio', () => {
  let program: Lines;
  afterEach(() => program?.close());
  const start = () => {
    program = startLines(['--sandbox', '--permissions', 'ignore']);
    return program;
  };

  test('several subscriptions are told apart by their ids, and end when they are cancelled', async () => {
    const { say, messages, ask } = start();
    say(listen(undefined, 's'));
    say(listen(undefined, 2));
    await expect.poll(messages).toEqual([acknowledged('s'), acknowledged(2)]);
    say({ method: 'notifications/cancelled', params: { requestId: 's' } });
    const { result } = await ask(v2Request('tools/list', {}, 3));
    expect(result.tools.length).toBeGreaterThan(0);
    program.endInput();
    expect(await program.exited).toBe(0);
    // A cancelled request gets no response.
    expect(messages().slice(3)).toEqual([ended(2)]);
  });

  test.each(empty)('the filter %j ends at once', async (filter) => {
    const { say, answerTo, messages } = start();
    say(listen(filter));
    await answerTo(1);
    expect(messages()).toEqual([acknowledged(1, {}), ended(1)]);
  });

  test.each(invalid)('the filter %j is invalid', async (filter) => {
    const { ask } = start();
    expect((await ask(v2Request('subscriptions/listen', { notifications: filter }))).error.code).toBe(
      -32_602,
    );
  });

  test('an id with more digits than a number has comes back exactly, in each message', async () => {
    const { write, lines } = start();
    write(JSON.stringify(listen({})).replace('"id":1,', '"id":9007199254740993,'));
    await expect.poll(() => lines.length).toBe(2);
    expect(lines[1]).toContain('"id":9007199254740993,');
    for (const line of lines) expect(line).toContain(`"${subscriptionKey}":9007199254740993`);
  });

  test('a subscription does not hold up the end of the process', async () => {
    const { say, lines } = start();
    say(listen());
    await expect.poll(() => lines.length).toBe(1);
    const before = Date.now();
    program.endInput();
    say(listen(undefined, 9));
    expect(await program.exited).toBe(0);
    expect(Date.now() - before).toBeLessThan(2_500);
    expect(lines).toHaveLength(2);
  });

  test("the second SDK's client subscribes, and is told when the server ends it", async () => {
    const { client, errors } = createClient();
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [builtCli, '--sandbox', '--permissions', 'ignore'],
      env: cleanEnvironment(),
      stderr: 'ignore',
    });
    await client.connect(transport);
    const [first, second] = await Promise.all([
      client.listen({ toolsListChanged: true }),
      client.listen({ toolsListChanged: true }),
    ]);
    await first.close();
    expect(await first.closed).toBe('local');
    expect((await client.listTools()).tools.length).toBeGreaterThan(0);
    process.kill(transport.pid ?? 0, 'SIGTERM');
    expect(await second.closed).toBe('graceful');
    await client.close();
    expect(errors).toEqual([]);
  });

  describe('with features that change', () => {
    function connect() {
      const sent: unknown[] = [];
      const transport: Transport = {
        start: async () => {},
        close: async () => {},
        send: async (message) => void sent.push(message),
      };
      const { source, change, listeners } = changingFeatures();
      routeGenerations(transport, () => new Promise(() => {}), source);
      const receive = (message: object) => transport.onmessage?.(JSONRPCMessageSchema.parse(message));
      return { sent, change, listeners, receive };
    }
    const cancel = (requestId: unknown) => ({
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId },
    });

    test('each subscription is told of a change, until it is cancelled', () => {
      const { sent, change, receive, listeners } = connect();
      receive(listen(undefined, 'a'));
      receive(listen(undefined, 'b'));
      change();
      receive(cancel('a'));
      change();
      expect(sent).toEqual([acknowledged('a'), acknowledged('b'), changed('a'), changed('b'), changed('b')]);
      receive(cancel('b'));
      change();
      expect(sent).toHaveLength(5);
      expect(listeners.size).toBe(0);
    });

    test('a subscription with the id of another one replaces it', () => {
      const { sent, change, receive, listeners } = connect();
      receive(listen(undefined, 'a'));
      receive(listen(undefined, 'a'));
      expect(listeners.size).toBe(1);
      change();
      expect(sent.slice(2)).toEqual([changed('a')]);
    });

    test('1,000 cancelled subscriptions leave nothing behind', () => {
      const before = getEventListeners(questionsSignal(), 'abort').length;
      const { receive, listeners } = connect();
      for (let id = 0; id < 1_000; id += 1) {
        receive(listen(undefined, id));
        receive(cancel(id));
      }
      expect(listeners.size).toBe(0);
      expect(getEventListeners(questionsSignal(), 'abort').length - before).toBeLessThan(2);
    });
  });
});
