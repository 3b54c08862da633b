import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  isJSONRPCNotification,
  isJSONRPCRequest,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type RequestId,
} from '@modelcontextprotocol/sdk/types.js';
import { questionsSignal } from '../../lib/shutdown.ts';
import { hasEnvelope, missingKeys, readEnvelope } from '../../protocol/envelope.ts';
import { RpcError } from '../../protocol/rpc-error.ts';
import type { FeatureSource } from '../../protocol/server-features.ts';
import type { RpcNotification, RpcResponse, StatelessServer } from '../../protocol/stateless-server.ts';
import { type Subscription, subscribe } from '../../protocol/subscriptions.ts';
import { connectEndpoint, type Endpoint } from '../json-rpc/endpoint.ts';
import { errorAnswer, idValue, internalErrorMessage } from '../json-rpc/messages.ts';

/**
 * Routes each message to the server of its protocol generation. A request with an envelope belongs to the second one;
 * a client that discovers and then initializes all the same is answered by the first.
 *
 * @param transport the transport that the server of the first generation is connected to
 */
export function routeGenerations(
  transport: Transport,
  openV2: () => Promise<StatelessServer>,
  features: FeatureSource,
): void {
  const receiveV1 = transport.onmessage;
  const running = new Map<RequestId, { withdraw(): void }>();
  const subscriptions = new Map<RequestId, Subscription>();
  let endpoint: Promise<Endpoint> | undefined;
  let isInitialized = false;
  /** Whether the client has sent a request of the second generation other than `server/discover`. */
  let speaksV2 = false;

  const send = (message: RpcNotification | RpcResponse | ReturnType<typeof errorAnswer>) =>
    transport.send(message as JSONRPCMessage).catch((error) => transport.onerror?.(error as Error));
  const answer = async (request: JSONRPCRequest): Promise<void> => {
    const { id } = request;
    // Loading the server takes a moment, in which the client may cancel.
    let isWithdrawn = false;
    let current: { withdraw(): void } = {
      withdraw: () => {
        isWithdrawn = true;
      },
    };
    running.set(id, current);
    try {
      endpoint ??= openV2().then(connectEndpoint);
      const { answer } = await endpoint;
      if (isWithdrawn) return;
      const pending = answer(request, { notify: (notification) => void send(notification) });
      current = pending;
      running.set(id, pending);
      const response = await pending.response;
      if (response) await send(response);
    } finally {
      // The client may have used the id again.
      if (running.get(id) === current) running.delete(id);
    }
  };
  /** A stopping process waits until every request is answered. */
  const endSubscriptions = (): void => {
    for (const subscription of subscriptions.values()) void send(subscription.end());
    subscriptions.clear();
  };
  const keep = (id: RequestId, subscription: Subscription): void => {
    subscriptions.get(id)?.end();
    subscriptions.set(id, subscription);
    const stopping = questionsSignal();
    if (stopping.aborted) endSubscriptions();
    // Adding the same listener again has no effect.
    else stopping.addEventListener('abort', endSubscriptions, { once: true });
  };
  const listen = (request: JSONRPCRequest): void => {
    try {
      const opened = subscribe(
        request,
        idValue(request.id),
        features,
        (notification) => void send(notification),
      );
      if ('id' in opened) void send(opened);
      else keep(request.id, opened);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      void send(errorAnswer(request.id, error.code, error.message));
    }
  };
  const receiveV2 = (request: JSONRPCRequest): void => {
    const envelope = readEnvelope(request.params);
    if ('code' in envelope) {
      void send(errorAnswer(request.id, envelope.code, envelope.message, envelope.data));
      return;
    }
    if (request.method !== 'server/discover') speaksV2 = true;
    if (request.method === 'subscriptions/listen') {
      listen(request);
      return;
    }
    answer(request).catch((error) => {
      transport.onerror?.(error as Error);
      void send(errorAnswer(request.id, -32_603, internalErrorMessage));
    });
  };
  /** @returns whether the request that is cancelled belongs to the second generation */
  const cancel = (id: RequestId): boolean => {
    const subscription = subscriptions.get(id);
    subscriptions.delete(id);
    subscription?.end();
    const pending = running.get(id);
    pending?.withdraw();
    return subscription !== undefined || pending !== undefined;
  };

  transport.onmessage = (message, extra) => {
    if (isJSONRPCNotification(message) && message.method === 'notifications/cancelled') {
      if (cancel(message.params?.requestId as RequestId)) return;
    }
    if (!isJSONRPCRequest(message)) return receiveV1?.(message, extra);
    if (message.method === 'initialize') {
      const isV1 = !hasEnvelope(message.params) || 'code' in readEnvelope(message.params);
      isInitialized ||= isV1;
      return isV1 ? receiveV1?.(message, extra) : receiveV2(message);
    }
    if (hasEnvelope(message.params)) return receiveV2(message);
    if (isInitialized || !speaksV2) return receiveV1?.(message, extra);
    const { code, message: text, data } = missingKeys();
    void send(errorAnswer(message.id, code, text, data));
  };
}
