import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HttpRig, startHttpRig } from './http-support.ts';

/*
 * Arrays of messages over HTTP: MCP revision 2025-03-26 has them, those before and after it have not.
 */
const call = (id: number) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: 'accounts_list', arguments: { limit: 1 } },
});

/** Arrays that a client may send where there are none. */
const arrays: readonly (readonly [what: string, array: readonly unknown[]])[] = [
  ['two calls', [call(1), call(2)]],
  ['one call', [call(1)]],
  ['a notification', [{ jsonrpc: '2.0', method: 'notifications/initialized' }]],
  ['initialize', [{ jsonrpc: '2.0', id: 1, method: 'initialize', params: {} }]],
  ['nothing', []],
  ['very many calls', Array.from({ length: 2_000 }, (_, id) => call(id))],
];

type Headers = Record<string, string>;

interface Told {
  readonly status: number;
  readonly remaining: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
  readonly json: any;
}

async function send(rig: HttpRig, array: readonly unknown[], headers: Headers): Promise<Told> {
  const response = await rig.postText(JSON.stringify(array), headers);
  const text = await response.text();
  return {
    status: response.status,
    remaining: Number(response.headers.get('ratelimit-remaining')),
    json: text === '' ? undefined : JSON.parse(text),
  };
}

const refused = (revision: string) => ({
  jsonrpc: '2.0',
  id: null,
  error: {
    code: -32_600,
    message: expect.stringMatching(
      new RegExp(`revision 2025-03-26 .* ${revision}: no message was handled; send each message separately`),
    ),
  },
});

/** What stands in each of the answers to `[call(1), call(2)]`. */
const bothServed = [1, 2].map((id) => ({ jsonrpc: '2.0', id, result: expect.anything() }));

/** Sends every array; each is refused, counts as one request, and nothing of it is done. */
async function expectAllRefused(rig: HttpRig, headers: Headers, revision: string): Promise<void> {
  const asked = rig.exchanges.length;
  let before: number | undefined;
  for (const [what, array] of arrays) {
    const { status, remaining, json } = await send(rig, array, headers);
    expect([what, status, json]).toEqual([what, 400, refused(revision)]);
    if (before !== undefined) expect([what, remaining]).toEqual([what, before - 1]);
    before = remaining;
  }
  expect(rig.exchanges.slice(asked).filter(({ path }) => path === '/v1/accounts')).toEqual([]);
}

const others = ['2024-11-05', '2025-06-18', '2025-11-25'];

describe('without sessions', () => {
  let rig: HttpRig;
  let headers: Headers;
  beforeAll(async () => {
    rig = await startHttpRig({ sandbox: { size: 'small' }, args: ['--permissions', 'ignore'] });
    headers = { authorization: `Bearer ${rig.sandbox.token}` };
    await (await rig.post({ method: 'ping' }, headers)).text();
  });
  afterAll(() => rig.close());

  test.each(others)('MCP-Protocol-Version %s: arrays are refused, and nothing of them is done', (revision) =>
    expectAllRefused(rig, { ...headers, 'mcp-protocol-version': revision }, revision),
  );

  test.each([
    ['no MCP-Protocol-Version', {}],
    ['an empty one', { 'mcp-protocol-version': '' }],
    ['2025-03-26', { 'mcp-protocol-version': '2025-03-26' }],
  ])('%s: arrays are served, and count one message at a time', async (_, version) => {
    const first = await send(rig, [call(1), call(2)], { ...headers, ...version });
    expect([first.status, first.json]).toEqual([200, bothServed]);
    const second = await send(rig, [call(1), call(2)], { ...headers, ...version });
    expect(second.remaining).toBe(first.remaining - 2);
  });
});

describe.each([
  ['by streams', 'application/json, text/event-stream'],
  ['by JSON', 'application/json'],
])('with sessions, %s', (_, accept) => {
  let rig: HttpRig;
  beforeAll(async () => {
    rig = await startHttpRig({
      sandbox: { size: 'small' },
      args: ['--permissions', 'ignore', '--sessions'],
    });
  });
  afterAll(() => rig.close());

  const begin = async (protocolVersion: string): Promise<Headers> => {
    const headers = { authorization: `Bearer ${rig.sandbox.token}`, accept };
    const params = { protocolVersion, capabilities: {}, clientInfo: { name: 'test', version: '1' } };
    const opened = await rig.post({ method: 'initialize', params }, headers);
    await opened.text();
    return { ...headers, 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  };

  test.each(others)('that agreed on %s refuse arrays, whatever a header says', async (revision) => {
    const session = await begin(revision);
    await expectAllRefused(rig, session, revision);
    const named = await send(rig, [call(1)], { ...session, 'mcp-protocol-version': '2025-03-26' });
    expect([named.status, named.json]).toEqual([400, refused(revision)]);
    // The session goes on.
    expect((await rig.post({ method: 'ping' }, session)).status).toBe(200);
  });

  test('that asked for a revision which does not exist agreed on another, which has no arrays', async () => {
    await expectAllRefused(rig, await begin('1999-01-01'), '2025-11-25');
  });

  test('that agreed on 2025-03-26 are served arrays, which count one message at a time', async () => {
    const session = await begin('2025-03-26');
    const first = await send(rig, [call(1), call(2)], session);
    expect([first.status, first.json]).toEqual([200, bothServed]);
    const second = await send(rig, [call(1), call(2)], session);
    expect(second.remaining).toBe(first.remaining - 2);
  });
});
