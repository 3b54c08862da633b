import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { canary, startProgram } from '../e2e/support.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** A bare HTTP server, for what the sandbox does not do; gives its address. */
async function listen(server: Server): Promise<string> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const answer = (response: ServerResponse, body: unknown) =>
  response.setHeader('content-type', 'application/json').end(JSON.stringify(body));

test('a redirect to another host does not carry the bearer', async () => {
  const reached: IncomingMessage[] = [];
  const elsewhere = await listen(
    createServer((request, response) => {
      reached.push(request);
      answer(response, { result: [] });
    }),
  );
  const redirecting = await listen(
    createServer((request, response) =>
      response.writeHead(307, { location: `${elsewhere}${request.url}` }).end(),
    ),
  );
  const program = await startProgram(['--base-url', redirecting], { SYNQLY_TOKEN: canary });
  const { json } = await program.call('accounts_list');
  await program.close();
  expect(json.error).toMatchObject({ code: 'redirected', status: 307 });
  expect(reached).toEqual([]);
});

test('a path prefix of the base URL is kept, and bearer, accept and user agent are sent', async () => {
  const requests: IncomingMessage[] = [];
  const base = await listen(
    createServer((request, response) => {
      requests.push(request);
      answer(response, { result: { name: 'x' } });
    }),
  );
  const program = await startProgram(['--base-url', `${base}/embedded/synqly/`], { SYNQLY_TOKEN: canary });
  await program.call('accounts_get', { account_id: 'Größe & Co?' });
  await program.close();
  const [request] = requests.slice(-1);
  expect(request?.url).toBe('/embedded/synqly/v1/accounts/Gr%C3%B6%C3%9Fe%20%26%20Co%3F');
  expect(request?.headers).toMatchObject({
    authorization: `Bearer ${canary}`,
    accept: 'application/json',
    'user-agent': expect.stringMatching(/^synqly-mcp\/\d/),
  });
});

test('one connection is kept for calls that follow one another', async () => {
  const server = createServer((_, response) => answer(response, { result: { id: 'organization' } }));
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  const program = await startProgram(['--base-url', await listen(server)], { SYNQLY_TOKEN: canary });
  for (let call = 0; call < 5; call += 1) await program.call('organization_get');
  await program.close();
  expect(connections).toBe(1);
});

test('HTTPS_PROXY is used and NO_PROXY heeded', async () => {
  const asked: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  const HTTPS_PROXY = await listen(proxy);
  const run = async (env: Record<string, string>) => {
    const args = ['--base-url', 'https://synqly.invalid', '--timeout', '3'];
    const program = await startProgram(args, { SYNQLY_TOKEN: canary, HTTPS_PROXY, ...env });
    const result = await program.call('organization_get');
    await program.close();
    return result;
  };
  const proxied = await run({});
  expect(proxied.isError).toBe(true);
  expect(asked[0]).toBe('synqly.invalid:443');
  const before = asked.length;
  const direct = await run({ NO_PROXY: 'synqly.invalid' });
  expect(direct.json.error.code).toBe('connection_failed');
  expect(asked).toHaveLength(before);
});

test('a self-hosted Synqly on loopback is not asked through a proxy', async () => {
  const base = await listen(
    createServer((_, response) => answer(response, { result: { id: 'organization' } })),
  );
  const program = await startProgram(['--base-url', base], {
    SYNQLY_TOKEN: canary,
    HTTP_PROXY: 'http://127.0.0.1:9',
    HTTPS_PROXY: 'http://127.0.0.1:9',
  });
  expect((await program.call('organization_get')).isError).toBe(false);
  await program.close();
});

test('an answer that grows beyond the maximum size is refused and not read to its end', async () => {
  const base = await listen(
    createServer((_, response) => {
      // More than the cap, and then nothing: whoever waits for the end runs into the deadline.
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .write(`{"result":"${'x'.repeat(200_000)}`);
    }),
  );
  const args = ['--base-url', base, '--max-response-bytes', '100000', '--timeout', '5'];
  const program = await startProgram(args, { SYNQLY_TOKEN: canary });
  const { json } = await program.call('organization_get');
  await program.close();
  expect(json.error.code).toBe('response_too_large');
});

test('an answer that announces more than the maximum size is refused at once', async () => {
  const base = await listen(
    createServer((_, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json', 'content-length': 50_000_000 })
        .flushHeaders();
    }),
  );
  const program = await startProgram(['--base-url', base, '--timeout', '5'], { SYNQLY_TOKEN: canary });
  const { json } = await program.call('organization_get');
  await program.close();
  expect(json.error.code).toBe('response_too_large');
});

test('a 204 is a success for a write, which says so, and an error for a read', async () => {
  const base = await listen(createServer((_, response) => response.writeHead(204).end()));
  const program = await startProgram(['--base-url', base, '--confirm', 'never'], { SYNQLY_TOKEN: canary });
  const write = await program.call('accounts_delete', { account_id: 'x' });
  const read = await program.call('accounts_get', { account_id: 'x' });
  await program.close();
  expect(write).toMatchObject({ isError: false, json: { done: true, status: 204 } });
  expect(read.json.error).toMatchObject({ code: 'invalid_response', status: 204 });
});

/** Answers requests for accounts as told, counting them; everything else is not found. */
async function answerAccounts(respond: (response: ServerResponse) => void) {
  const seen = { requests: 0 };
  const base = await listen(
    createServer((request, response) => {
      if (!request.url?.startsWith('/v1/accounts')) {
        response.statusCode = 404;
        return answer(response, {});
      }
      seen.requests += 1;
      return respond(response);
    }),
  );
  return { base, seen };
}

test('no retry waits past the deadline, and the last answer is returned instead', async () => {
  const { base, seen } = await answerAccounts((response) => {
    response.statusCode = 503;
    answer(response, {});
  });
  const program = await startProgram(['--base-url', base, '--timeout', '1'], { SYNQLY_TOKEN: canary });
  const { json } = await program.call('accounts_get', { account_id: 'a' });
  await program.close();
  // The third pause, of 0.8 s at least, would end after it.
  expect(json.error).toMatchObject({ code: 'gateway_error', status: 503 });
  expect(seen.requests).toBe(3);
});

test('a request that succeeded is not repeated when its body breaks', async () => {
  const { base, seen } = await answerAccounts((response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 });
    response.write('{"result":');
    setTimeout(() => response.destroy(), 50);
  });
  const program = await startProgram(['--base-url', base], { SYNQLY_TOKEN: canary });
  const { json } = await program.call('accounts_get', { account_id: 'a' });
  await program.close();
  expect(json.error.code).toBe('connection_lost');
  expect(seen.requests).toBe(1);
});
