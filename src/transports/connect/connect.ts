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
import type { Log } from '../../observability/logger.ts';
import { createDispatcher } from '../../synqly/dispatcher.ts';
import { version } from '../../version.ts';
import { cancelledRequest } from '../http/cancel-requests.ts';
import { untilGone } from '../stdio/serve-stdio.ts';
import { StdioTransport } from '../stdio/stdio-transport.ts';
import { describeGatewayFault, notMcp } from './gateway-error.ts';
import { type GatewayLink, gatewayFailed, linkGateway } from './gateway-session.ts';
import { keepStreamOpen } from './gateway-stream.ts';
import { OpenRequests } from './open-requests.ts';
import { Questions } from './questions.ts';

export type GatewayHeaders = Readonly<Record<string, string>>;

/**
 * Serves one client over stdin and stdout by forwarding everything to a gateway over HTTP, for clients that cannot do HTTP
 * themselves. A gateway that is away fails the requests of that time only: each is sent on its own.
 *
 * @param headers of every request: the bearer for the gateway, all that this machine holds, and what narrows it
 */
export async function connectGateway(gateway: URL, headers: GatewayHeaders, log: Log): Promise<void> {
  const client = new StdioTransport({ parse: parseExact });
  const requests = new OpenRequests();
  const questions = new Questions();
  let initialize: JSONRPCRequest | undefined;

  const link: GatewayLink = linkGateway({
    gateway,
    headers,
    send: sendFrom(requests),
    handshake: () => initialize,
    onRenewed: (session) => {
      log.info({ gateway: gateway.origin }, 'the gateway had lost the session, and a new one is open');
      if (session.version !== undefined) upstream.setProtocolVersion(session.version);
      for (const message of questions.dropOthers(session)) void client.send(message);
      stream.reopen();
    },
    onStreamOver: (status) => stream.over(status),
    onWhole: (number) => whole.add(number),
  });
  /** Requests whose responses are no streams: what answers them has come when they are over. */
  const whole = new Set<RequestId>();
  /** Over when the client's `initialize` is answered. What a client sends before is sent in the session that it opens. */
  let begun = Promise.resolve();
  const upstream = new StreamableHTTPClientTransport(gateway, {
    fetch: (url, init) => {
      if (init?.method === 'GET') stream.opening();
      return link.fetch(url, init);
    },
    requestInit: { headers: { ...headers, 'user-agent': `synqly-mcp/${version}` } },
    // The stream is reopened for as long as the client is there, not twice.
    reconnectionOptions: {
      maxRetries: 0,
      initialReconnectionDelay: 1_000,
      maxReconnectionDelay: 1_000,
      reconnectionDelayGrowFactor: 1,
    },
  });
  const stream = keepStreamOpen(() => upstream.resumeStream(''));

  upstream.onmessage = (message) => {
    if (isJSONRPCRequest(message)) return void client.send(questions.ask(message, link.session()));
    if ('method' in message) {
      const isTakenBack = message.method === 'notifications/cancelled';
      const notification = isTakenBack ? questions.takeBack(message, link.session()) : message;
      if (notification) void client.send(notification);
      return;
    }
    // An answer that comes twice is the second time the one of a stream that has ended since.
    const id = message.id === undefined ? undefined : requests.end(message.id);
    if (message.id !== undefined && id === undefined) return;
    const isWelcome = initialize && 'result' in message && message.id === initialize.id;
    const { protocolVersion } = isWelcome ? (message.result as { protocolVersion?: string }) : {};
    if (protocolVersion !== undefined) upstream.setProtocolVersion(protocolVersion);
    void client.send({ ...message, id } as JSONRPCMessage);
  };
  upstream.onerror = (error) => log.debug({ err: error }, 'the gateway connection had a fault');

  client.onmessage = (message) => {
    if (isNestedTooDeeply(message)) return void refuseDeep(message);
    if (!('method' in message)) return void passAnswer(message);
    if (!isJSONRPCRequest(message)) return void begun.then(() => passNotification(message));
    const numbered = requests.add(message);
    if (isInitializeRequest(message)) {
      initialize = numbered;
      begun = forward(numbered);
    } else void begun.then(() => forward(numbered));
  };
  client.onerror = (error) => log.warn({ err: error }, 'a message was not understood');

  /** Whatever copies such a message would run out of stack. */
  const refuseDeep = async (message: JSONRPCMessage): Promise<void> => {
    if (!('id' in message) || message.id === undefined) return;
    const error = { code: ErrorCode.InvalidRequest, message: 'The message is nested too deeply.' };
    const refused = { jsonrpc: '2.0', id: message.id, error } as const;
    await ('method' in message ? client.send(refused) : passAnswer(refused));
  };

  const passAnswer = async (message: JSONRPCMessage): Promise<void> => {
    const shown = 'id' in message ? message.id : undefined;
    const question = shown === undefined ? undefined : questions.take(shown);
    if (!question) return log.debug({}, 'an answer came to a question that nobody asks any more');
    await link
      .answer({ ...message, id: question.id } as JSONRPCMessage, question.session)
      .catch((error) => log.warn({ err: error }, 'the gateway did not take an answer'));
  };

  const passNotification = async (message: JSONRPCNotification): Promise<void> => {
    const cancelled = cancelledRequest(message);
    // Closing the request is what a gateway without sessions can notice; the notification is for one with them.
    const requestId = cancelled === undefined ? undefined : requests.cancel(cancelled);
    if (cancelled !== undefined && requestId === undefined) return;
    const passed =
      requestId === undefined ? message : { ...message, params: { ...message.params, requestId } };
    await upstream
      .send(markExact(passed) as JSONRPCMessage)
      .catch((error) => log.debug({ err: error }, 'the gateway did not take a notification'));
  };

  const forward = async (request: JSONRPCRequest): Promise<void> => {
    // Cancelled before it was sent.
    if (!requests.signalOf(request.id)) return;
    try {
      await upstream.send(markExact(request) as JSONRPCMessage);
      if (!whole.delete(request.id)) return;
      const id = requests.end(request.id);
      if (id === undefined) return;
      log.warn({ gateway: gateway.origin }, 'the gateway did not answer a request');
      await client.send({ jsonrpc: '2.0', id, error: { code: gatewayFailed, message: notMcp } });
    } catch (error) {
      whole.delete(request.id);
      const id = requests.end(request.id);
      if (id === undefined) return;
      log.warn({ err: error, gateway: gateway.origin }, 'the gateway did not take a request');
      await client.send({
        jsonrpc: '2.0',
        id,
        error: { code: gatewayFailed, message: describeGatewayFault(error) },
      });
    }
  };

  await upstream.start();
  await client.start();
  await untilGone(client, () => upstream.close(), log);
}

/** Sends one request, which ends when the client cancels it. */
function sendFrom(requests: OpenRequests): FetchLike {
  // Node's own fetch heeds no proxy settings before Node 24.
  const dispatcher = createDispatcher();
  return (url, init = {}) => {
    const body = typeof init.body === 'string' ? unmark(init.body) : init.body;
    const message: unknown = typeof body === 'string' ? JSON.parse(body) : undefined;
    // The answer to a question has the gateway's own number.
    const cancelled = isJSONRPCRequest(message) ? requests.signalOf(message.id) : undefined;
    const signals = [init.signal, cancelled].filter((signal) => signal instanceof AbortSignal);
    return fetch(url, { ...init, body, dispatcher, signal: AbortSignal.any(signals) } as never) as never;
  };
}
