import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { initialize } from './doors.ts';
import { type HttpProgram, startHttpProgram } from './http-support.ts';

interface Plain {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

let sandbox: Sandbox;
let without: HttpProgram;
let withSessions: HttpProgram;
beforeAll(async () => {
  sandbox = await startSandbox({ size: 'small' });
  const args = ['--base-url', sandbox.baseUrl, '--rate-per-minute', '1000000'];
  [without, withSessions] = await Promise.all([
    startHttpProgram(args),
    startHttpProgram([...args, '--sessions']),
  ]);
});
afterAll(async () => {
  await without.close();
  await withSessions.close();
  await sandbox.close();
});

/** A request with these headers and no others: fetch adds some of its own, Accept among them. */
async function send(
  url: string,
  method: string,
  headers: Record<string, string | undefined>,
  body: string | Buffer = '',
): Promise<Plain> {
  const bytes = Buffer.from(body);
  const request = httpRequest(url, {
    method,
    headers: { ...given(headers), ...(bytes.length > 0 && { 'content-length': bytes.length }) },
  });
  request.end(bytes.length > 0 ? bytes : undefined);
  const [response] = await once(request, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
}

const json = 'application/json';
const headersOf = (more: Record<string, string | undefined> = {}) => ({
  authorization: `Bearer ${sandbox.token}`,
  'content-type': json,
  accept: `${json}, text/event-stream`,
  ...more,
});
const ping = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });
const pong = { jsonrpc: '2.0', id: 1, result: {} };

/** The headers that have a value. */
const given = (headers: Record<string, string | undefined>) =>
  Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );

/** A session, opened under these headers; gives the headers of those that follow. */
async function openSession(more: Record<string, string | undefined> = {}) {
  const opened = await send(withSessions.url, 'POST', headersOf(more), JSON.stringify(initialize));
  const id = opened.headers['mcp-session-id'];
  return { opened, headers: { ...headersOf(more), 'mcp-session-id': String(id) } };
}

const eventOf = (text: string) => JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? 'null');

