import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  ErrorCode,
  isInitializeRequest,
  isJSONRPCRequest,
  type JSONRPCMessage,
  type JSONRPCNotification,
  type JSONRPCRequest,
  type RequestId,
} from '@modelcontextprotocol/sdk/types.js';
import { fetch } from 'undici';
import { isNestedTooDeeply, markExact, parseExact, unmark } from '../../lib/exact-json.ts';
import { questionsSignal } from '../../lib/shutdown.ts';
import type { Log } from '../../observability/logger.ts';
import { hasEnvelope, metaKeys } from '../../protocol/envelope.ts';
import { createDispatcher } from '../../synqly/dispatcher.ts';
import { version } from '../../version.ts';
import { cancelledRequest } from '../http/cancel-requests.ts';
import { runUntilClosed } from '../stdio/serve-stdio.ts';
import { StdioTransport } from '../stdio/stdio-transport.ts';
import { forwardV2 } from './forward-v2.ts';
import { describeGatewayFault, notMcpMessage } from './gateway-error.ts';
import { type GatewayLink, gatewayFailed, linkGateway } from './gateway-session.ts';
import { keepStreamOpen } from './gateway-stream.ts';
import { OpenRequests } from './open-requests.ts';
import { ServerRequests } from './server-requests.ts';

export type GatewayHeaders = Readonly<Record<string, string>>;

/**
 * Connects a stdio client to a gateway: every message is forwarded over HTTP, for clients that cannot speak HTTP
 * themselves. Each request is sent separately, so an outage of the gateway fails only the requests sent during it.
 *
 * @param headers sent with every request: the bearer token for the gateway, and the client filters
 */
