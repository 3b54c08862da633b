import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import {
  isInitializeRequest,
  isJSONRPCNotification,
  isJSONRPCRequest,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type RequestId,
} from '@modelcontextprotocol/sdk/types.js';
import { fetch } from 'undici';
import type { Log } from '../log.ts';
import { openPool } from '../synqly/pool.ts';
import { version } from '../version.ts';
import { untilGone } from './stdio.ts';

/** JSON-RPC error of a request that did not get through; the specification leaves this range to implementations. */
const gatewayFailed = -32_000;

export type BridgeHeaders = Readonly<Record<string, string>>;

/**
 * Serves one client over stdin and stdout by forwarding everything to a gateway over HTTP, for clients that cannot do HTTP
 * themselves. A gateway that is away fails the requests of that time only: each is sent on its own.
 *
 * @param headers of every request: the bearer for the gateway, all that this machine holds, and what narrows it
 */
export async function serveBridge(gateway: URL, headers: BridgeHeaders, log: Log): Promise<void> {
  const client = new StdioServerTransport();
  const requests = new Map<RequestId, AbortController>();
  const upstream = connectGateway(gateway, headers, requests);
  let initialize: JSONRPCRequest | undefined;

  upstream.onmessage = (message) => {
    const isWelcome = initialize && 'result' in message && message.id === initialize.id;
    const { protocolVersion } = isWelcome ? (message.result as { protocolVersion?: string }) : {};
    if (protocolVersion !== undefined) upstream.setProtocolVersion(protocolVersion);
    void client.send(message);
  };
  upstream.onerror = (error) => log.debug({ err: error }, 'the gateway connection had a fault');

  client.onmessage = (message) => {
    if (isInitializeRequest(message)) initialize = message as JSONRPCRequest;
    const cancelled = cancelledRequest(message);
    // Closing the request is what a gateway without sessions can notice; the notification would reach nobody.
    if (cancelled !== undefined) requests.get(cancelled)?.abort();
    void forward(message);
  };
  client.onerror = (error) => log.warn({ err: error }, 'a message was not understood');

  const forward = async (message: JSONRPCMessage): Promise<void> => {
    const id = isJSONRPCRequest(message) ? message.id : undefined;
    const request = new AbortController();
    if (id !== undefined) requests.set(id, request);
    try {
      await upstream.send(message);
    } catch (error) {
      if (id === undefined || request.signal.aborted) return;
      log.warn({ err: error, gateway: gateway.origin }, 'the gateway did not take a request');
      await client.send({ jsonrpc: '2.0', id, error: { code: gatewayFailed, message: describe(error) } });
    } finally {
      if (id !== undefined) requests.delete(id);
    }
  };

  await upstream.start();
  await client.start();
  await untilGone(client, () => upstream.close(), log);
}

function connectGateway(
  gateway: URL,
  headers: BridgeHeaders,
  requests: ReadonlyMap<RequestId, AbortController>,
): StreamableHTTPClientTransport {
  // Node's own fetch heeds no proxy settings before Node 24.
  const dispatcher = openPool();
  const send = (url: string | URL, init: RequestInit = {}) => {
    const { id } = (typeof init.body === 'string' ? JSON.parse(init.body) : {}) as { id?: RequestId };
    const request = id === undefined ? undefined : requests.get(id);
    const signals = [init.signal, request?.signal].filter((signal) => signal instanceof AbortSignal);
    return fetch(url, { ...init, dispatcher, signal: AbortSignal.any(signals) } as never);
  };
  return new StreamableHTTPClientTransport(gateway, {
    fetch: send as never,
    requestInit: { headers: { ...headers, 'user-agent': `synqly-mcp/${version}` } },
  });
}

function cancelledRequest(message: JSONRPCMessage): RequestId | undefined {
  const isCancel = isJSONRPCNotification(message) && message.method === 'notifications/cancelled';
  return isCancel ? (message.params?.requestId as RequestId | undefined) : undefined;
}

/** What a person or a model can do about it. The gateway's own words stay out: they may be anyone's page. */
function describe(error: unknown): string {
  const status = (error as { code?: unknown }).code;
  if (status === 401) return 'The gateway did not accept the token: renew SYNQLY_MCP_TOKEN and restart.';
  if (status === 403)
    return 'The gateway refused: the token does not reach this, or the gateway is asked under a wrong name.';
  if (status === 429 || status === 503) return 'The gateway is busy: try again in a moment.';
  if (typeof status === 'number') return `The gateway answered HTTP ${status}.`;
  return 'The gateway could not be reached: try again, or check --gateway and the network.';
}