describe('Accept', () => {
  test.each([
    ['none', undefined],
    ['an empty one', ''],
    ['anything', '*/*'],
    ['a lone star', '*'],
    ['JSON', json],
    ['JSON, in capitals', 'Application/JSON'],
    ['JSON in UTF-8', `${json}; charset=utf-8`],
    ['application/*', 'application/*'],
    ['weights', 'text/html;q=0.9, application/json;q=0.1'],
    ['what curl and browsers send', 'text/html,application/xhtml+xml,*/*;q=0.8'],
    ['no streams', 'text/event-stream;q=0, */*'],
  ])('%s is answered with JSON, with sessions and without', async (_, accept) => {
    const plain = await send(without.url, 'POST', headersOf({ accept }), ping);
    expect(plain).toMatchObject({ status: 200, headers: { 'content-type': expect.stringMatching(json) } });
    expect(JSON.parse(plain.text)).toEqual(pong);
    const { opened, headers } = await openSession({ accept });
    expect(opened).toMatchObject({ status: 200, headers: { 'content-type': expect.stringMatching(json) } });
    expect(JSON.parse(opened.text)).toMatchObject({ id: 'first', result: { serverInfo: {} } });
    const inSession = await send(withSessions.url, 'POST', headers, ping);
    expect(inSession).toMatchObject({
      status: 200,
      headers: { 'content-type': expect.stringMatching(json) },
    });
    expect(JSON.parse(inSession.text)).toEqual(pong);
  });

  test.each([
    ['streams alone', 'text/event-stream'],
    ['JSON excluded', 'application/json;q=0, text/event-stream'],
    ['texts of any kind', 'text/*'],
  ])('%s is answered with an event stream', async (_, accept) => {
    const answer = await send(without.url, 'POST', headersOf({ accept }), ping);
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'text/event-stream' } });
    expect(eventOf(answer.text)).toEqual(pong);
    if (!accept.includes('text/event-stream')) return;
    const { opened, headers } = await openSession({ accept });
    expect(eventOf(opened.text)).toMatchObject({ id: 'first', result: {} });
    expect(eventOf((await send(withSessions.url, 'POST', headers, ping)).text)).toEqual(pong);
  });

  test.each([
    ['pages', 'text/html'],
    ['JSON excluded', 'application/json;q=0'],
    ['everything excluded', '*/*;q=0'],
    ['a part of it excluded', 'application/*;q=0.0, image/png'],
  ])('%s is refused, with the accepted types', async (_, accept) => {
    const { headers } = await openSession();
    for (const [url, given] of [
      [without.url, headersOf({ accept })],
      [withSessions.url, { ...headers, accept }],
    ] as const) {
      const answer = await send(url, 'POST', given, ping);
      expect(answer.status).toBe(406);
      expect(JSON.parse(answer.text)).toMatchObject({
        id: 1,
        error: { message: expect.stringContaining('application/json or text/event-stream') },
      });
    }
  });

  test('in a session each request is answered as its own Accept asks', async () => {
    const { headers } = await openSession();
    const stream = await send(withSessions.url, 'POST', headers, ping);
    expect(stream.headers['content-type']).toBe('text/event-stream');
    expect(eventOf(stream.text)).toEqual(pong);
    const plain = await send(withSessions.url, 'POST', { ...headers, accept: json }, ping);
    expect(JSON.parse(plain.text)).toEqual(pong);
    const told = await send(
      withSessions.url,
      'POST',
      { ...headers, accept: undefined },
      '{"jsonrpc":"2.0","method":"notifications/initialized"}',
    );
    expect([told.status, told.text]).toEqual([202, '']);
  });

  test('GET opens the stream of a session if event streams are accepted', async () => {
    const { headers } = await openSession();
    const refused = await send(withSessions.url, 'GET', { ...headers, accept: json });
    expect([refused.status, refused.text]).toEqual([406, expect.stringContaining('text/event-stream')]);
    const request = httpRequest(withSessions.url, { headers: { ...headers, accept: '*/*' } });
    request.on('error', () => {}).end();
    const [response] = await once(request, 'response');
    expect(response.statusCode).toBe(200);
    request.destroy();
  });
});

test('cancelling a call ends its response, as a stream and as JSON', async () => {
  const { headers } = await openSession();
  sandbox.faults.add({ route: 'organization_get', hang: true });
  for (const accept of [headers.accept, json]) {
    const message = { jsonrpc: '2.0', id: 'c', method: 'tools/call', params: { name: 'organization_get' } };
    const running = send(withSessions.url, 'POST', { ...headers, accept }, JSON.stringify(message));
    const metrics = async () => (await fetch(new URL('/metrics', withSessions.url))).text();
    await expect.poll(metrics).toContain('synqly_mcp_requests_in_flight 1');
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'c' } };
    await send(withSessions.url, 'POST', headers, JSON.stringify(cancel));
    const answer = await running;
    expect(answer.text).not.toContain('"id"');
  }
  sandbox.faults.clear();
});

