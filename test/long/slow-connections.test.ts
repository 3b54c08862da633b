import { connect as connectSocket, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HttpRig, startHttpRig } from '../e2e/http-support.ts';

let rig: HttpRig;
beforeAll(async () => {
  rig = await startHttpRig({ args: ['--rate-per-minute', '1000000', '--max-concurrent', '20'] });
  await isServed();
});
afterAll(() => rig.close());

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const isServed = async () => (await rig.post({ method: 'ping' }, bearer(rig.sandbox.token))).status === 200;

const head = (length: number) =>
  [
    'POST /mcp HTTP/1.1',
    'Host: 127.0.0.1',
    `Authorization: Bearer ${rig.sandbox.token}`,
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    `Content-Length: ${length}`,
    '',
    '',
  ].join('\r\n');

function open(allowHalfOpen = false): Socket {
  const { hostname, port } = new URL(rig.url);
  return connectSocket({ port: Number(port), host: hostname, allowHalfOpen }).on('error', () => {});
}

/** Everything that comes until the other side ends the connection. */
function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  return new Promise((resolve) => socket.once('close', () => resolve(text)));
}

test('silent, slow in their headers or slow in their body, they are ended, and others are served meanwhile', async () => {
  const kinds = {
    silent: () => open(),
    headers: () => open().setNoDelay(true),
    body: () => open(),
  };
  const sockets = Object.entries(kinds).flatMap(([kind, make]) =>
    Array.from({ length: 50 }, () => ({ kind, socket: make() })),
  );
  const texts = sockets.map(({ socket }) => readAll(socket));
  for (const { kind, socket } of sockets) {
    if (kind === 'headers') socket.write('POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ');
    if (kind === 'body') socket.write(`${head(1000)}{"jsonrpc":"2.0",`);
  }
  const drip = setInterval(() => {
    for (const { kind, socket } of sockets) if (kind !== 'silent' && socket.writable) socket.write(' ');
  }, 500);
  const started = Date.now();
  const served = setInterval(async () => {
    failures += (await isServed()) ? 0 : 1;
    asked += 1;
  }, 500);
  let failures = 0;
  let asked = 0;
  const ended = await Promise.all(texts);
  clearInterval(drip);
  clearInterval(served);
  expect(Date.now() - started).toBeLessThan(30_000);
  const late = ended.filter((_, index) => sockets[index]?.kind === 'body');
  expect(late.filter((text) => text.startsWith('HTTP/1.1 408'))).toHaveLength(50);
  expect(asked).toBeGreaterThan(20);
  expect(failures).toBe(0);
  expect(await isServed()).toBe(true);
}, 45_000);
