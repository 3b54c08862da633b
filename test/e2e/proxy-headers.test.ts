import { spawnSync } from 'node:child_process';
import { request as send } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parseHosts, parseOrigins, parseProxies } from '../../src/config/http-parsers.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { type HttpProgram, startHttpProgram } from './http-support.ts';
import { builtCli, cleanEnvironment } from './support.ts';

let sandbox: Sandbox;
let program: HttpProgram | undefined;
beforeAll(async () => {
  sandbox = await startSandbox({ size: 'small' });
});
afterEach(async () => {
  await program?.close();
  program = undefined;
});
afterAll(() => sandbox.close());

interface Answer {
  readonly status: number;
  readonly message: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
}

type Headers = Record<string, string | string[]> | string[];

/** Sends a ping with these headers (a list: each as it stands), which fetch would not all let through. */
function ask(headers: Headers, { url }: HttpProgram): Promise<Answer> {
  const usual = {
    authorization: `Bearer ${sandbox.token}`,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
  };
  const given = Array.isArray(headers)
    ? [...Object.entries(usual).flat(), 'transfer-encoding', 'chunked', ...headers]
    : { ...usual, ...headers };
  return new Promise((resolve, reject) => {
    const request = send(url, { method: 'POST', headers: given }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      const { error } = JSON.parse(text);
      resolve({ status: response.statusCode ?? 0, message: error?.message, headers: response.headers });
    });
    request.on('error', reject).end('{"jsonrpc":"2.0","id":1,"method":"ping"}');
  });
}

/** Starts the program with these flags; gives how to ask it. */
async function start(...args: string[]) {
  program = await startHttpProgram(['--base-url', sandbox.baseUrl, '--permissions', 'ignore', ...args]);
  const started = program;
  return (headers: Headers) => ask(headers, started);
}

const runToStart = (...args: string[]) =>
  spawnSync(process.execPath, [builtCli, '--transport', 'http', '--port', '0', ...args], {
    env: cleanEnvironment(),
    encoding: 'utf8',
    timeout: 60_000,
  });

