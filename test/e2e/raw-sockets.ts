import { connect as connectSocket, type Socket } from 'node:net';
import type { HttpRig } from './http-support.ts';

/** The head of a POST with a body of so many bytes. */
export const postHead = (rig: HttpRig, length: number) =>
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

/** A connection to the server that nothing has been sent on. */
export function openSocket(rig: HttpRig, allowHalfOpen = false): Socket {
  const { hostname, port } = new URL(rig.url);
  return connectSocket({ port: Number(port), host: hostname, allowHalfOpen }).on('error', () => {});
}

/** Everything that comes until the other side ends the connection. */
export function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  return new Promise((resolve) => socket.once('close', () => resolve(text)));
}
