import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HttpRig, startHttpRig } from '../e2e/http-support.ts';
import { openSocket, postHead, readAll } from '../e2e/raw-sockets.ts';

let rig: HttpRig;
beforeAll(async () => {
  rig = await startHttpRig({ args: ['--rate-per-minute', '1000000', '--max-concurrent', '20'] });
  await isServed();
});
afterAll(() => rig.close());

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const isServed = async () => (await rig.post({ method: 'ping' }, bearer(rig.sandbox.token))).status === 200;

test('silent and slow connections are closed, and others are served meanwhile', async () => {
  const kinds = {
    silent: () => openSocket(rig),
    headers: () => openSocket(rig).setNoDelay(true),
    body: () => openSocket(rig),
  };
  const sockets = Object.entries(kinds).flatMap(([kind, make]) =>
    Array.from({ length: 50 }, () => ({ kind, socket: make() })),
  );
  const texts = sockets.map(({ socket }) => readAll(socket));
  for (const { kind, socket } of sockets) {
    if (kind === 'headers') socket.write('POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ');
    if (kind === 'body') socket.write(`${postHead(rig, 1000)}{"jsonrpc":"2.0",`);
  }
  const drip = setInterval(() => {
    for (const { kind, socket } of sockets) if (kind !== 'silent' && socket.writable) socket.write(' ');
  }, 500);
  const served = setInterval(async () => {
    failures += (await isServed()) ? 0 : 1;
    asked += 1;
  }, 500);
  let failures = 0;
  let asked = 0;
  const ended = await Promise.all(texts);
  clearInterval(drip);
  clearInterval(served);
  const late = ended.filter((_, index) => sockets[index]?.kind === 'body');
  expect(late.filter((text) => text.startsWith('HTTP/1.1 408'))).toHaveLength(50);
  expect(asked).toBeGreaterThan(0);
  expect(failures).toBe(0);
  expect(await isServed()).toBe(true);
}, 120_000);
