import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage, JSONRPCRequest, RequestId } from '@modelcontextprotocol/sdk/types.js';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { parseExact, stringifyJson } from '../../lib/exact-json.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { metaKeys } from '../../protocol/envelope.ts';
import { version } from '../../version.ts';
import { describeGatewayFault, describeGatewayStatus, notMcpMessage } from './gateway-error.ts';
import { connectionBroke, gatewayFailed } from './gateway-session.ts';

export interface V2Gateway {
  readonly gateway: URL;
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Sends one request. */
  readonly send: FetchLike;
}

/**
 * Forwards a request of protocol revision 2026-07-28, which has no session, to the gateway.
 *
 * @param request under a number of its own
 * @param clientId the client's id of the request
 * @param deliver takes the messages of the response, under the client's id
 * @returns whether the response was delivered; without one, the client has cancelled the request
 */
export async function forwardV2(
  { gateway, headers, send }: V2Gateway,
  request: JSONRPCRequest,
  clientId: RequestId,
  deliver: (message: JSONRPCMessage) => void,
): Promise<void> {
  const fail = (message: string) =>
    deliver({ jsonrpc: '2.0', id: clientId, error: { code: gatewayFailed, message } });
  let hasAnswer = false;
  const receive = (text: string): void => {
    const message = readMessage(text);
    if (!message) return;
    hasAnswer ||= message.method === undefined;
    deliver(withClientId(message, clientId) as JSONRPCMessage);
  };
  let response: Response | undefined;
  try {
    response = await send(gateway, {
      method: 'POST',
      headers: {
        ...headers,
        ...v2Headers(request),
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'user-agent': `synqly-mcp/${version}`,
      },
      body: stringifyJson(request),
    });
    if (response.body && response.headers.get('content-type')?.includes('text/event-stream')) {
      const events = response.body
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream());
      for await (const { data } of events) receive(data);
      if (!hasAnswer) fail(connectionBroke);
      return;
    }
    const text = await response.text();
    // Errors of the protocol come with a status of their own, and with the id of the request.
    if (readMessage(text)?.id === request.id) receive(text);
    else fail(response.ok ? notMcpMessage : describeGatewayStatus(response.status, text));
  } catch (error) {
    if (!hasAnswer) fail(response ? connectionBroke : describeGatewayFault(error));
  }
}

function readMessage(text: string): JsonObject | undefined {
  try {
    const message = parseExact(text);
    return isJsonObject(message) && message.jsonrpc === '2.0' ? message : undefined;
  } catch {
    return undefined;
  }
}

/** Puts the client's id where the gateway repeats the request's number: as the id, and as that of a subscription. */
function withClientId(message: JsonObject, id: RequestId): JsonObject {
  const key = 'params' in message ? 'params' : 'result';
  const part = message[key];
  const meta = isJsonObject(part) ? part._meta : undefined;
  const hasSubscription = isJsonObject(meta) && metaKeys.subscription in meta;
  return {
    ...message,
    ...(message.method === undefined && { id }),
    ...(hasSubscription && {
      [key]: { ...(part as JsonObject), _meta: { ...meta, [metaKeys.subscription]: id } },
    }),
  };
}

/** The headers that repeat parts of the body (MCP specification 2026-07-28, transports, standard headers). */
function v2Headers({ method, params }: JSONRPCRequest): Record<string, string> {
  const name = method === 'resources/read' ? params?.uri : params?.name;
  return {
    'mcp-protocol-version': String(params?._meta?.[metaKeys.version]),
    'mcp-method': encodeHeader(method),
    ...(typeof name === 'string' && { 'mcp-name': encodeHeader(name) }),
  };
}

/** A header value; as Base64 where the text could not stand in a header, or looks like Base64 (SEP-2243). */
function encodeHeader(text: string): string {
  if (/^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(text) && !text.startsWith('=?base64?')) return text;
  return `=?base64?${Buffer.from(text, 'utf8').toString('base64')}?=`;
}
