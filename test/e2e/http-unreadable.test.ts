import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HttpRig, startHttpRig } from './http-support.ts';

let rig: HttpRig;
beforeAll(async () => {
  rig = await startHttpRig();
});
afterAll(() => rig.close());

/** What comes back on a connection of its own, until it is closed or silent. */
function send(bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(rig.url).port), '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
      if (/\r\n\r\n\{.*\}$/s.test(answer)) socket.destroy();
    });
    socket.on('error', () => {});
    socket.once('close', () => resolve(answer));
  });
}

const host = () => `Host: ${new URL(rig.url).host}\r\n`;

test.each<[string, () => string | Buffer, number, RegExp]>([
  [
    'a path that is no text',
    () => `POST /mcp%ff HTTP/1.1\r\n${host()}\r\n`,
    404,
    /the MCP endpoint is \/mcp/,
  ],
  [
    'a client that begins with TLS',
    () => Buffer.from('16030100c8010000c40303', 'hex'),
    400,
    /does not speak TLS/,
  ],
  [
    'a method that there is not',
    () => `FOO /mcp HTTP/1.1\r\n${host()}\r\n`,
    400,
    /Not a valid HTTP\/1\.1 request/,
  ],
  [
    'a chunk without a length',
    () => `POST /mcp HTTP/1.1\r\n${host()}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
    400,
    /Not a valid HTTP\/1\.1 request/,
  ],
  ['what is compressed', () => gzipSync('POST /mcp'), 400, /Not a valid HTTP\/1\.1 request/],
  [
    'too many headers',
    () => `GET /mcp HTTP/1.1\r\n${host()}${'X: long enough for it\r\n'.repeat(1_000)}\r\n`,
    431,
    /headers are over 16 kB/,
  ],
])('%s is answered by a JSON-RPC error in plain words', async (_, bytes, status, message) => {
  const answer = await send(bytes());
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  const { jsonrpc, id, error } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')));
  expect({ jsonrpc, id }).toEqual({ jsonrpc: '2.0', id: null });
  expect(error.message).toMatch(message);
});

test('an empty MCP-Protocol-Version counts as missing', async () => {
  const headers = { authorization: `Bearer ${rig.sandbox.token}`, 'mcp-protocol-version': '' };
  expect((await rig.post({ method: 'ping' }, headers)).status).toBe(200);
});
