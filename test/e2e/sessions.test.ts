import { once } from 'node:events';
import { request as send } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type HttpRig, startHttpRig } from './http-support.ts';

let rig: HttpRig;

const params = {
  protocolVersion: '2025-11-25',
  capabilities: { elicitation: {} },
  clientInfo: { name: 'test', version: '1' },
};
/** Seconds after which a session of these tests is idle, and how long to wait to be past it. */
const idle = '1';
const pastIdle = 1_700;

const start = (...args: string[]) =>
  startHttpRig({
    args: [
      '--sessions',
      '--permissions',
      'ignore',
      '--rate-per-minute',
      '1000000',
      '--max-concurrent',
      '5000',
      ...args,
    ],
    sandbox: { size: 'small' },
  });

/** Opens a session; gives the headers of its requests. */
async function open(token: string): Promise<Record<string, string>> {
  const authorization = `Bearer ${token}`;
  const response = await rig.post({ method: 'initialize', params }, { authorization });
  await response.text();
  expect(response.status).toBe(200);
  return { authorization, 'mcp-session-id': response.headers.get('mcp-session-id') ?? '' };
}

const ping = async (headers: Record<string, string>) => {
  const response = await rig.post({ method: 'ping' }, headers);
  await response.text();
  return response.status;
};

/** Opens the stream for messages of the server; gives how to leave it. */
async function listenTo(headers: Record<string, string>): Promise<() => void> {
  const stream = send(rig.url, { headers: { ...headers, accept: 'text/event-stream' } }).end();
  stream.on('error', () => {});
  const [response] = await once(stream, 'response');
  expect(response.statusCode).toBe(200);
  response.resume();
  return () => stream.destroy();
}

/** Reads a stream of messages until one fits. */
async function readUntil(response: Response, fits: (message: { id?: number; method?: string }) => boolean) {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    text += Buffer.from(value ?? []);
    const messages = text.split('\n').filter((line) => line.startsWith('data: {'));
    const found = messages.map((line) => JSON.parse(line.slice(6))).find(fits);
    if (found || done) return { found, reader };
  }
}

describe.concurrent('a session that is in use does not end, however long it takes:', () => {
  beforeAll(async () => {
    rig = await start('--session-idle', idle);
  });
  afterAll(() => rig.close());

  test('a session that waits for a person is kept', async () => {
    const session = await open(rig.sandbox.token);
    const create = { name: 'accounts_create', arguments: { name: 'slow-person' } };
    await (await rig.post({ method: 'tools/call', params: create }, session)).text();
    const remove = { name: 'accounts_delete', arguments: { account_id: 'slow-person' } };
    const calling = await rig.post({ id: 7, method: 'tools/call', params: remove }, session);
    const { found: question, reader } = await readUntil(
      calling,
      ({ method }) => method === 'elicitation/create',
    );
    await pause(pastIdle);
    const answer = { id: question.id, result: { action: 'accept', content: { name: 'slow-person' } } };
    const taken = await rig.postText(JSON.stringify({ jsonrpc: '2.0', ...answer }), session);
    expect(taken.status).toBe(202);
    let rest = '';
    for (let part = await reader.read(); !part.done; part = await reader.read())
      rest += Buffer.from(part.value);
    expect(rest).toContain('"id":7');
    expect(rig.exchanges.filter(({ operationId }) => operationId === 'accounts_delete')).toHaveLength(1);
    // From then on it is idle.
    await pause(pastIdle);
    expect(await ping(session)).toBe(404);
  });

  test('a session with an open stream is kept until some time after it is closed', async () => {
    const [listening, silent] = [await open(rig.sandbox.token), await open(rig.sandbox.token)];
    const leave = await listenTo(listening);
    await pause(pastIdle);
    expect([await ping(listening), await ping(silent)]).toEqual([200, 404]);
    leave();
    await pause(pastIdle);
    expect(await ping(listening)).toBe(404);
  });

  test("a session whose call goes on after its client's connection broke is kept", async () => {
    const session = await open(rig.sandbox.token);
    rig.sandbox.faults.add({ route: 'roles_create', delay: 2_600 });
    const leaving = new AbortController();
    const role = { name: 'left-alone', permission_set: 'viewer', resources: { accounts: { ids: ['*'] } } };
    const create = { name: 'roles_create', arguments: role };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 3, method: 'tools/call', params: create });
    const headers = {
      ...session,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    };
    const call = await fetch(rig.url, { method: 'POST', headers, body, signal: leaving.signal });
    leaving.abort();
    await call.text().catch(() => {});
    await pause(pastIdle);
    expect(await ping(session)).toBe(200);
    await vi.waitUntil(() => rig.sandbox.state.collections.role.find('left-alone') !== undefined, {
      timeout: 30_000,
    });
  });
});

