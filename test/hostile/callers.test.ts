import { once } from 'node:events';
import { Agent, request as send } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { type FakeSynqly, startFakeSynqly } from '../e2e/fake-synqly.ts';
import { makeFolder, makeMcpToken, startGateway } from '../e2e/gateway-support.ts';
import { type HttpProgram, startHttpProgram } from '../e2e/http-support.ts';

/*
 * What one caller can take from the others. The heavy part of it is in test/hostile/.
 */
let program: HttpProgram;
let synqly: FakeSynqly;
/** Lets go what hangs, and lets nothing hang until the next start. */
let release: () => void;
let hanging: Promise<void>;

const organization = { result: { id: '1', name: 'acme', fullname: 'Acme' } };

/** Knows tokens that begin with "good"; checks of "slow" ones hang, and so does the list of accounts, until `release`. */
beforeAll(async () => {
  synqly = await startFakeSynqly(async ({ path, headers: { authorization = '' } }) => {
    const isGrantValid = authorization.startsWith('Bearer good');
    if (authorization.startsWith('Bearer slow') || (path === '/v1/accounts' && isGrantValid)) await hanging;
    if (!isGrantValid) return { status: 401, json: { status: 401, message: 'unknown token' } };
    return { json: path === '/v1/accounts' ? { result: [] } : organization };
  });
});
afterEach(async () => {
  release();
  await program.close();
});
afterAll(() => synqly.close());

const start = async (...args: string[]) => {
  hanging = new Promise((resolve) => {
    release = resolve;
  });
  program = await startHttpProgram(['--base-url', synqly.url, '--permissions', 'ignore', ...args]);
  synqly.requests.length = 0;
};
const headersOf = (token: string, from?: string) => ({
  authorization: `Bearer ${token}`,
  ...(from !== undefined && { 'x-forwarded-for': from }),
});
const ping = async (token: string, from?: string) => {
  const response = await program.post({ method: 'ping' }, headersOf(token, from));
  await response.text();
  return response.status;
};
const callSlowly = async (token: string) => {
  const params = { name: 'accounts_list', arguments: {} };
  const response = await program.post({ method: 'tools/call', params }, headersOf(token));
  await response.text();
  return response.status;
};
const many = <Value>(length: number, make: (index: number) => Value) =>
  Array.from({ length }, (_, index) => make(index));
/** Far longer than anything takes that is waited for. */
const patience = { timeout: 60_000 };
const countOf = (statuses: readonly number[], status: number) =>
  statuses.filter((one) => one === status).length;

/** Pings with each of the headers, over so many connections that are kept; gives the statuses. */
function connections({ url }: HttpProgram, count: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: count });
  const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  const one = (headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      const type = { 'content-type': 'application/json', 'content-length': body.length };
      const request = send(url, { agent, method: 'POST', headers: { ...headers, ...type } });
      request.on('error', reject).on('response', (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      });
      request.end(body);
    });
  return (all: readonly Record<string, string>[]) => Promise.all(all.map(one));
}

