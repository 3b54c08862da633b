import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type HttpRig, startHttpRig } from '../e2e/http-support.ts';
import { seeTheirOwnByApiTokens, seeTheirOwnByMcpTokens } from '../e2e/interleaving.ts';
import { builtCli, cleanEnvironment, toolCount } from '../e2e/support.ts';

let rig: HttpRig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test('callers with API tokens see their own accounts only', { timeout: 60_000 }, () =>
  seeTheirOwnByApiTokens(150),
);

test('callers with MCP tokens of one gateway see their own accounts only', () => seeTheirOwnByMcpTokens(200));

test('a pinned account holds over HTTP, and what its name means is looked up once for each caller', async () => {
  rig = await startHttpRig({ args: ['--account', 'pinned-here'] });
  const { sandbox, call, connect, exchanges, makeToken } = rig;
  const create = (name: string) =>
    fetch(`${sandbox.baseUrl}/v1/accounts`, {
      method: 'POST',
      headers: { ...bearer(sandbox.token), 'content-type': 'application/json' },
      body: JSON.stringify({ name }),
    });
  await create('pinned-here');
  await create('outside-of-it');
  const client = await connect(sandbox.token);
  const { tools } = await client.listTools();
  await client.close();
  expect(tools.find(({ name }) => name === 'accounts_get')?.inputSchema.properties).not.toHaveProperty(
    'account_id',
  );
  expect(tools.map(({ name }) => name)).not.toContain('members_list');

  const { secret } = await makeToken({ permission_set: 'viewer', resources: {} });
  const before = exchanges.length;
  for (const token of [sandbox.token, secret, sandbox.token, secret, sandbox.token, secret]) {
    const listed = await call(token, 'integrations_list');
    expect(listed.result).toEqual([]);
    expect(JSON.stringify(await call(token, 'accounts_list'))).not.toContain('outside-of-it');
  }
  const lookups = exchanges
    .slice(before)
    .filter(({ operationId, path }) => operationId === 'accounts_get' && path.includes('pinned-here'));
  expect(lookups).toHaveLength(2);
});

test('SIGTERM under load loses no accepted call, and the process ends with 0', async () => {
  rig = await startHttpRig({ args: ['--rate-per-minute', '1000000'] });
  const { sandbox, post, child } = rig;
  const params = { name: 'accounts_list', arguments: { limit: 1 } };
  await post({ method: 'tools/call', params }, bearer(sandbox.token));
  sandbox.faults.add({ route: 'accounts_list', delay: 1_500 });
  const accepted = Array.from({ length: 50 }, () =>
    post({ method: 'tools/call', params }, bearer(sandbox.token)),
  );
  const metrics = async () => (await fetch(`${rig?.origin}/metrics`)).text();
  await expect.poll(metrics, { interval: 20 }).toContain('synqly_mcp_requests_in_flight 50');
  const exited = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  child.kill('SIGTERM');
  // biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
  const answers = await Promise.all(accepted.map(async (answer): Promise<any> => (await answer).json()));
  expect(answers.filter(({ result }) => result?.content && !result.isError)).toHaveLength(50);
  expect(await exited).toBe(0);
});

test('a token that exceeds its rate gets 429', async () => {
  rig = await startHttpRig({ args: ['--rate-per-minute', '5'] });
  const responses = [];
  for (let index = 0; index < 7; index += 1)
    responses.push(await rig.post({ method: 'ping' }, bearer(rig.sandbox.token)));
  expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429, 429]);
  expect(responses[0]?.headers.get('ratelimit-limit')).toBe('5');
  expect(responses[6]?.headers.get('retry-after')).toBeTruthy();
  const { secret } = await rig.makeToken({ permission_set: 'viewer', resources: {} });
  expect((await rig.post({ method: 'ping' }, bearer(secret))).status).toBe(200);
});

test('requests beyond --max-concurrent are answered 503 with Retry-After', async () => {
  rig = await startHttpRig({ args: ['--max-concurrent', '3'] });
  const { sandbox, post } = rig;
  await post({ method: 'ping' }, bearer(sandbox.token));
  sandbox.faults.add({ route: 'accounts_list', delay: 500 });
  const params = { name: 'accounts_list', arguments: { limit: 1 } };
  const all = await Promise.all(
    Array.from({ length: 6 }, () => post({ method: 'tools/call', params }, bearer(sandbox.token))),
  );
  const statuses = all.map(({ status }) => status).sort();
  expect(statuses).toEqual([200, 200, 200, 503, 503, 503]);
  expect(all.find(({ status }) => status === 503)?.headers.get('retry-after')).toBe('1');
});

test('the traceparent header is passed on to Synqly with the token', async () => {
  const seen: IncomingHttpHeaders[] = [];
  const synqly = createServer(({ headers }, response) => {
    seen.push(headers);
    response.setHeader('content-type', 'application/json').end('{"result":{}}');
  }).listen(0, '127.0.0.1');
  await once(synqly, 'listening');
  rig = await startHttpRig({ baseUrl: `http://127.0.0.1:${(synqly.address() as AddressInfo).port}` });
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const params = { name: 'organization_get' };
  await rig.post({ method: 'tools/call', params }, { ...bearer('some-token'), traceparent });
  synqly.close().closeAllConnections();
  expect(seen.at(-1)).toMatchObject({ traceparent, authorization: 'Bearer some-token' });
});

test('when Synqly cannot be reached, /healthz is 200 and /readyz is 503', async () => {
  rig = await startHttpRig();
  await rig.sandbox.close();
  expect((await fetch(`${rig.origin}/healthz`)).status).toBe(200);
  expect((await fetch(`${rig.origin}/readyz`)).status).toBe(503);
});

describe('with sessions', () => {
  const initialize = {
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
  };

  test('a session can be used only with the token that opened it, and ends when it is deleted', async () => {
    rig = await startHttpRig({ args: ['--sessions'] });
    const { sandbox, post, makeToken, url } = rig;
    const opened = await post(initialize, bearer(sandbox.token));
    const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
    await opened.text();
    expect(session['mcp-session-id']).toBeTruthy();
    const { secret } = await makeToken({ permission_set: 'viewer', resources: {} });
    expect((await post({ method: 'ping' }, { ...bearer(secret), ...session })).status).toBe(404);
    expect((await post({ method: 'ping' }, { ...bearer(sandbox.token), ...session })).status).toBe(200);
    const ended = await fetch(url, { method: 'DELETE', headers: { ...bearer(sandbox.token), ...session } });
    expect(ended.status).toBe(200);
    expect((await post({ method: 'ping' }, { ...bearer(sandbox.token), ...session })).status).toBe(404);
  });

  test("the SDK's client keeps one and runs tools in it", async () => {
    rig = await startHttpRig({ args: ['--sessions'] });
    const client = await rig.connect(rig.sandbox.token);
    expect((await client.listTools()).tools).toHaveLength(toolCount);
    const result = await client.callTool({ name: 'organization_get', arguments: {} });
    expect(result.isError).toBeUndefined();
    await client.close();
  });
});

describe('the start', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [builtCli, '--transport', 'http', ...args], {
      env: cleanEnvironment(),
      encoding: 'utf8',
      timeout: 60_000,
    });

  test('an address that other machines reach needs --allowed-hosts', () => {
    const { status, stderr } = run('--host', '0.0.0.0', '--port', '0');
    expect(status).toBe(2);
    expect(stderr).toContain('--allowed-hosts');
  });

  test('an address that cannot be bound is named', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { status, stderr } = run('--port', String(port));
    taken.close();
    expect(status).toBe(2);
    expect(stderr).toContain(`127.0.0.1:${port}`);
  });
});
