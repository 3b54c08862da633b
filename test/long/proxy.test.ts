import { spawnSync } from 'node:child_process';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type HttpProgram, startHttpProgram } from '../e2e/http-support.ts';
import { builtCli, canary, cleanEnvironment, type Program, startProgram } from '../e2e/support.ts';

/** A proxy that refuses to open any way, with the status that the user's name says, else the one that is set. */
const proxy = createServer();
const asked: { host: string; headers: IncomingHttpHeaders }[] = [];
let status = 407;
proxy.on('connect', ({ url = '', headers }, socket) => {
  asked.push({ host: url, headers });
  socket.on('error', () => {});
  socket.end(`HTTP/1.1 ${status} No\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n`);
});

let address: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  address = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
});
afterAll(() => proxy.close());

let program: Program | undefined;
let server: HttpProgram | undefined;
afterEach(async () => {
  await program?.close();
  await server?.close();
  [program, server] = [undefined, undefined];
});

const there = ['--base-url', 'https://synqly.invalid', '--timeout', '2', '--permissions', 'ignore'];
const password = 'pass-7c1e55';

async function callThrough(env: Record<string, string>) {
  asked.length = 0;
  program = await startProgram(there, { SYNQLY_TOKEN: canary, ...env });
  const { json, text } = await program.call('organization_get');
  const told = text + program.stderr();
  expect(told).not.toContain(password);
  expect(told).not.toContain(canary);
  return json.error;
}

describe('the address of a proxy', () => {
  test.each([
    ['without a scheme', (at: string) => at],
    ['with one', (at: string) => `http://${at}/`],
    ['in quotes', (at: string) => `"${at}"`],
    ['with a login and no scheme', (at: string) => `me:${password}@${at}`],
  ])('%s is used', async (_, write) => {
    status = 407;
    const error = await callThrough({ HTTPS_PROXY: write(address) });
    expect(asked[0]?.host).toBe('synqly.invalid:443');
    expect(error.code).toBe('connection_failed');
    const login = Buffer.from(`me:${password}`).toString('base64');
    if (write(address).includes('@')) expect(asked[0]?.headers['proxy-authorization']).toBe(`Basic ${login}`);
  });

  test('is taken from the lower-case variable first, and from HTTP_PROXY last', async () => {
    const nowhere = 'http://127.0.0.1:9';
    await callThrough({ https_proxy: address, HTTPS_PROXY: nowhere, HTTP_PROXY: nowhere });
    expect(asked[0]?.host).toBe('synqly.invalid:443');
    await program?.close();
    await callThrough({ HTTP_PROXY: address });
    expect(asked[0]?.host).toBe('synqly.invalid:443');
  });

  const nonsense = [
    ['socks5://proxy.example.com:1080', 'SOCKS'],
    [`socks5h://me:${password}@proxy.example.com`, 'SOCKS'],
    [`ftp://me:${password}@proxy.example.com`, 'must begin with http'],
    [`http://me:${password}@two words:8080`, 'not the address of a proxy'],
    ['8080', 'not the address of a proxy'],
    ['http://', 'not the address of a proxy'],
    ['proxy.example.com:many', 'not the address of a proxy'],
    [`http://me:${password}%zz@proxy.example.com`, 'percent-encoded'],
  ] as const;
  const starts = [
    ['stdio', there, 'SYNQLY_TOKEN'],
    ['HTTP', [...there, '--transport', 'http', '--port', '0'], 'SYNQLY_TOKEN'],
    ['the bridge', ['connect', 'https://gateway.invalid/mcp'], 'SYNQLY_MCP_TOKEN'],
  ] as const;
  const start = (args: readonly string[], env: Record<string, string>) => {
    const options = { env: cleanEnvironment(env), input: '', timeout: 30_000 };
    const { status: code, stderr } = spawnSync(process.execPath, [builtCli, ...args], options);
    return { code, stderr: String(stderr) };
  };

  test.each(nonsense)('%s is refused at the start, and never printed', (value, problem) => {
    const [, args, token] = starts[0];
    const { code, stderr } = start(args, { [token]: canary, HTTPS_PROXY: value });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^synqly-mcp: [^\n]*HTTPS_PROXY [^\n]+\n$/);
    expect(stderr).toContain(problem);
    expect(stderr).not.toMatch(new RegExp(`${password}|${canary}`));
  });

  test.each(starts)('over %s an invalid value is refused by the name of its variable', (_, args, token) => {
    const { code, stderr } = start(args, { [token]: canary, http_proxy: `ftp://me:${password}@x` });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^synqly-mcp: http_proxy must begin with http:\/\/[^\n]+\n$/);
    expect(stderr).not.toContain(password);
  });

  test('is not used for loopback addresses', async () => {
    program = await startProgram(['--sandbox'], { HTTPS_PROXY: 'ftp://nonsense' });
    expect((await program.call('organization_get')).isError).toBe(false);
  });

  test.each(['', '${HTTPS_PROXY}', '<proxy>'])('%j counts as no proxy', async (value) => {
    const error = await callThrough({ HTTPS_PROXY: value });
    expect(asked).toEqual([]);
    expect(error.message).toContain('could not be resolved');
    expect(program?.stderr().includes('HTTPS_PROXY holds')).toBe(value !== '');
  });

  test('ALL_PROXY is not read, and the start says so', async () => {
    await callThrough({ ALL_PROXY: `http://me:${password}@${address}` });
    expect(asked).toEqual([]);
    expect(program?.stderr()).toContain('ALL_PROXY is not supported');
  });

  test('NO_PROXY excludes Synqly in every spelling', async () => {
    const forms = [
      'synqly.invalid',
      '.invalid',
      '*.invalid',
      '*',
      'a, *',
      'x synqly.invalid:443',
      'SYNQLY.invalid',
    ];
    asked.length = 0;
    // Side by side: each waits for the name to be looked up several times.
    const codes = await Promise.all(
      forms.map(async (NO_PROXY) => {
        const one = await startProgram([...there, '--timeout', '30'], {
          SYNQLY_TOKEN: canary,
          HTTPS_PROXY: address,
          NO_PROXY,
        });
        const { json } = await one.call('organization_get');
        await one.close();
        return json.error.code;
      }),
    );
    expect(codes).toEqual(forms.map(() => 'connection_failed'));
    expect(asked).toEqual([]);
  });
});

