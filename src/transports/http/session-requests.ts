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

/**
 * The requests of one session. The SDK's transport identifies requests by their ids alone, so each gets a unique
 * id.
 */
export interface SessionRequests {
  /**
   * Gives a request a unique id, for the SDK's transport, which answers with a stream.
   *
   * @param slot held until the call ends: closing the connection does not end it
   */
  numbered(request: JSONRPCRequest, slot: Slot | undefined): JSONRPCRequest;
  /** Removes a request that the SDK's transport has rejected. */
  removeUnread(numbered: JSONRPCRequest): void;
  /**
   * The text of the JSON-RPC response, for a client that accepts no stream; undefined when the request was
   * cancelled.
   */
  answer(
    request: JSONRPCRequest,
    extra: MessageExtraInfo,
    slot: Slot | undefined,
  ): Promise<string | undefined>;
  /** Passes on a message that has no response. */
  notify(message: JSONRPCMessage, extra: MessageExtraInfo): void;
}

interface OpenRequest {
  /** The client's own id. */
  readonly id: RequestId;
  readonly slot: Slot | undefined;
  /** Whether the server has received it; it then answers it unless it is cancelled. */
  isRead: boolean;
  /** Set for requests that bypass the SDK's transport. */
  readonly resolve?: (text: string | undefined) => void;
}

/** @param transport connected to the session's server */
export function numberRequests(transport: StreamableHTTPServerTransport): SessionRequests {
  const open = new Map<RequestId, OpenRequest>();
  let last = 0;
  let isEnded = false;
  const track = (
    request: JSONRPCRequest,
    slot: Slot | undefined,
    resolve?: OpenRequest['resolve'],
  ): JSONRPCRequest => {
    last += 1;
    slot?.begin();
    open.set(last, { id: request.id, slot, isRead: false, ...(resolve && { resolve }) });
    return { ...request, id: last };
  };
  const remove = (number: RequestId, { slot }: OpenRequest): void => {
    open.delete(number);
    slot?.finish();
  };

  const receive = transport.onmessage;
  transport.onmessage = (message, extra) => {
    if ('method' in message && 'id' in message) {
      const one = open.get(message.id);
      // The session ended before the SDK's transport passed the request on: its response could not be delivered.
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
    if (!one.resolve) return send(isAnswer ? withClientId(message, one.id) : message, options);
    if (isAnswer) return one.resolve(writeMessage({ ...message, id: one.id } as JSONRPCMessage));
    // Progress may be dropped; a server request must fail, or the call would wait for it.
    if ('id' in message)
      throw new Error('The client accepts no event stream, so the server cannot send it requests.');
  };
  const { onclose } = transport;
  transport.onclose = () => {
    isEnded = true;
    for (const [number, one] of [...open]) {
      remove(number, one);
      one.resolve?.(sessionEndedResponse(one.id));
    }
    onclose?.();
  };

  const cancel = (message: JSONRPCNotification, extra: MessageExtraInfo) => {
    const request = [...open].filter(([, { id }]) => id === message.params?.requestId);
    const [number, one] = request[0] ?? [];
    // The id is ambiguous.
    if (number === undefined || one === undefined || request.length > 1) return;
    transport.onmessage?.({ ...message, params: { ...message.params, requestId: number } }, extra);
    // A cancelled request gets no response.
    remove(number, one);
    if (one.resolve) one.resolve(undefined);
    else transport.closeSSEStream(number);
  };

  return {
    numbered: (request, slot) => track(request, slot),
    removeUnread: ({ id }) => {
      const one = open.get(id);
      if (one && !one.isRead) remove(id, one);
    },
    answer: (request, extra, slot) =>
      new Promise((resolve) => {
        // The session may end before all messages of a batch are handled.
        if (isEnded) resolve(sessionEndedResponse(request.id));
        else transport.onmessage?.(track(request, slot, resolve), extra);
      }),
    notify: (message, extra) => {
      if ('method' in message && message.method === 'notifications/cancelled') cancel(message, extra);
      else transport.onmessage?.(message, extra);
    },
  };
}

const sessionEndedResponse = (id: RequestId): string =>
  writeMessage(errorAnswer(id, -32_000, 'The session has ended.') as JSONRPCMessage);

/** The SDK's transport looks up the stream by our id, and serializes the message with the client's id. */
function withClientId(message: JSONRPCMessage, id: RequestId): JSONRPCMessage {
  const sent = { ...plainMessage(message), id };
  return Object.defineProperty({ ...message }, 'toJSON', { value: () => sent, enumerable: false });
}