describe('--trust-proxy', () => {
  test.each([
    ['hops', '1'],
    ['a network', '127.0.0.0/8'],
    ['one address among others', '10.0.0.0/8, 127.0.0.1'],
    ['a name', 'loopback'],
  ])('given as %s, X-Forwarded-Host of the proxy decides', async (_, value) => {
    const from = await start('--trust-proxy', value, '--allowed-hosts', 'mcp.example.com');
    const host = 'internal:3000';
    const statusOf = async (headers: Record<string, string | string[]>) => (await from(headers)).status;
    expect(await statusOf({ host, 'x-forwarded-host': 'mcp.example.com' })).toBe(200);
    expect(await statusOf({ host, 'x-forwarded-host': 'MCP.example.com:8443' })).toBe(200);
    // The last is the proxy's own; what stands before it came from the client.
    expect(await statusOf({ host, 'x-forwarded-host': 'evil.example, mcp.example.com' })).toBe(200);
    expect(await statusOf({ host, 'x-forwarded-host': 'mcp.example.com, evil.example' })).toBe(403);
    expect(await statusOf({ host, 'x-forwarded-host': ['mcp.example.com', 'evil.example'] })).toBe(403);
    expect(await statusOf({ host: 'mcp.example.com', 'x-forwarded-host': 'evil.example' })).toBe(403);
    expect(await statusOf({ host: 'mcp.example.com', 'x-forwarded-host': '' })).toBe(403);
    // A proxy that passes Host along.
    expect(await statusOf({ host: 'mcp.example.com' })).toBe(200);
    expect((await from({ host, 'x-forwarded-host': 'evil.example' })).message).toBe(
      'The X-Forwarded-Host header is "evil.example", which --allowed-hosts does not list.',
    );
  });

  test.each([
    ['without it', []],
    ['from a sender outside its networks', ['--trust-proxy', '10.0.0.0/8,fd00::/8']],
    ['with none to trust', ['--trust-proxy', 'false']],
  ])('%s, X-Forwarded headers are ignored', async (_, flags) => {
    const from = await start(...flags, '--allowed-hosts', 'mcp.example.com', '--rate-per-minute', '2');
    const outside = await from({ host: 'evil.example', 'x-forwarded-host': 'mcp.example.com' });
    expect(outside.status).toBe(403);
    const own = { host: 'mcp.example.com', 'x-forwarded-host': 'evil.example' };
    const origin = { origin: 'https://evil.example' };
    expect((await from({ ...own, ...origin })).status).toBe(403);
    const statuses = [];
    for (const sender of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) {
      const headers = { host: 'mcp.example.com', authorization: '', 'x-forwarded-for': sender };
      statuses.push((await from(headers)).status);
    }
    expect(statuses).toEqual([401, 401, 429]);
  });

  test('rates without a token are counted by the address that the trusted proxy tells', async () => {
    const from = await start('--trust-proxy', '1', '--rate-per-minute', '2');
    const statusOf = async (sender: string) =>
      (await from({ host: 'localhost', authorization: '', 'x-forwarded-for': sender })).status;
    const statuses = [];
    for (const sender of ['192.0.2.1', '192.0.2.1:4711', '198.51.100.9, 192.0.2.1', '192.0.2.2'])
      statuses.push(await statusOf(sender));
    // One more address in front is the client's own invention.
    expect(statuses).toEqual([401, 401, 429, 401]);
  });

  test("the server's own origin is the one that the proxy is asked under", async () => {
    const from = await start('--trust-proxy', 'loopback', '--allowed-hosts', 'mcp.example.com');
    const forwarded = {
      host: 'internal:3000',
      'x-forwarded-host': 'mcp.example.com',
      'x-forwarded-proto': 'https',
    };
    const statusOf = async (headers: Record<string, string>) =>
      (await from({ ...forwarded, ...headers })).status;
    expect(await statusOf({ origin: 'https://mcp.example.com' })).toBe(200);
    expect(
      await statusOf({ origin: 'https://mcp.example.com', 'x-forwarded-host': 'mcp.example.com:443' }),
    ).toBe(200);
    expect(await statusOf({ origin: 'http://mcp.example.com' })).toBe(403);
    expect(await statusOf({ origin: 'http://internal:3000' })).toBe(403);
    expect(await statusOf({ origin: 'https://evil.example' })).toBe(403);
  });

  test.each([
    'true',
    'yes',
    '',
    '10.0.0.0/33',
    '0.0.0.0/0',
    'proxy.example.com',
    '1,10.0.0.0/8',
    '10.0.0.0/8/8',
    '-1',
    '99',
  ])('does not take %j', (value) => {
    expect(() => parseProxies(value)).toThrow(/^must be .*prox/);
  });

  test('is refused with its old value, with what it takes now', () => {
    const { status, stderr } = runToStart('--trust-proxy', 'true');
    expect(status).toBe(2);
    expect(stderr).toMatch(/^synqly-mcp: --trust-proxy must be the number of proxies .*10\.0\.0\.0\/8/);
    expect(runToStart('--trust-proxy').stderr).toContain('hops|networks');
  });
});