describe('requests with made-up tokens', () => {
  test('count for their sender, in the direct mode each also as a request to Synqly, and not for good tokens', async () => {
    await start('--rate-per-minute', '60');
    expect(await ping('good-known')).toBe(200);
    const statuses = await Promise.all(many(300, (index) => ping(`bad-${index}`)));
    expect(countOf(statuses, 401)).toBeLessThanOrEqual(60);
    expect(countOf(statuses, 429)).toBeGreaterThanOrEqual(240);
    expect(synqly.requests.length).toBeLessThan(100);
    // From the same address, as behind a proxy that the server was not told of.
    expect(await ping('good-known')).toBe(200);
    expect(await ping('good-new')).toBe(200);
    const without = await fetch(program.url, { method: 'POST' });
    expect([without.status, without.headers.get('retry-after')]).toEqual([429, expect.any(String)]);
  });

  test('do not displace the rate count and the check of a good token', async () => {
    await start('--rate-per-minute', '20', '--trust-proxy', '1');
    const sendMany = connections(program, 40);
    const before = await sendMany(many(15, () => headersOf('good-limited', '192.0.2.1')));
    expect(countOf(before, 200)).toBe(15);
    // From very many addresses, so that each is counted, and looked at.
    const addressOf = (index: number) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
    const madeUp = await sendMany(many(10_100, (index) => headersOf(`bad-${index}`, addressOf(index))));
    expect(countOf(madeUp, 401)).toBe(10_100);
    const after = await sendMany(many(15, () => headersOf('good-limited', '192.0.2.1')));
    expect([countOf(after, 200), countOf(after, 429)]).toEqual([5, 10]);
    const checks = synqly.requests.filter(({ headers }) => headers.authorization === 'Bearer good-limited');
    expect(checks).toHaveLength(1);
  });

  test('count for the address that a trusted proxy tells, and for its network in IPv6', async () => {
    await start('--rate-per-minute', '3', '--trust-proxy', '1');
    const statuses = [];
    for (const from of ['2001:db8::1', '2001:db8:0:0:1::2', '2001:db8::3', '2001:db8::4', '2001:db8:0:1::1'])
      statuses.push(await ping('bad', from));
    expect(statuses).toEqual([401, 401, 401, 429, 401]);
    const mapped = [];
    for (const from of ['192.0.2.7', '::ffff:192.0.2.7', '192.0.2.7:4711', '::FFFF:192.0.2.7'])
      mapped.push(await ping('bad', from));
    expect(mapped).toEqual([401, 401, 401, 429]);
  });

  test('whose checks hang do not keep a good one from being checked', async () => {
    await start('--trust-proxy', '1', '--rate-per-minute', '200');
    const hanging = many(150, (index) => ping(`slow-${index}`, '192.0.2.66'));
    await vi.waitUntil(() => synqly.requests.length >= 40, patience);
    const good = await Promise.all(many(10, (index) => ping(`good-${index}`, `192.0.2.${index}`)));
    expect(new Set(good)).toEqual(new Set([200]));
    release();
    const statuses = await Promise.all(hanging);
    expect(countOf(statuses, 401)).toBe(150);
  });

  test('are checked at most 64 at a time, and refused once 200 of one sender wait', async () => {
    await start('--trust-proxy', '1', '--rate-per-minute', '1000', '--max-concurrent', '1000');
    const sent = many(500, (index) => ping(`slow-${index}`, '192.0.2.66'));
    // Those that find no place to wait are answered while all checks hang.
    let refused = 0;
    for (const one of sent)
      void one.then(() => {
        refused += 1;
      });
    await vi.waitUntil(() => refused >= 200 && synqly.requests.length >= 40, patience);
    expect(synqly.requests.length).toBeLessThanOrEqual(64);
    release();
    const statuses = await Promise.all(sent);
    expect(countOf(statuses, 401)).toBeGreaterThanOrEqual(200);
    expect(countOf(statuses, 401) + countOf(statuses, 503)).toBe(500);
  });

  describe('at a gateway', () => {
    let sandbox: Sandbox;
    beforeAll(async () => {
      sandbox = await startSandbox({ size: 'small' });
    });
    afterAll(() => sandbox.close());

    test('count for their sender, and a good token is still accepted', async () => {
      const store = await makeFolder();
      program = await startGateway(sandbox, store.named, ['--rate-per-minute', '60']);
      const { token } = await makeMcpToken(sandbox, store.named, '--organization');
      const statuses = await Promise.all(many(200, (index) => ping(`bad-${index}`)));
      expect([countOf(statuses, 401), countOf(statuses, 429)]).toEqual([60, 140]);
      expect(await ping(token)).toBe(200);
      await store.close();
    });
  });
});