describe('paths', () => {
  test.each(['/mcp/', '/mcp?', '/mcp/?read_only=false', '/mcp/?&', '//mcp', '//mcp//'])(
    '%s reaches the endpoint',
    async (path) => {
      const answer = await send(`${without.origin}${path}`, 'POST', headersOf(), ping);
      expect([answer.status, JSON.parse(answer.text)]).toEqual([200, pong]);
      const { opened } = await openSession();
      expect(opened.status).toBe(200);
      const inSession = await send(
        `${withSessions.origin}${path}`,
        'POST',
        headersOf(),
        JSON.stringify(initialize),
      );
      expect(inSession.status).toBe(200);
    },
  );

  test.each(['/mcp/', '//mcp', '/mcp/?read_only=false'])(
    '%s serves a whole session, to a client that sends no Accept and null for no arguments',
    async (path) => {
      const plain = { accept: undefined };
      const url = `${withSessions.origin}${path}`;
      const opened = await send(url, 'POST', headersOf(plain), JSON.stringify(initialize));
      const headers = { ...headersOf(plain), 'mcp-session-id': String(opened.headers['mcp-session-id']) };
      const call = {
        jsonrpc: '2.0',
        id: 2,
        method: 'tools/call',
        params: { name: 'organization_get', arguments: null, _meta: null },
      };
      for (const [at, sent] of [
        [url, headers],
        [`${without.origin}${path}`, headersOf(plain)],
      ] as const) {
        const answer = await send(at, 'POST', sent, JSON.stringify(call));
        expect(answer).toMatchObject({ status: 200, headers: { 'content-type': json } });
        expect(JSON.parse(answer.text)).toMatchObject({ id: 2, result: { content: [{ type: 'text' }] } });
        expect(answer.text).not.toContain('isError');
      }
      const request = httpRequest(url, { headers: given(headers) });
      request.on('error', () => {}).end();
      const [stream] = await once(request, 'response');
      expect([stream.statusCode, stream.headers['content-type']]).toEqual([200, 'text/event-stream']);
      request.destroy();
      expect((await send(url, 'DELETE', headers)).status).toBe(200);
      expect((await send(url, 'POST', headers, ping)).status).toBe(404);
    },
  );

  test.each([
    ['POST', '/'],
    ['POST', '/mcp/x'],
    ['POST', '/sse'],
    ['GET', '/'],
    ['PUT', '/x'],
    ['OPTIONS', '/x'],
    ['DELETE', '/mcpx'],
  ])('%s %s is answered 404, with the endpoint, whatever its body is', async (method, path) => {
    for (const type of [json, 'text/plain', undefined]) {
      const answer = await send(
        `${without.origin}${path}`,
        method,
        { 'content-type': type },
        method === 'GET' ? '' : 'no JSON',
      );
      expect([answer.status, answer.text]).toEqual([
        404,
        expect.stringContaining('the MCP endpoint is /mcp'),
      ]);
    }
  });
});

describe('methods', () => {
  test.each(['OPTIONS', 'PUT', 'PATCH', 'TRACE', 'HEAD'])(
    '%s is answered 405, with the allowed methods',
    async (method) => {
      for (const [url, allow] of [
        [without.url, 'POST'],
        [withSessions.url, 'GET, POST, DELETE'],
        [`${without.url}/`, 'POST'],
      ] as const) {
        for (const headers of [{}, headersOf()]) {
          const body = method === 'PUT' || method === 'PATCH' ? 'no JSON' : '';
          const answer = await send(url, method, headers, body);
          expect(answer).toMatchObject({ status: 405, headers: { allow } });
          if (method !== 'HEAD') expect(answer.text).toContain(`accepts ${allow}`);
        }
      }
    },
  );

  test('the host check comes first', async () => {
    const answer = await send(without.url, 'OPTIONS', { origin: 'https://evil.example.com' });
    expect(answer.status).toBe(403);
    expect(answer.headers.allow).toBeUndefined();
  });

  test('with CORS, OPTIONS answers browsers', async () => {
    const origin = 'https://chat.example.com';
    const program = await startHttpProgram(['--base-url', sandbox.baseUrl, '--allowed-origins', origin]);
    const answer = await send(program.url, 'OPTIONS', { origin, 'access-control-request-method': 'POST' });
    expect(answer).toMatchObject({ status: 204, headers: { 'access-control-allow-origin': origin } });
    expect((await send(program.url, 'PUT', { origin })).status).toBe(405);
    await program.close();
  });

  test.each([
    ['a JSON content type and no body', json, ''],
    ['a JSON content type and an empty one', json, '{}'],
    ['no content type', undefined, ''],
    ['a body that is no JSON', 'text/plain', 'bye'],
  ])('DELETE with %s ends the session', async (_, type, body) => {
    const { headers } = await openSession();
    const ended = await send(withSessions.url, 'DELETE', { ...headers, 'content-type': type }, body);
    expect(ended.status).toBe(200);
    const after = await send(withSessions.url, 'POST', headers, ping);
    expect([after.status, JSON.parse(after.text).id]).toEqual([404, 1]);
  });
});