describe('--allowed-hosts', () => {
  const written: [string, string, string][] = [
    ['a port', 'port.example.com:8443', 'port.example.com:8443'],
    ['a scheme', 'https://scheme.example.com', 'scheme.example.com'],
    ['a scheme, a port and a slash', 'https://slash.example.com:8443/', 'slash.example.com'],
    ['upper case', 'UPPER.Example.COM', 'upper.example.com'],
    ['a dot at its end', 'dot.example.com.', 'dot.example.com'],
    ['no dot at its end, asked with one', 'none.example.com', 'none.example.com.:3000'],
    ['letters beyond ASCII', 'bücher.example', 'xn--bcher-kva.example'],
    ['an IPv6 address in brackets', '[::1]', '[::1]:3000'],
    ['an IPv6 address without', 'fd00::2', '[fd00::2]'],
    ['an IPv6 address in full', 'fd00:0:0:0:0:0:0:3', '[fd00::3]'],
    ['an IPv6 address, asked in full', '[fd00::4]:3000', '[fd00:0:0:0:0:0:0:4]:3000'],
    ['an underscore', 'mcp_server', 'mcp_server:3000'],
  ];

  test('accepts each listed name in any spelling, and no other', async () => {
    const from = await start('--allowed-hosts', written.map(([, value]) => value).join(', '));
    for (const [how, , host] of written) expect([how, (await from({ host })).status]).toEqual([how, 200]);
    for (const host of [
      'evil.example',
      '[fd00::5]',
      'example.com',
      'localhost',
      'port.example.com.evil.example',
    ])
      expect([host, (await from({ host })).status]).toEqual([host, 403]);
  });

  test.each([
    'mcp.example.com/path',
    'ftp://mcp.example.com',
    '*.example.com',
    'user@mcp.example.com',
    'mcp example com',
    'https://',
    '[::1',
  ])('does not take %j', (value) => {
    expect(() => parseHosts(value)).toThrow(
      `must be host names such as mcp.example.com, or * for any, not ${JSON.stringify(value)}`,
    );
  });

  test('says at the start what it cannot understand', () => {
    const { status, stderr } = runToStart('--allowed-hosts', 'mcp.example.com,https://mcp.example.com/mcp');
    expect(status).toBe(2);
    expect(stderr).toContain('--allowed-hosts must be host names such as mcp.example.com');
    expect(stderr).toContain('"https://mcp.example.com/mcp"');
  });

  test('a refusal names the setting and the value, shortened and escaped', async () => {
    const from = await start('--allowed-hosts', 'mcp.example.com');
    expect((await from({ host: 'x:3000' })).message).toBe(
      'The Host header is "x:3000", which --allowed-hosts does not list.',
    );
    const long = await from({ host: `${'a'.repeat(5_000)}.example` });
    expect(long.message?.length).toBeLessThan(200);
    const odd = await from({ host: 'm\u00fc"n.example' });
    expect(odd.message).toBe(
      'The Host header is "m\\u00c3\\u00bc\\"n.example", which --allowed-hosts does not list.',
    );
    expect((await from(['host', ''])).message).toBe('The Host header names no host.');
  });

  test('two Host headers are refused: a proxy may have looked at the other', async () => {
    const from = await start('--allowed-hosts', 'mcp.example.com');
    const { status, message } = await from(['host', 'mcp.example.com', 'host', 'evil.example']);
    expect([status, message]).toEqual([400, 'There is more than one Host header: send it once.']);
  });
});

describe('--allowed-origins', () => {
  const written: [string, string, string][] = [
    ['a slash at its end', 'https://slash.example.com/', 'https://slash.example.com'],
    ['upper case', 'HTTPS://Upper.Example.Com', 'https://upper.example.com'],
    ["the scheme's own port", 'https://port.example.com:443', 'https://port.example.com'],
    ['another port', 'http://localhost:8080/', 'http://localhost:8080'],
    ['letters beyond ASCII', 'https://bücher.example', 'https://xn--bcher-kva.example'],
    ['a scheme of an extension', 'chrome-extension://abcdef', 'chrome-extension://abcdef'],
  ];

  test('accepts pages of each listed origin in any spelling, and no others', async () => {
    const from = await start('--allowed-origins', written.map(([, value]) => value).join(','));
    for (const [how, , origin] of written) {
      const { status, headers } = await from({ host: 'localhost', origin });
      expect([how, status, headers['access-control-allow-origin']]).toEqual([how, 200, origin]);
    }
    const foreign = await from({ host: 'localhost', origin: 'https://evil.example' });
    expect(foreign.status).toBe(403);
    expect(foreign.message).toContain('"https://evil.example"');
    expect(foreign.message).toContain('--allowed-origins');
  });

  test.each([
    ['chat.example.com', 'https://chat.example.com'],
    ['localhost:8080', 'https://localhost:8080'],
    ['https://chat.example.com/app', 'https://chat.example.com,'],
    ['https://chat.example.com?x=1', 'https://chat.example.com,'],
    ['https://user@chat.example.com', 'https://chat.example.com,'],
    ['https://*.example.com', 'wildcard'],
    ['*', 'list the origins'],
    ['null', 'must not be null'],
    ['file:///tmp', 'must not be a file: URL'],
  ])('does not take %j, and says what to write', (value, words) => {
    expect(() => parseOrigins(value)).toThrow(words);
  });

  test('says at the start what it cannot understand', () => {
    const { status, stderr } = runToStart('--allowed-origins', 'https://chat.example.com/app');
    expect(status).toBe(2);
    expect(stderr).toContain('--allowed-origins must be origins such as https://chat.example.com,');
  });
});