describe('places', () => {
  test('slow calls of one caller leave room for the calls of others', async () => {
    await start('--max-concurrent', '30');
    expect(await Promise.all([ping('good-b'), ping('good-a')])).toEqual([200, 200]);
    const slow = many(60, () => callSlowly('good-a'));
    const lists = () => synqly.requests.filter(({ path }) => path === '/v1/accounts').length;
    await vi.waitUntil(() => lists() >= 20, patience);
    const others = await Promise.all(many(4, (index) => ping(`good-${index}`)));
    expect([await ping('good-b'), ...others]).toEqual([200, 200, 200, 200, 200]);
    release();
    const statuses = await Promise.all(slow);
    // Alone, a caller has most of the room.
    expect(countOf(statuses, 200)).toBeGreaterThanOrEqual(20);
    expect(countOf(statuses, 200) + countOf(statuses, 503)).toBe(60);
    expect(await ping('good-a')).toBe(200);
  });

  test('each caller leaves a third of the free places to those who come after it', async () => {
    await start('--max-concurrent', '90', '--rate-per-minute', '1000');
    const callers = ['good-a', 'good-b', 'good-c'];
    for (const caller of callers) expect(await ping(caller)).toBe(200);
    const lists = (caller: string) =>
      synqly.requests.filter(
        ({ path, headers }) => path === '/v1/accounts' && headers.authorization === `Bearer ${caller}`,
      ).length;
    const slow: Promise<number>[] = [];
    for (const caller of callers) {
      const calls = many(90, () => callSlowly(caller));
      slow.push(...calls);
      let refused = 0;
      for (const one of calls)
        void one.then((status) => {
          if (status === 503) refused += 1;
        });
      await vi.waitUntil(() => refused + lists(caller) === 90, patience);
    }
    // Two thirds each of what those before it have left.
    const counts = callers.map(lists);
    expect(counts[0]).toBe(60);
    expect(counts[1]).toBeGreaterThanOrEqual(18);
    expect(counts[2]).toBeGreaterThanOrEqual(5);
    expect(await ping('good-d')).toBe(200);
    release();
    await Promise.all(slow);
  });

  test('a caller keeps its places however many others come and go', async () => {
    await start('--max-concurrent', '30', '--rate-per-minute', '10000');
    expect(await ping('good-a')).toBe(200);
    const slow = many(20, () => callSlowly('good-a'));
    const lists = () => synqly.requests.filter(({ path }) => path === '/v1/accounts').length;
    await vi.waitUntil(() => lists() === 20, patience);
    const sendMany = connections(program, 5);
    const others = await sendMany(many(2_100, (index) => headersOf(`good-${index}`)));
    expect(countOf(others, 200)).toBe(2_100);
    expect(await callSlowly('good-a')).toBe(503);
    release();
    expect(countOf(await Promise.all(slow), 200)).toBe(20);
  });

  test('an open stream takes no place of a request', async () => {
    await start('--max-concurrent', '3', '--sessions');
    const open = async () => {
      const opened = await program.post(initialize(), headersOf('good-a'));
      await opened.text();
      const session = {
        ...headersOf('good-a'),
        'mcp-session-id': opened.headers.get('mcp-session-id') ?? '',
      };
      const stream = send(program.url, { headers: { ...session, accept: 'text/event-stream' } }).end();
      stream.on('error', () => {});
      const [response] = await once(stream, 'response');
      response.resume();
      expect(response.statusCode).toBe(200);
      return { session, leave: () => stream.destroy() };
    };
    const opened = [];
    for (let index = 0; index < 8; index += 1) opened.push(await open());
    const pong = await program.post({ method: 'ping' }, opened[0]?.session);
    expect([pong.status, await ping('good-b')]).toEqual([200, 400]);
    const metrics = await (await fetch(`${program.origin}/metrics`)).text();
    expect(metrics).toMatch(/synqly_mcp_streams_open 8\n/);
    expect(metrics).toMatch(/synqly_mcp_requests_in_flight 0\n/);
    for (const { leave } of opened) leave();
  });
});

const initialize = (capabilities: object = {}, name = 'test', protocolVersion = '2025-11-25') => ({
  method: 'initialize',
  params: { protocolVersion, capabilities, clientInfo: { name, version: '1' } },
});

