import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HttpRig, startHttpRig } from './http-support.ts';
import { openSocket, postHead, readAll } from './raw-sockets.ts';

let rig: HttpRig;
beforeAll(async () => {
  rig = await startHttpRig({ args: ['--rate-per-minute', '1000000', '--max-concurrent', '20'] });
  await isServed();
});
afterAll(() => rig.close());

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const isServed = async () => (await rig.post({ method: 'ping' }, bearer(rig.sandbox.token))).status === 200;

describe('slow connections', () => {
  test('a client that closes its half once it has asked still gets its answer', async () => {
    const body = '{"jsonrpc":"2.0","id":7,"method":"ping"}';
    const socket = openSocket(rig, true);
    const text = readAll(socket);
    socket.end(postHead(rig, body.length) + body);
    expect(await text).toContain('"id":7');
  });

  test('clients that disconnect during a call take up no room', async () => {
    rig.sandbox.faults.add({ route: 'accounts_list', delay: 300 });
    const body =
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"accounts_list","arguments":{}}}';
    for (let round = 0; round < 3; round += 1) {
      const sockets = Array.from({ length: 20 }, () => openSocket(rig));
      for (const socket of sockets) socket.write(postHead(rig, body.length) + body);
      await new Promise((resolve) => setTimeout(resolve, 100));
      for (const socket of sockets) socket.destroy();
      await expect.poll(isServed).toBe(true);
    }
    rig.sandbox.faults.clear();
    const metrics = async () => (await fetch(`${rig.origin}/metrics`)).text();
    await expect.poll(metrics).toMatch(/synqly_mcp_requests_in_flight 0/);
  });

  test('a client that sends requests without waiting for answers, and disconnects, takes up no room', async () => {
    rig.sandbox.faults.add({ route: 'accounts_list', delay: 300 });
    const body =
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"accounts_list","arguments":{}}}';
    for (let round = 0; round < 3; round += 1) {
      const socket = openSocket(rig);
      socket.write((postHead(rig, body.length) + body).repeat(12));
      await new Promise((resolve) => setTimeout(resolve, 100));
      socket.destroy();
      await expect.poll(isServed).toBe(true);
    }
    rig.sandbox.faults.clear();
    const metrics = async () => (await fetch(`${rig.origin}/metrics`)).text();
    await expect.poll(metrics).toMatch(/synqly_mcp_requests_in_flight 0\n/);
    expect(rig.stderr()).not.toContain('internal error');
  });
});

describe('arguments of hostile size or depth', () => {
  const call = async (name: string, args: string) => {
    const before = rig.exchanges.length;
    const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}","arguments":${args}}}`;
    const response = await rig.postText(body, bearer(rig.sandbox.token));
    const text = await response.text();
    const sent = rig.exchanges.length - before;
    const { result } = JSON.parse(text);
    return { text, sent, error: JSON.parse(result.content[0].text).error };
  };
  const many = (count: number, item: unknown) => JSON.stringify(Array.from({ length: count }, () => item));

  test.each([
    ['a filter of 60,000 items', 'accounts_list', () => `{"filter":${many(60_000, 'name[eq]b')}}`],
    [
      'a filter of 1,000 items, which no URL holds',
      'accounts_list',
      () => `{"filter":${many(1_000, 'name[eq]b')}}`,
    ],
    ['300,000 wrong values', 'accounts_list', () => `{"filter":${many(300_000, 1)}}`],
    [
      'a patch of 15,000 wrong steps',
      'accounts_patch',
      () => `{"account_id":"a","patch":${many(15_000, {})}}`,
    ],
    [
      'arrays 200,000 deep',
      'integrations_create',
      () =>
        `{"account_id":"a","provider_config":{"type":"x","a":${'['.repeat(200_000)}${']'.repeat(200_000)}}}`,
    ],
    [
      'objects 50,000 deep',
      'integrations_create',
      () =>
        `{"account_id":"a","provider_config":{"type":"x","a":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}}`,
    ],
  ])('%s are refused in few words before anything is sent', async (_, name, args) => {
    const { text, sent, error } = await call(name, args());
    expect(error.code).toBe('invalid_arguments');
    expect(text.length).toBeLessThan(4_000);
    expect(sent).toBe(0);
    expect(await isServed()).toBe(true);
  });

  test('each message of a batch counts towards the rate limit', async () => {
    const message = { jsonrpc: '2.0', id: 1, method: 'ping' };
    const left = (response: Response) => Number(response.headers.get('ratelimit-remaining'));
    const one = await rig.postText(JSON.stringify(message), bearer(rig.sandbox.token));
    const three = await rig.postText(JSON.stringify([message, message, message]), bearer(rig.sandbox.token));
    expect([one.status, three.status]).toEqual([200, 200]);
    expect(left(one) - left(three)).toBe(3);
  });
});