describe('bodies', () => {
  test.each([
    ['gzip', gzipSync(ping)],
    ['br', brotliCompressSync(ping)],
    ['deflate', deflateSync(ping)],
    ['gzip, identity', gzipSync(ping)],
    ['zstd', Buffer.from('x')],
  ])('compressed by %s are refused, and told how to send them', async (encoding, body) => {
    for (const url of [without.url, withSessions.url]) {
      const answer = await send(url, 'POST', headersOf({ 'content-encoding': encoding }), body);
      expect([answer.status, answer.text]).toEqual([415, expect.stringContaining('send the body without')]);
    }
  });

  test.each([
    ['identity', { 'content-encoding': 'identity' }],
    ['UTF-8 named', { 'content-type': `${json}; charset=utf-8` }],
    ['UTF-8 named otherwise', { 'content-type': `${json};charset="UTF-8"` }],
    ['no content type', { 'content-type': undefined }],
    ['capitals', { 'content-type': 'Application/JSON' }],
  ])('with %s are read', async (_, more) => {
    const answer = await send(without.url, 'POST', headersOf(more), ping);
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, pong]);
    const opened = await send(withSessions.url, 'POST', headersOf(more), JSON.stringify(initialize));
    expect(opened.status).toBe(200);
  });

  test.each([
    ['another charset', `${json}; charset=iso-8859-1`, /UTF-8/],
    ['UTF-16', `${json}; charset=utf-16`, /UTF-8/],
    ['text/plain, as a page of another site could send', 'text/plain', /application\/json/],
    ['a form', 'application/x-www-form-urlencoded', /application\/json/],
    ['a type that mentions JSON', 'text/plain; a=application/json', /application\/json/],
  ])('of %s are refused', async (_, type, words) => {
    for (const url of [without.url, withSessions.url]) {
      const answer = await send(url, 'POST', headersOf({ 'content-type': type }), ping);
      expect([answer.status, answer.text]).toEqual([415, expect.stringMatching(words)]);
    }
  });

  test('that are empty are refused in plain words', async () => {
    for (const type of [json, undefined]) {
      const answer = await send(without.url, 'POST', headersOf({ 'content-type': type }));
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.text)).toMatchObject({
        id: null,
        error: { message: expect.stringContaining('empty') },
      });
    }
  });

  test('that are too long are refused in plain words', async () => {
    const answer = await send(without.url, 'POST', headersOf(), `"${'x'.repeat(1024 * 1024)}"`);
    expect([answer.status, answer.text]).toEqual([413, expect.stringContaining('larger than 1 MB')]);
  });

  test('are not read without a token', async () => {
    const answer = await send(without.url, 'POST', { 'content-encoding': 'gzip', 'content-type': json }, 'x');
    expect(answer.status).toBe(401);
  });
});

test("each message of a batch counts towards its sender's rate limit", async () => {
  const program = await startHttpProgram(['--base-url', sandbox.baseUrl, '--rate-per-minute', '3']);
  const batch = [1, 2, 3, 4, 5].map((id) => ({ jsonrpc: '2.0', id, method: 'ping' }));
  const answer = await send(program.url, 'POST', headersOf(), JSON.stringify(batch));
  const told = JSON.parse(answer.text) as { id: number; error?: { message: string } }[];
  expect(told.map(({ id, error }) => [id, error?.message.includes('Rate limit') ?? false])).toEqual([
    [1, false],
    [2, false],
    [3, false],
    [4, true],
    [5, true],
  ]);
  await program.close();
});
