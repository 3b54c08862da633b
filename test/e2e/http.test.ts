import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type HttpRig, startHttpRig } from './http-support.ts';
import { toolCount } from './support.ts';

let rig: HttpRig;
beforeAll(async () => {
  rig = await startHttpRig({
    env: { SYNQLY_PERMISSIONS: 'learn' },
    args: ['--rate-per-minute', '1000000', '--timeout', '5'],
  });
});
afterEach(() => rig.sandbox.faults.clear());
afterAll(() => rig.close());

const ping = { method: 'ping' };
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test('a client over Streamable HTTP lists all tools and runs them', async () => {
  const client = await rig.connect(rig.sandbox.token);
  expect((await client.listTools()).tools).toHaveLength(toolCount);
  const { contents } = await client.readResource({ uri: 'synqly://status/timeseries' });
  expect(contents).toHaveLength(1);
  await client.close();
  expect((await rig.call(rig.sandbox.token, 'accounts_list', { limit: 2 })).result).toHaveLength(2);
});

describe('access', () => {
  test.each([
    ['no token', {}],
    ['an unknown token', bearer('unknown-token')],
    ['another scheme', { authorization: 'Basic dXNlcjpwdw==' }],
    ['an empty token', { authorization: 'Bearer ' }],
  ])('%s is 401 with WWW-Authenticate, in the same words', async (_, headers) => {
    const response = await rig.post(ping, headers);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer /);
    expect(await response.json()).toMatchObject({
      error: { message: 'The bearer token is missing, unknown or expired.' },
    });
  });

  test('a good token is checked at Synqly once for calls that follow one another', async () => {
    const { secret } = await rig.makeToken({ permission_set: 'viewer', resources: {} });
    const before = rig.exchanges.length;
    await Promise.all(Array.from({ length: 20 }, () => rig.post(ping, bearer(secret))));
    await rig.post(ping, bearer(secret));
    const asked = () => rig.exchanges.slice(before).map(({ operationId }) => operationId);
    // Then, once too, what it may do.
    await expect.poll(asked).toEqual(['organization_get', 'tokens_list', 'permissionset_get']);
  });

  test('a token with few rights is accepted, and limited to its rights', async () => {
    const { secret } = await rig.makeToken({ permission_set: 'token-issuer', resources: {} });
    expect((await rig.post(ping, bearer(secret))).status).toBe(200);
    expect((await rig.call(secret, 'accounts_create')).error.code).toBe('forbidden');
  });

  test('when Synqly does not answer, a new token gets 503 and not 401', async () => {
    const { secret } = await rig.makeToken({ permission_set: 'viewer', resources: {} });
    rig.sandbox.faults.add({ route: 'organization_get', status: 500 });
    expect((await rig.post(ping, bearer(secret))).status).toBe(503);
    rig.sandbox.faults.clear();
    expect((await rig.post(ping, bearer(secret))).status).toBe(200);
  });

  test('a thousand bad tokens at once do not block a good one', async () => {
    const bad = Array.from({ length: 1_000 }, (_, index) => rig.post(ping, bearer(`bad-token-${index}`)));
    const good = await rig.post(ping, bearer(rig.sandbox.token));
    expect(good.status).toBe(200);
    const statuses = (await Promise.all(bad)).map(({ status }) => status);
    expect(statuses.filter((status) => status !== 401 && status !== 503)).toEqual([]);
  });
});

