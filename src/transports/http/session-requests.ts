import type { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type {
  JSONRPCMessage,
  JSONRPCNotification,
  JSONRPCRequest,
  MessageExtraInfo,
  RequestId,
} from '@modelcontextprotocol/sdk/types.js';
import { errorAnswer, plainMessage, writeMessage } from '../json-rpc/messages.ts';
import type { Slot } from './concurrency.ts';

/** Requests of one session. The SDK's transport knows them by their ids alone, so each gets a number of its own on the way in. */
export interface SessionRequests {
  /**
   * The request under a number of its own, for the SDK's transport, which answers it by a stream.
   *
   * @param place kept until the call is over: closing the connection does not end it
   */
  numbered(request: JSONRPCRequest, place: Slot | undefined): JSONRPCRequest;
  /** Forgets a request that the SDK's transport has not passed on. */
  forgetUnread(numbered: JSONRPCRequest): void;
  /** Text of the JSON-RPC response, for a client that takes no stream; undefined when the request was cancelled before. */
  answer(
    request: JSONRPCRequest,
    extra: MessageExtraInfo,
    place: Slot | undefined,
  ): Promise<string | undefined>;
  /** Hands on what asks for no answer. */
  notify(message: JSONRPCMessage, extra: MessageExtraInfo): void;
}

interface OpenRequest {
  /** As the client sent it. */
  readonly id: RequestId;
  readonly place: Slot | undefined;
  /** Whether the server has got it, and will answer it unless it is cancelled. */
  isRead: boolean;
  /** Of those that are answered past the SDK's transport. */
  readonly resolve?: (text: string | undefined) => void;
}

/** @param transport connected to the session's server */
export function numberRequests(transport: StreamableHTTPServerTransport): SessionRequests {
  const open = new Map<RequestId, OpenRequest>();
  let last = 0;
  let isEnded = false;
  const put = (
    request: JSONRPCRequest,
    place: Slot | undefined,
    resolve?: OpenRequest['resolve'],
  ): JSONRPCRequest => {
    last += 1;
    place?.begin();
    open.set(last, { id: request.id, place, isRead: false, ...(resolve && { resolve }) });
    return { ...request, id: last };
  };
  const remove = (number: RequestId, { place }: OpenRequest): void => {
    open.delete(number);
    place?.finish();
  };

  const receive = transport.onmessage;
  transport.onmessage = (message, extra) => {
    if ('method' in message && 'id' in message) {
      const one = open.get(message.id);
      // The session has ended before the SDK's transport passed it on: nobody would get the answer.
      if (!one) return;
      one.isRead = true;
    }
    receive?.(message, extra);
  };

  const send = transport.send.bind(transport);
  transport.send = async (message, options) => {
    const isAnswer = !('method' in message);
    const number = isAnswer ? message.id : options?.relatedRequestId;
    const one = number === undefined ? undefined : open.get(number);
    if (number === undefined || !one) return send(message, options);
    if (isAnswer) remove(number, one);
    if (!one.resolve) return send(isAnswer ? underId(message, one.id) : message, options);
    if (isAnswer) return one.resolve(writeMessage({ ...message, id: one.id } as JSONRPCMessage));
    // Progress is a courtesy; a question that nobody can see must not be waited for.
    if ('id' in message) throw new Error('A client that takes no event stream can be asked nothing.');
  };
  const { onclose } = transport;
  transport.onclose = () => {
    isEnded = true;
    for (const [number, one] of [...open]) {
      remove(number, one);
      one.resolve?.(sentEnd(one.id));
    }
    onclose?.();
  };

  const cancel = (message: JSONRPCNotification, extra: MessageExtraInfo) => {
    const request = [...open].filter(([, { id }]) => id === message.params?.requestId);
    const [number, one] = request[0] ?? [];
    // Which of several is meant cannot be known.
    if (number === undefined || one === undefined || request.length > 1) return;
    transport.onmessage?.({ ...message, params: { ...message.params, requestId: number } }, extra);
    // Nothing will be answered.
    remove(number, one);
    if (one.resolve) one.resolve(undefined);
    else transport.closeSSEStream(number);
  };

  return {
    numbered: (request, place) => put(request, place),
    forgetUnread: ({ id }) => {
      const one = open.get(id);
      if (one && !one.isRead) remove(id, one);
    },
    answer: (request, extra, place) =>
      new Promise((resolve) => {
        // A message of a batch may come to its turn after the end.
        if (isEnded) resolve(sentEnd(request.id));
        else transport.onmessage?.(put(request, place, resolve), extra);
      }),
    notify: (message, extra) => {
      if ('method' in message && message.method === 'notifications/cancelled') cancel(message, extra);
      else transport.onmessage?.(message, extra);
    },
  };
}

const sentEnd = (id: RequestId): string =>
  writeMessage(errorAnswer(id, -32_000, 'The session has ended.') as JSONRPCMessage);

/** The SDK's transport finds the stream by the number, and writes the message as JSON, which then has the client's own id. */
function underId(message: JSONRPCMessage, id: RequestId): JSONRPCMessage {
  const sent = { ...plainMessage(message), id };
  return Object.defineProperty({ ...message }, 'toJSON', { value: () => sent, enumerable: false });
}