export async function connectGateway(gateway: URL, headers: GatewayHeaders, log: Log): Promise<void> {
  const client = new StdioTransport({ parse: parseExact });
  const requests = new OpenRequests();
  const serverRequests = new ServerRequests();
  const send = createSend(requests);
  let initialize: JSONRPCRequest | undefined;

  const link: GatewayLink = linkGateway({
    gateway,
    headers,
    send,
    handshake: () => initialize,
    onRenewed: (session) => {
      log.info(
        { gateway: gateway.origin },
        'the gateway did not know the session any more; opened a new one',
      );
      if (session.version !== undefined) upstream.setProtocolVersion(session.version);
      for (const message of serverRequests.dropOthers(session)) void client.send(message);
      stream.reopen();
    },
    onStreamClosed: (status) => stream.closed(status),
    onPlainResponse: (number) => plainResponses.add(number),
  });
  /** Requests whose response is not an event stream. Such a response carries the answer itself, or there is none. */
  const plainResponses = new Set<RequestId>();
  /**
   * Resolves when the client's `initialize` is answered. Messages that the client sends earlier wait for it, and go
   * out in its session.
   */
  let initialized = Promise.resolve();
  const upstream = new StreamableHTTPClientTransport(gateway, {
    fetch: (url, init) => {
      if (init?.method === 'GET') stream.opening();
      return link.fetch(url, init);
    },
    requestInit: { headers: { ...headers, 'user-agent': `synqly-mcp/${version}` } },
    // The SDK retries twice; `keepStreamOpen` retries for as long as the client is connected.
    reconnectionOptions: {
      maxRetries: 0,
      initialReconnectionDelay: 1_000,
      maxReconnectionDelay: 1_000,
      reconnectionDelayGrowFactor: 1,
    },
  });
  const stream = keepStreamOpen(() => upstream.resumeStream(''));

  upstream.onmessage = (message) => {
    if (isJSONRPCRequest(message)) return void client.send(serverRequests.add(message, link.session()));
    if ('method' in message) {
      const isCancellation = message.method === 'notifications/cancelled';
      const notification = isCancellation ? serverRequests.cancel(message, link.session()) : message;
      if (notification) void client.send(notification);
      return;
    }
    // A duplicate: the stream broke and was already answered with an error.
    const id = message.id === undefined ? undefined : requests.end(message.id);
    if (message.id !== undefined && id === undefined) return;
    const isInitializeResult = initialize && 'result' in message && message.id === initialize.id;
    const { protocolVersion } = isInitializeResult ? (message.result as { protocolVersion?: string }) : {};
    if (protocolVersion !== undefined) upstream.setProtocolVersion(protocolVersion);
    void client.send({ ...message, id } as JSONRPCMessage);
  };
  upstream.onerror = (error) => log.debug({ err: error }, 'error on the connection to the gateway');

  client.onmessage = (message) => {
    if (isNestedTooDeeply(message)) return void rejectDeepMessage(message);
    if (!('method' in message)) return void forwardResponse(message);
    if (!isJSONRPCRequest(message)) return void initialized.then(() => forwardNotification(message));
    if (hasEnvelope(message.params) && message.method !== 'initialize') return void forwardStateless(message);
    const numbered = requests.add(message);
    if (isInitializeRequest(message)) {
      initialize = numbered;
      initialized = forward(numbered);
    } else void initialized.then(() => forward(numbered));
  };
  client.onerror = (error) => log.warn({ err: error }, 'could not parse a message');

  /** Code that copies such a message would overflow the stack. */
  const rejectDeepMessage = async (message: JSONRPCMessage): Promise<void> => {
    if (!('id' in message) || message.id === undefined) return;
    const error = { code: ErrorCode.InvalidRequest, message: 'The message is nested too deeply.' };
    const rejection = { jsonrpc: '2.0', id: message.id, error } as const;
    await ('method' in message ? client.send(rejection) : forwardResponse(rejection));
  };

  const forwardResponse = async (message: JSONRPCMessage): Promise<void> => {
    const clientId = 'id' in message ? message.id : undefined;
    const serverRequest = clientId === undefined ? undefined : serverRequests.take(clientId);
    if (!serverRequest) return log.debug({}, 'ignored a response to a request that is no longer open');
    await link
      .answer({ ...message, id: serverRequest.id } as JSONRPCMessage, serverRequest.session)
      .catch((error) => log.warn({ err: error }, 'could not send a response to the gateway'));
  };

  const forwardNotification = async (message: JSONRPCNotification): Promise<void> => {
    const cancelled = cancelledRequest(message);
    // A gateway without sessions notices that the HTTP request is closed; one with sessions reads the notification.
    const request = cancelled === undefined ? undefined : requests.cancel(cancelled);
    if (cancelled !== undefined && (!request || request.isStateless)) return;
    const requestId = request?.number;
    const forwarded =
      requestId === undefined ? message : { ...message, params: { ...message.params, requestId } };
    await upstream
      .send(markExact(forwarded) as JSONRPCMessage)
      .catch((error) => log.debug({ err: error }, 'could not send a notification to the gateway'));
  };

  /** A request of the second generation belongs to no session. */
  const forwardStateless = async (request: JSONRPCRequest): Promise<void> => {
    const numbered = requests.add(request, { isStateless: true });
    // A stopping process waits until every request is answered; a subscription would never be.
    const isSubscription = request.method === 'subscriptions/listen';
    if (isSubscription)
      questionsSignal().addEventListener('abort', () => endSubscription(numbered, request.id));
    await forwardV2({ gateway, headers, send }, numbered, request.id, (message) => {
      if (requests.signalOf(numbered.id)) void client.send(message);
    });
    requests.end(numbered.id);
  };

  const endSubscription = ({ id: number }: JSONRPCRequest, id: RequestId): void => {
    const signal = requests.signalOf(number);
    if (!signal || !requests.cancel(id)) return;
    const _meta = { [metaKeys.subscription]: id };
    void client.send({ jsonrpc: '2.0', id, result: { resultType: 'complete', _meta } });
  };

  const forward = async (request: JSONRPCRequest): Promise<void> => {
    // Cancelled before it was sent.
    if (!requests.signalOf(request.id)) return;
    try {
      await upstream.send(markExact(request) as JSONRPCMessage);
      if (!plainResponses.delete(request.id)) return;
      const id = requests.end(request.id);
      if (id === undefined) return;
      log.warn({ gateway: gateway.origin }, 'the gateway did not answer a request');
      await client.send({ jsonrpc: '2.0', id, error: { code: gatewayFailed, message: notMcpMessage } });
    } catch (error) {
      plainResponses.delete(request.id);
      const id = requests.end(request.id);
      if (id === undefined) return;
      log.warn({ err: error, gateway: gateway.origin }, 'could not send a request to the gateway');
      await client.send({
        jsonrpc: '2.0',
        id,
        error: { code: gatewayFailed, message: describeGatewayFault(error) },
      });
    }
  };

  await upstream.start();
  await client.start();
  await runUntilClosed(client, () => upstream.close(), log);
}

/** Sends one request, and aborts it when the client cancels it. */
function createSend(requests: OpenRequests): FetchLike {
  // Node's own fetch ignores proxy settings before Node 24.
  const dispatcher = createDispatcher();
  return (url, init = {}) => {
    // A POST has the JSON of a message, anything else has no body.
    const body = typeof init.body === 'string' ? unmark(init.body) : null;
    const message: unknown = body === null ? undefined : JSON.parse(body);
    // The answer to a question has the gateway's own number.
    const cancelled = isJSONRPCRequest(message) ? requests.signalOf(message.id) : undefined;
    const signals = [init.signal, cancelled].filter((signal) => signal instanceof AbortSignal);
    const signal = AbortSignal.any(signals);
    return fetch(url, {
      ...init,
      headers: Object.fromEntries(new Headers(init.headers)),
      body,
      dispatcher,
      signal,
    });
  };
}