describe('a proxy that refuses', () => {
  test.each([
    [407, 'no', 'requires a login'],
    [403, 'no', 'does not allow this host'],
    [405, 'no', 'does not allow this host'],
    [502, 'safe', 'could not reach the host'],
    [503, 'safe', 'could not reach the host'],
  ])('with %i is named with its variable', async (code, retry, problem) => {
    status = code;
    const error = await callThrough({ HTTPS_PROXY: `me:${password}@${address}` });
    expect(error).toMatchObject({ code: 'connection_failed', retry });
    expect(error.message).toContain(`The proxy in HTTPS_PROXY ${problem}`);
    expect(error.next).toContain('Nothing was sent');
    // What will be refused again is not tried again; what may pass is.
    if (retry === 'no') expect(asked).toHaveLength(1);
    else expect(asked.length).toBeGreaterThan(1);
  });

  test('a write fails with the same error, which says that nothing was sent', async () => {
    status = 407;
    program = await startProgram(there, { SYNQLY_TOKEN: canary, https_proxy: address });
    const { json } = await program.call('accounts_create', { name: 'x' });
    expect(json.error).toMatchObject({ code: 'connection_failed', retry: 'no' });
    expect(json.error.message).toContain('https_proxy');
  });

  test('over connect the client gets the same error', async () => {
    status = 407;
    const env = { SYNQLY_MCP_TOKEN: canary, HTTPS_PROXY: `me:${password}@${address}` };
    await expect(startProgram(['connect', 'https://gateway.invalid/mcp'], env)).rejects.toThrow(
      /The proxy in HTTPS_PROXY requires a login/,
    );
  });

  test('over HTTP callers get 503, and the server goes on', async () => {
    status = 407;
    server = await startHttpProgram(there, { HTTPS_PROXY: address });
    for (let times = 0; times < 2; times += 1) {
      const { status: answered } = await server.post(
        { method: 'ping' },
        { authorization: `Bearer ${canary}` },
      );
      expect(answered).toBe(503);
    }
    expect(asked.at(-1)?.host).toBe('synqly.invalid:443');
    expect(server.child.exitCode).toBeNull();
  });

  test('an unreachable proxy is named beside Synqly', async () => {
    const error = await callThrough({ HTTPS_PROXY: '127.0.0.1:9' });
    expect(error.message).toContain('the proxy in HTTPS_PROXY, refused the connection');
  });
});