describe('room for sessions', () => {
  afterEach(() => rig.close());

  test("one caller's flood of initialize ends its own idle sessions, and nobody else's", async () => {
    rig = await start();
    const { secret } = await rig.makeToken({
      permission_set: 'viewer',
      resources: { accounts: { ids: ['*'] } },
    });
    const quiet = await open(rig.sandbox.token);
    const first = await open(secret);
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(Array.from({ length: 50 }, () => open(secret)));
    }
    expect([await ping(quiet), await ping(first)]).toEqual([200, 404]);
  });

  test('a session in use is not ended for another: with all of them in use, a further one is refused', async () => {
    rig = await start();
    const { secret } = await rig.makeToken({
      permission_set: 'viewer',
      resources: { accounts: { ids: ['*'] } },
    });
    const opened: { session: Record<string, string>; leave: () => void }[] = [];
    const openAndListen = async () => {
      const session = await open(secret);
      opened.push({ session, leave: await listenTo(session) });
    };
    for (let round = 0; round < 4; round += 1) await Promise.all(Array.from({ length: 50 }, openAndListen));
    const refused = await rig.post({ method: 'initialize', params }, { authorization: `Bearer ${secret}` });
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBeTruthy();
    expect(await refused.text()).toContain('in use');
    const [first] = opened;
    expect(await ping(first?.session ?? {})).toBe(200);
    // Others have their room, and so has this one once a session is idle.
    await open(rig.sandbox.token);
    first?.leave();
    await expect
      .poll(
        async () =>
          (await rig.post({ method: 'initialize', params }, { authorization: `Bearer ${secret}` })).status,
      )
      .toBe(200);
    expect(await ping(first?.session ?? {})).toBe(404);
    for (const { leave } of opened) leave();
  });
});

describe('requests without a session', () => {
  afterEach(() => rig.close());

  test('a request that opens no session is refused with what to send', async () => {
    rig = await start();
    const authorization = `Bearer ${rig.sandbox.token}`;
    const answers = await Promise.all([
      rig.post({ method: 'ping' }, { authorization }),
      rig.post({ method: 'tools/list' }, { authorization }),
      fetch(rig.url, { headers: { authorization, accept: 'text/event-stream' } }),
      fetch(rig.url, { method: 'DELETE', headers: { authorization } }),
    ]);
    for (const answer of answers) {
      expect(answer.status).toBe(400);
      expect(await answer.text()).toContain('send initialize first');
    }
  });

  test('requests that fail to open a session leave none behind', async () => {
    rig = await start();
    const { secret } = await rig.makeToken({
      permission_set: 'viewer',
      resources: { accounts: { ids: ['*'] } },
    });
    const session = await open(secret);
    const authorization = `Bearer ${secret}`;
    for (let round = 0; round < 10; round += 1) {
      const refused = Array.from({ length: 30 }, () =>
        rig.post({ method: 'initialize', params: { protocolVersion: 1 } }, { authorization }),
      );
      expect(new Set((await Promise.all(refused)).map(({ status }) => status))).toEqual(new Set([200]));
    }
    // None of them has taken a place: this caller's first session would have ended for it.
    expect(await ping(session)).toBe(200);
  });

  test('a session deleted during a call is gone, and the call leaves its audit line', async () => {
    rig = await start('--log-level', 'info');
    const session = await open(rig.sandbox.token);
    rig.sandbox.faults.add({ route: 'accounts_create', hang: true });
    const create = { name: 'accounts_create', arguments: { name: 'cut-off' } };
    const call = await rig.post({ id: 5, method: 'tools/call', params: create }, session);
    const metrics = async () => (await fetch(`${rig.origin}/metrics`)).text();
    await expect.poll(metrics).toContain('synqly_mcp_requests_in_flight 1\n');
    const ended = await fetch(rig.url, { method: 'DELETE', headers: session });
    expect(ended.status).toBe(200);
    await call.text();
    expect(await ping(session)).toBe(404);
    await expect.poll(() => rig.stderr()).toMatch(/"operation":"accounts_create".*"outcome":"cancelled"/);
    rig.sandbox.faults.clear();
    expect(await ping(await open(rig.sandbox.token))).toBe(200);
  });
});
