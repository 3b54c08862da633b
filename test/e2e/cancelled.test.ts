import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { callOf, type Served, serveOverHttp, type WatchedApi, watchApi } from './endings-support.ts';
import { postTo, startHttpProgram } from './http-support.ts';
import { createClient } from './support.ts';

/*
 * `notifications/cancelled` over HTTP without sessions: it is sent by itself, and nothing but the token and the id says
 * which request it means.
 */
let watched: WatchedApi;
let served: Served & { readonly url: string; readonly headers: Record<string, string> };
beforeAll(async () => {
  watched = await watchApi();
  served = await serveOverHttp(watched);
  await served.ask({ method: 'ping' });
});
afterAll(async () => {
  served.child.kill('SIGKILL');
  await watched.close();
});

let number = 0;
let name = '';
beforeEach(async () => {
  number += 1;
  name = `cancelled-${number}`;
  await postTo(watched.sandbox, '/v1/accounts', { name });
});

const post = (message: object, headers: Record<string, string> = {}) =>
  fetch(served.url, {
    method: 'POST',
    headers: { ...served.headers, ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
  });
const cancel = async (requestId: unknown, headers?: Record<string, string>) => {
  const told = await post({ method: 'notifications/cancelled', params: { requestId } }, headers);
  expect(told.status).toBe(202);
};

const update = (id: number | string) => ({
  ...callOf('accounts_update', { account_id: name, fullname: 'Changed' }),
  id,
});
const get = (id: number | string) => ({ ...callOf('accounts_get', { account_id: name }), id });
const isOwn = (method: string) => (request: { method: string; path: string }) =>
  request.method === method && request.path === `/v1/accounts/${name}`;
const sent = (method: string) => watched.api.requests.filter(isOwn(method)).length;

/** Begins a call, and gives its answer once it was let go on; `meanwhile` happens while its read is held up. */
async function holdRead(message: object, meanwhile: () => Promise<void>, headers?: Record<string, string>) {
  const held = watched.hold(isOwn('GET'));
  const answer = post(message, headers);
  await held.reached;
  await meanwhile();
  held.release();
  const response = await answer;
  return { status: response.status, text: await response.text() };
}

test('a write that was not sent yet is not sent, and gets no answer', async () => {
  const { status, text } = await holdRead(update(7), () => cancel(7));
  expect([status, text]).toEqual([202, '']);
  expect(sent('PUT')).toBe(0);
  expect(watched.lines().at(-1)).toMatchObject({ phase: 'not_sent', outcome: 'cancelled' });
});

test('a read is aborted', async () => {
  const { status, text } = await holdRead(get('seven'), () => cancel('seven'));
  expect([status, text]).toEqual([202, '']);
});

test('a write that was already sent finishes and is answered', async () => {
  const held = watched.hold(({ method, path }) => method === 'POST' && path === '/v1/accounts');
  const answer = post(callOf('accounts_create', { name: `${name}-new` }, 8));
  await held.reached;
  await cancel(8);
  held.release();
  const { id, result } = (await (await answer).json()) as { id: number; result: { isError?: boolean } };
  expect([id, result.isError]).toEqual([8, undefined]);
  expect(watched.lines().at(-1)).toMatchObject({ phase: 'ended', outcome: 'ok' });
});

describe('nothing is cancelled', () => {
  const isCarriedOut = ({ status, text }: { status: number; text: string }) => {
    expect(status).toBe(200);
    expect(text).not.toContain('isError');
    expect(sent('PUT')).toBeGreaterThan(0);
  };

  test('by an id of another type', async () => {
    isCarriedOut(await holdRead(update(9), () => cancel('9')));
    isCarriedOut(await holdRead(update('9'), () => cancel(9)));
  });

  test.each([[null], [undefined], [{}], [[9]], [true]])('by the id %j', async (id) => {
    isCarriedOut(await holdRead(update(9), () => cancel(id)));
  });

  test('where two requests of the token have the id', async () => {
    const other = post(get(10));
    isCarriedOut(
      await holdRead(update(10), async () => {
        await expect.poll(() => sent('GET')).toBe(2);
        await cancel(10);
      }),
    );
    expect((await other).status).toBe(200);
  });

  test('by another token, or by the same one that is narrowed otherwise', async () => {
    const { result } = await postTo(watched.sandbox, '/v1/tokens', {
      permission_set: 'administrator',
      resources: { accounts: { ids: ['*'] } },
    });
    const other = { authorization: `Bearer ${result.primary.access.secret}` };
    isCarriedOut(await holdRead(update(11), () => cancel(11, other)));
    isCarriedOut(await holdRead(update(11), () => cancel(11, { 'synqly-read-only': 'true' })));
  });

  test('by a notification that comes after the answer', async () => {
    isCarriedOut(await holdRead(update(12), async () => {}));
    await cancel(12);
    isCarriedOut(await holdRead(update(12), async () => {}));
  });
});

test("the SDK's client takes no offence at a request that it has cancelled", async () => {
  const client = createClient();
  const errors: unknown[] = [];
  client.onerror = (error) => errors.push(error);
  const requestInit = { headers: { authorization: served.headers.authorization ?? '' } };
  await client.connect(new StreamableHTTPClientTransport(new URL(served.url), { requestInit }) as Transport);
  const held = watched.hold(isOwn('GET'));
  const cancelling = new AbortController();
  const call = client.callTool(
    { name: 'accounts_update', arguments: { account_id: name, fullname: 'Changed' } },
    undefined,
    { signal: cancelling.signal },
  );
  await held.reached;
  cancelling.abort();
  await expect(call).rejects.toThrow();
  await expect
    .poll(() => watched.lines().at(-1))
    .toMatchObject({ targets: { account_id: name }, phase: 'not_sent', outcome: 'cancelled' });
  held.release();
  expect((await client.callTool({ name: 'organization_get', arguments: {} })).isError).toBeUndefined();
  expect(sent('PUT')).toBe(0);
  expect(errors).toEqual([]);
  await client.close();
});

test('with sessions, the response of a cancelled request is over, so that it takes up no room', async () => {
  const program = await startHttpProgram([
    '--base-url',
    watched.api.url,
    '--sessions',
    '--max-concurrent',
    '2',
  ]);
  const { authorization = '' } = served.headers;
  const clientInfo = { name: 'test', version: '1' };
  const opened = await program.post(
    { method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo } },
    { authorization },
  );
  const session = { authorization, 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  await opened.text();
  for (const id of [1, 2, 3, 4]) {
    const held = watched.hold(isOwn('GET'));
    const answer = program.post(get(id), session);
    await held.reached;
    await program.post(
      { method: 'notifications/cancelled', params: { requestId: id }, id: undefined },
      session,
    );
    expect(await (await answer).text()).toBe('');
    held.release();
  }
  await program.close();
});
