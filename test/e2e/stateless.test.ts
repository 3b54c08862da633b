import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HttpRig, startHttpRig } from './http-support.ts';

let rig: HttpRig;
beforeAll(async () => {
  rig = await startHttpRig({ args: ['--rate-per-minute', '1000000'] });
});
afterAll(() => rig.close());

const headers = () => ({
  authorization: `Bearer ${rig.sandbox.token}`,
  accept: 'application/json, text/event-stream',
  'content-type': 'application/json',
});
const send = (message: object, signal: AbortSignal | null = null) =>
  fetch(rig.url, {
    method: 'POST',
    headers: headers(),
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    signal,
  });
const get = (id: number | string, name: string) => ({
  id,
  method: 'tools/call',
  params: { name: 'accounts_get', arguments: { account_id: name } },
});

test('requests of one token that carry the same id at the same time get each its own answer', async () => {
  const names = Array.from({ length: 60 }, (_, index) => `berth-${index}`);
  await Promise.all(names.map((name) => rig.call(rig.sandbox.token, 'accounts_create', { name })));
  const answers = await Promise.all(names.map(async (name) => (await send(get('same', name))).json()));
  const told = answers.map((answer) => {
    const { id, result } = answer as { id: string; result: { content: { text: string }[] } };
    return [id, JSON.parse(result.content[0]?.text ?? '').result.name];
  });
  expect(told).toEqual(names.map((name) => ['same', name]));
});

test('a disconnecting client, or one that guesses request ids, cancels only its own calls', async () => {
  const { secret } = await rig.makeToken({ permission_set: 'viewer', resources: {} });
  rig.sandbox.faults.add({ route: 'accounts_get', delay: 2_000 });
  const leaving = new AbortController();
  const staying = [1, 2, 3].map(async (id) => (await send(get(id, 'berth-1'))).json());
  const left = send(get(1, 'berth-2'), leaving.signal).catch(() => 'gone');
  const metrics = async () => (await fetch(`${rig.origin}/metrics`)).text();
  await expect.poll(metrics, { interval: 10 }).toContain('synqly_mcp_requests_in_flight 4\n');
  leaving.abort();
  for (let requestId = 0; requestId < 200; requestId += 1) {
    const cancelled = await rig.post(
      { method: 'notifications/cancelled', params: { requestId }, id: undefined },
      { authorization: `Bearer ${secret}` },
    );
    expect(cancelled.status).toBe(202);
  }
  const answers = await Promise.all(staying);
  expect(answers.map((answer) => JSON.stringify(answer).includes('berth-1'))).toEqual([true, true, true]);
  expect(await left).toBe('gone');
  rig.sandbox.faults.clear();
  await expect.poll(() => rig.stderr()).toMatch(/"outcome":"cancelled"/);
});

test.each([
  ['an Accept that takes neither JSON nor event streams', { accept: 'text/html' }, 406],
  ['another content type', { 'content-type': 'text/plain' }, 415],
  ['a protocol version of no revision', { 'mcp-protocol-version': '1999-01-01' }, 400],
])('%s is refused', async (_, header, status) => {
  const response = await fetch(rig.url, {
    method: 'POST',
    headers: { ...headers(), ...header },
    body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
  });
  expect(response.status).toBe(status);
});

test.each([
  ['no version', { id: 1, method: 'ping', jsonrpc: '1.0' }],
  ['an id that is an object', { id: {}, method: 'ping' }],
  ['neither method nor answer', { id: 1 }],
])('a message with %s is refused', async (_, message) => {
  expect((await send(message)).status).toBe(400);
});

test('an answer to no request is accepted and ignored', async () => {
  expect((await send({ id: 1, result: {} })).status).toBe(202);
});
