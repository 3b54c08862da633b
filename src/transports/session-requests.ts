import type { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type {
  JSONRPCMessage,
  JSONRPCNotification,
  JSONRPCRequest,
  MessageExtraInfo,
  RequestId,
} from '@modelcontextprotocol/sdk/types.js';
import { errorAnswer, plainMessage, writeMessage } from './messages.ts';

/** Requests of one session. The SDK's transport knows them by their ids alone, so each gets a number of its own on the way in. */
export interface SessionRequests {
  /** The request under a number of its own, for the SDK's transport, which answers it by a stream. */
  numbered(request: JSONRPCRequest): JSONRPCRequest;
  /** Text of the JSON-RPC response, for a client that takes no stream; undefined when the request was cancelled before. */
  answer(request: JSONRPCRequest, extra: MessageExtraInfo): Promise<string | undefined>;
  /** Hands on what asks for no answer. */
  tell(message: JSONRPCMessage, extra: MessageExtraInfo): void;
}

interface OpenRequest {
  /** As the client sent it. */
  readonly id: RequestId;
  /** Of those that are answered past the SDK's transport. */
  readonly resolve?: (text: string | undefined) => void;
}

/** @param transport connected to the session's server */
export function numberRequests(transport: StreamableHTTPServerTransport): SessionRequests {
  const open = new Map<RequestId, OpenRequest>();
  let last = 0;
  const put = (request: JSONRPCRequest, resolve?: OpenRequest['resolve']): JSONRPCRequest => {
    last += 1;
    open.set(last, { id: request.id, ...(resolve && { resolve }) });
    return { ...request, id: last };
  };

  const send = transport.send.bind(transport);
  transport.send = async (message, options) => {
    const isAnswer = !('method' in message);
    const number = isAnswer ? message.id : options?.relatedRequestId;
    const one = number === undefined ? undefined : open.get(number);
    if (number === undefined || !one) return send(message, options);
    if (isAnswer) open.delete(number);
    if (!one.resolve) return send(isAnswer ? underId(message, one.id) : message, options);
    if (isAnswer) return one.resolve(writeMessage({ ...message, id: one.id } as JSONRPCMessage));
    // Progress is a courtesy; a question that nobody can see must not be waited for.
    if ('id' in message) throw new Error('A client that takes no event stream can be asked nothing.');
  };
  const { onclose } = transport;
  transport.onclose = () => {
    for (const { id, resolve } of open.values())
      resolve?.(writeMessage(errorAnswer(id, -32_000, 'The session has ended.') as JSONRPCMessage));
    open.clear();
    onclose?.();
  };

  const cancel = (message: JSONRPCNotification, extra: MessageExtraInfo) => {
    const meant = [...open].filter(([, { id }]) => id === message.params?.requestId);
    const [number, one] = meant[0] ?? [];
    // Which of several is meant cannot be known.
    if (number === undefined || meant.length > 1) return;
    transport.onmessage?.({ ...message, params: { ...message.params, requestId: number } }, extra);
    // Nothing will be answered.
    open.delete(number);
    if (one?.resolve) one.resolve(undefined);
    else transport.closeSSEStream(number);
  };

  return {
    numbered: (request) => put(request),
    answer: (request, extra) =>
      new Promise((resolve) => {
        transport.onmessage?.(put(request, resolve), extra);
      }),
    tell: (message, extra) => {
      if ('method' in message && message.method === 'notifications/cancelled') cancel(message, extra);
      else transport.onmessage?.(message, extra);
    },
  };
}

/** The SDK's transport finds the stream by the number, and writes the message as JSON, which then has the client's own id. */
function underId(message: JSONRPCMessage, id: RequestId): JSONRPCMessage {
  const told = { ...plainMessage(message), id };
  return Object.defineProperty({ ...message }, 'toJSON', { value: () => told, enumerable: false });
}
