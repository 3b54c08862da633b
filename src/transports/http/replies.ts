import type { RequestId } from '@modelcontextprotocol/sdk/types.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errorAnswer, writeMessage } from '../json-rpc/messages.ts';
import { rateHeaders } from './rate-limit.ts';

/** How a text is told over HTTP. */
export interface SentReply {
  readonly status?: number;
  /** As the one event of a stream, for a client that takes nothing else. */
  readonly asEvent?: boolean;
}

/** Straight to the socket: the framework's way out looks for much that is not there. */
export function sendText(
  request: FastifyRequest,
  reply: FastifyReply,
  text: string,
  { status = 200, asEvent = false }: SentReply = {},
): FastifyReply {
  reply.hijack();
  const body = asEvent ? `event: message\ndata: ${text}\n\n` : text;
  const type = asEvent ? 'text/event-stream' : 'application/json';
  const headers = ['content-type', type, 'content-length', String(Buffer.byteLength(body))];
  for (const [name, value] of headersOf(request, reply)) headers.push(name, value);
  const { raw } = reply;
  raw.writeHead(status, headers);
  // In one piece: Node would gather an answer and its end, and write them at more cost.
  raw.socket?.cork();
  raw.write(body);
  raw.socket?.uncork();
  raw.end();
  return reply;
}

/** What hooks have set (CORS), and the rate: what the framework would send with an answer of its own. */
export function headersOf(request: FastifyRequest, reply: FastifyReply): (readonly [string, string])[] {
  const set = Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)] as const);
  return [...set, ...rateHeaders(request)];
}

/** An answer that no call has come to, as a JSON-RPC error; with an id where it is known what it answers. */
export function reject(
  reply: FastifyReply,
  status: number,
  message: string,
  { code = -32_000, id }: { readonly code?: number; readonly id?: RequestId | undefined } = {},
): FastifyReply {
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .send(writeMessage(errorAnswer(id, code, message)));
}
