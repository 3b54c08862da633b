import type { FastifyReply, FastifyRequest } from 'fastify';
import { questionsSignal } from '../../lib/shutdown.ts';
import { v2ErrorCodes } from '../../protocol/envelope.ts';
import { RpcError } from '../../protocol/rpc-error.ts';
import type { FeatureSource } from '../../protocol/server-features.ts';
import type { RpcRequest, RpcResponse } from '../../protocol/stateless-server.ts';
import { subscribe } from '../../protocol/subscriptions.ts';
import { type Endpoint, renderResponse } from '../json-rpc/endpoint.ts';
import { idValue, writeMessage } from '../json-rpc/messages.ts';
import type { Accepted } from './accept.ts';
import type { Slot } from './concurrency.ts';
import { reject, sendText } from './replies.ts';
import { asksForProgress, ResponseStream } from './response-stream.ts';

/** Milliseconds between the comments that keep the stream of a subscription open. */
const keepAliveMs = 15_000;

/** HTTP status of errors that are about the request itself (MCP specification 2026-07-28, transports). */
const statuses: Readonly<Record<number, number>> = {
  [-32_601]: 404,
  [-32_021]: 400,
  [v2ErrorCodes.unsupportedVersion]: 400,
  [v2ErrorCodes.headerMismatch]: 400,
};

/** Answers a request of the second generation: with JSON, or with a stream once the call sends progress. */
export async function answerV2(
  request: FastifyRequest,
  reply: FastifyReply,
  message: RpcRequest,
  accepted: Accepted,
  endpoint: Endpoint,
): Promise<FastifyReply> {
  // The client may have disconnected while its permissions were read.
  if (reply.raw.closed) return reply.hijack();
  const stream =
    accepted.namesStream && asksForProgress(message) ? new ResponseStream(request, reply) : undefined;
  const notify = stream && ((notification: object) => stream.send(JSON.stringify(notification)));
  const pending = endpoint.answer(message, { headers: request.headers, notify });
  reply.raw.once('close', () => pending.cancel());
  const slot = request.slot as Slot;
  slot.begin();
  const response = await pending.response;
  slot.finish();
  if (!response || reply.raw.closed) return reply.hijack();
  const text = renderResponse(response, message);
  if (stream?.isOpen) return stream.end(text);
  return sendText(request, reply, text, { asEvent: !accepted.json, status: statusOf(response) });
}

function statusOf(response: RpcResponse): number {
  return 'error' in response ? (statuses[response.error.code] ?? 200) : 200;
}

/** Streams the notifications of `subscriptions/listen` until the client disconnects or the server stops. */
export function streamSubscription(
  request: FastifyRequest,
  reply: FastifyReply,
  message: RpcRequest,
  source: FeatureSource,
): FastifyReply {
  const stream = new ResponseStream(request, reply);
  try {
    const subscription = subscribe(message, idValue(message.id), source, (notification) =>
      stream.send(writeMessage(notification)),
    );
    if ('id' in subscription) return stream.end(writeMessage(subscription));
    const timer = setInterval(() => stream.keepAlive(), keepAliveMs).unref();
    // Returns nothing: an event listener's result with a method `then`, such as a reply, would be called.
    const end = () => void stream.end(writeMessage(subscription.end()));
    const stopping = questionsSignal();
    stopping.addEventListener('abort', end, { once: true });
    reply.raw.once('close', () => {
      clearInterval(timer);
      stopping.removeEventListener('abort', end);
      subscription.end();
    });
    return reply;
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return reject(reply, 200, error.message, { code: error.code, id: message.id });
  }
}