describe('the host check', () => {
  /** A request as written; fetch would not let the Host header through. */
  async function sendRaw(lines: string[], body = ''): Promise<string> {
    const { hostname, port } = new URL(rig.url);
    const socket = connectSocket(Number(port), hostname);
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', () => {});
    socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
    await Promise.race([once(socket, 'close'), new Promise((resolve) => setTimeout(resolve, 1_000))]);
    socket.destroy();
    return answer;
  }
  const start = (host: string, ...more: string[]) => [
    'POST /mcp HTTP/1.1',
    `Host: ${host}`,
    `Authorization: Bearer ${rig.sandbox.token}`,
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    ...more,
  ];
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, ...ping });
  const length = `Content-Length: ${body.length}`;

  test('a Host that is not ours is refused (DNS rebinding)', async () => {
    expect(await sendRaw(start('evil.example.com', length, 'Connection: close'), body)).toMatch(
      /^HTTP\/1.1 403/,
    );
    expect(await sendRaw(start('localhost:1', length, 'Connection: close'), body)).toMatch(/^HTTP\/1.1 200/);
  });

  test('a foreign Origin is refused, its own is not', async () => {
    const headers = bearer(rig.sandbox.token);
    expect((await rig.post(ping, { ...headers, origin: 'https://evil.example.com' })).status).toBe(403);
    expect((await rig.post(ping, { ...headers, origin: 'null' })).status).toBe(403);
    const own = await rig.post(ping, { ...headers, origin: rig.origin });
    expect(own.status).toBe(200);
    expect(own.headers.get('access-control-allow-origin')).toBeNull();
  });

  test('a second Authorization header is refused', async () => {
    const two = start('127.0.0.1', 'Authorization: Bearer another', length, 'Connection: close');
    expect(await sendRaw(two, body)).toMatch(/^HTTP\/1.1 400/);
  });

  test('a body of 100 MB is refused by its announced length, before it is sent', async () => {
    expect(await sendRaw(start('127.0.0.1', 'Content-Length: 100000000'))).toMatch(/^HTTP\/1.1 413/);
  });

  test('a token is asked for before a body is read', async () => {
    const lines = start('127.0.0.1', 'Content-Length: 100000000').filter((line) => !line.startsWith('Auth'));
    expect(await sendRaw(lines)).toMatch(/^HTTP\/1.1 401/);
  });

  test('connections that never finish their headers do not keep others from being served', async () => {
    const { hostname, port } = new URL(rig.url);
    const sockets = Array.from({ length: 200 }, () => connectSocket(Number(port), hostname));
    for (const socket of sockets)
      socket.on('error', () => {}).write('POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ');
    expect((await rig.post(ping, bearer(rig.sandbox.token))).status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });

  test('__proto__ and constructor are refused like any unknown argument', async () => {
    const response = await rig.postText(
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"accounts_list","arguments":{"__proto__":{"limit":1}}}}',
      bearer(rig.sandbox.token),
    );
    const { result } = (await response.json()) as {
      result: { content: [{ text: string }]; isError: boolean };
    };
    expect(result.isError).toBe(true);
    expect(JSON.parse(result.content[0].text).error).toMatchObject({
      code: 'invalid_arguments',
      arguments: [{ argument: '__proto__', problem: 'is unknown' }],
    });
    const { result: next } = await rig.call(rig.sandbox.token, 'accounts_list');
    expect(next.length).toBeGreaterThan(1);
  });

  test('without sessions, GET and DELETE are not allowed', async () => {
    for (const method of ['GET', 'DELETE']) {
      const response = await fetch(rig.url, { method, headers: bearer(rig.sandbox.token) });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('POST');
    }
  });
});

describe('operations', () => {
  test('health, readiness and metrics answer without a token, and tell none', async () => {
    await rig.call(rig.sandbox.token, 'organization_get');
    expect((await fetch(`${rig.origin}/healthz`)).status).toBe(200);
    expect((await fetch(`${rig.origin}/readyz`)).status).toBe(200);
    const metrics = await (await fetch(`${rig.origin}/metrics`)).text();
    expect(metrics).toMatch(/synqly_mcp_calls_total\{tool="organization_get",outcome="ok"\} [1-9]/);
    expect(metrics).toMatch(/synqly_mcp_auth_checks_total\{from="checked"\} [1-9]/);
    expect(metrics).toMatch(/synqly_mcp_auth_checks_total\{from="cached"\} [1-9]/);
    expect(metrics).not.toContain(rig.sandbox.token);
  });

  test('a call is logged with the fingerprint of its token, never with the token', async () => {
    await rig.call(rig.sandbox.token, 'organization_get');
    await expect.poll(() => rig.stderr()).toMatch(/"tool":"organization_get".*"caller":"[0-9a-f]{8}"/);
    expect(rig.stderr()).not.toContain(rig.sandbox.token);
  });
});
