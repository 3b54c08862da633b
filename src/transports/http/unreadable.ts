import type { Socket } from 'node:net';
import { errorAnswer, writeMessage } from '../json-rpc/messages.ts';

/**
 * Answers a request that Node could not parse, and closes the connection, since the start of the next request is
 * unknown.
 */
export function refuseUnreadable(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, message] = answers[error.code ?? ''] ?? notHttp;
  const body = writeMessage(errorAnswer(undefined, -32_000, message));
  const headers = `content-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}`;
  socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\nconnection: close\r\n\r\n${body}`);
}

const notHttp = [
  '400 Bad Request',
  'Not a valid HTTP/1.1 request. This server does not speak TLS: terminate it at a proxy.',
] as const;

const answers: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'The headers are over 16 kB: send fewer, or shorter ones.',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request did not arrive completely in time.'],
};