describe('with sessions', () => {
  test.each([
    ['by streams', 'application/json, text/event-stream'],
    ['by JSON', 'application/json'],
  ])('slow calls keep their places, also when their client goes away (%s)', async (_, accept) => {
    await start('--sessions', '--max-concurrent', '30');
    const headers = { ...headersOf('good-a'), accept };
    const opened = await program.post(initialize(), headers);
    await opened.text();
    const session = { ...headers, 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
    const lists = () => synqly.requests.filter(({ path }) => path === '/v1/accounts').length;
    const inFlight = async () => {
      const metrics = await (await fetch(`${program.origin}/metrics`)).text();
      return Number(/synqly_mcp_requests_in_flight (\d+)/.exec(metrics)?.[1]);
    };
    /** Calls, and goes away once the call runs; 503 where it does not get that far. */
    const leave = async (id: number): Promise<number> => {
      const before = lists();
      const request = send(program.url, {
        method: 'POST',
        headers: { ...session, 'content-type': 'application/json' },
      });
      let status = 0;
      request
        .on('error', () => {})
        .on('response', (response) => {
          status = response.statusCode ?? 0;
          response.on('error', () => {}).resume();
        });
      const params = { name: 'accounts_list', arguments: {} };
      request.end(JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params }));
      await vi.waitUntil(() => status === 503 || lists() > before, { ...patience, interval: 2 });
      request.destroy();
      return status;
    };
    const statuses = [];
    for (let id = 0; id < 40; id += 1) statuses.push(await leave(id));
    // What one caller may have of thirty places.
    expect(lists()).toBe(20);
    expect(countOf(statuses, 503)).toBe(20);
    expect(await ping('good-b')).toBe(400);
    release();
    await expect.poll(inFlight, patience).toBe(0);
    expect((await program.post({ method: 'ping' }, session)).status).toBe(200);
  });

  test('calls that are cancelled, or whose session is ended, leave no place taken', async () => {
    await start('--sessions', '--max-concurrent', '30');
    const metric = async (name: string) => {
      const metrics = await (await fetch(`${program.origin}/metrics`)).text();
      return Number(new RegExp(`${name} (\\d+)`).exec(metrics)?.[1]);
    };
    for (const end of ['cancel', 'delete'] as const) {
      const opened = await program.post(initialize(), headersOf('good-a'));
      await opened.text();
      const session = {
        ...headersOf('good-a'),
        'mcp-session-id': opened.headers.get('mcp-session-id') ?? '',
      };
      const before = synqly.requests.length;
      const params = { name: 'accounts_list', arguments: {} };
      const calls = many(10, (id) =>
        program
          .post({ id, method: 'tools/call', params }, session)
          .then((response) => response.text())
          .catch(() => {}),
      );
      await vi.waitUntil(() => synqly.requests.length >= before + 10, patience);
      if (end === 'delete') await fetch(program.url, { method: 'DELETE', headers: session });
      else
        for (let requestId = 0; requestId < 10; requestId += 1)
          await program.postText(
            JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } }),
            session,
          );
      await Promise.all(calls);
      await expect.poll(() => metric('synqly_mcp_requests_in_flight'), patience).toBe(0);
    }
  });

  test('a list of calls counts as so many, and one of very many things gets one answer', async () => {
    await start('--sessions', '--rate-per-minute', '50');
    const begin = async (token: string) => {
      const opened = await program.post(initialize({}, 'test', '2025-03-26'), headersOf(token));
      await opened.text();
      return { ...headersOf(token), 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
    };
    const session = await begin('good-a');
    const calls = many(100, (id) => ({ jsonrpc: '2.0', id, method: 'ping' }));
    const answer = await program.postText(JSON.stringify(calls), session);
    const answers = (await answer.json()) as { result?: object; error?: { message: string } }[];
    expect(answers).toHaveLength(100);
    // `initialize` was one of the fifty.
    expect(answers.filter(({ result }) => result !== undefined)).toHaveLength(49);
    expect((await program.post({ method: 'ping' }, session)).status).toBe(429);
    const nothing = await program.postText(`[${many(300_000, () => '0').join()}]`, await begin('good-b'));
    const text = await nothing.text();
    expect(text.length).toBeLessThan(1_000);
    expect(text).toContain('A batch holds at most');
  });

  test("of a client's initialize only what is used is kept", async () => {
    const args = ['--base-url', synqly.url, '--permissions', 'ignore', '--sessions'];
    // What is kept whole takes several megabytes a session.
    program = await startHttpProgram(args, { NODE_OPTIONS: '--max-old-space-size=72' });
    const experimental = Object.fromEntries(many(60_000, (index) => [`c${index}`, {}]));
    const name = 'n'.repeat(100_000);
    for (let index = 0; index < 25; index += 1) {
      const opened = await program.post(initialize({ experimental }, name), headersOf('good-a'));
      expect(opened.status).toBe(200);
      await opened.text();
    }
    expect(await ping('good-b')).toBe(400);
  });
});

describe('/metrics', () => {
  const get = async (path: string, headers: Record<string, string> | string[]) => {
    const request = send(`${program.origin}${path}`, { headers, setHost: false }).end();
    const [response] = await once(request, 'response');
    response.resume();
    return response.statusCode;
  };

  test('is refused under a foreign host name and to pages of other origins', async () => {
    await start();
    expect(await get('/metrics', { host: 'evil.example' })).toBe(403);
    expect(await get('/metrics', { host: 'evil.example:3000' })).toBe(403);
    expect(await get('/metrics', { host: '127.0.0.1.evil.example' })).toBe(403);
    expect(await get('/metrics', { host: 'localhost', origin: 'https://evil.example' })).toBe(403);
    expect(await get('/metrics', ['host', 'localhost', 'host', 'evil.example'])).toBe(400);
    // A scraper asks a process under its address, and a load balancer under any name.
    for (const host of ['localhost:1', '10.0.0.5:3000', '[fd00::5]:3000'])
      expect(await get('/metrics', { host })).toBe(200);
    expect(await get('/healthz', { host: 'evil.example' })).toBe(200);
  });
});
