import { setMaxListeners } from 'node:events';
import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage, JSONRPCRequest, RequestId } from '@modelcontextprotocol/sdk/types.js';
import { isJsonObject, type JsonObject, parseJson } from '../../lib/json.ts';
import { version } from '../../version.ts';
import { withEnding } from './end-stream.ts';

/** The gateway did not accept a request, or its response is lost. The message says what to do. */
export class GatewayFault extends Error {
  override readonly name = 'GatewayFault';
}

/** A session with the gateway. It lasts until the gateway no longer knows it. */
export interface GatewaySession {
  /** Undefined if the gateway keeps no sessions. */
  readonly id: string | undefined;
  /** Protocol version; undefined until it is agreed. */
  readonly version: string | undefined;
  /** Ends all streams of the session. */
  readonly streams: AbortController;
}

export interface GatewayLink {
  /**
   * For the SDK's transport: fetches in the current session, or in a new one if the gateway has lost the current
   * one.
   */
  readonly fetch: FetchLike;
  session(): GatewaySession;
  /** Sends the client's response to a server request, only in the session that the request came from. */
  answer(message: JSONRPCMessage, session: GatewaySession): Promise<void>;
}

export interface GatewayLinkOptions {
  readonly gateway: URL;
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Sends one request. */
  readonly send: FetchLike;
  /** The client's own `initialize`, once it was sent. */
  readonly handshake: () => JSONRPCRequest | undefined;
  /** Called when a new session has replaced a lost one. */
  readonly onRenewed: (session: GatewaySession) => void;
  /** Called when the stream of server messages has ended or could not be opened. */
  readonly onStreamClosed: (status: number | undefined) => void;
  /** Called when the response to a request is not an event stream: it holds the answer, or there is none. */
  readonly onPlainResponse: (id: RequestId) => void;
}

/** Milliseconds in which a new session must be open. */
const renewTimeoutMs = 20_000;

/** The response is lost. */
export const connectionBroke =
  'The connection to the gateway broke before the response. The request may have taken effect: check before you repeat it.';
const sessionLostAgain =
  'The gateway lost a new session at once; the request did nothing. If the gateway runs as several processes with --sessions, route each client to the same process, or run it without --sessions.';

/**
 * Keeps a client's session with a gateway. A restarted gateway answers 404 to the sessions it had, and does nothing
 * else. A new session is then opened with the client's own `initialize`, once for all requests that wait for it,
 * and each request is repeated once. A request that the gateway accepted is never repeated.
 */
export function linkGateway(options: GatewayLinkOptions): GatewayLink {
  const { gateway, headers, send, handshake, onRenewed, onStreamClosed, onPlainResponse } = options;
  let session: GatewaySession = { id: undefined, version: undefined, streams: newStreams() };
  let renewing: Promise<GatewaySession> | undefined;

  const post = (message: object, { id, version: agreed }: Partial<GatewaySession>, signal: AbortSignal) =>
    send(gateway, {
      method: 'POST',
      headers: {
        ...headers,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'user-agent': `synqly-mcp/${version}`,
        ...(id !== undefined && { 'mcp-session-id': id }),
        ...(agreed !== undefined && { 'mcp-protocol-version': agreed }),
      },
      body: JSON.stringify(message),
      signal,
    });

  const renew = async (lost: GatewaySession): Promise<GatewaySession> => {
    const initialize = handshake();
    if (!initialize) throw new GatewayFault('The gateway requires initialize first.');
    const signal = AbortSignal.timeout(renewTimeoutMs);
    const opened = await post(initialize, {}, signal).catch((cause) => {
      throw notRenewed('it could not be reached', cause);
    });
    const text = await opened.text().catch(() => '');
    if (!opened.ok) throw notRenewed(`it answered HTTP ${opened.status} to initialize`);
    const agreed = agreedVersion(text, initialize.id);
    if (agreed === undefined) throw notRenewed('its response to initialize is not valid');
    const id = opened.headers.get('mcp-session-id') ?? undefined;
    session = { id, version: agreed, streams: newStreams() };
    // Messages that the lost session still sends belong to no open request.
    lost.streams.abort();
    const reason = await post({ jsonrpc: '2.0', method: 'notifications/initialized' }, session, signal).catch(
      (cause) => {
        throw notRenewed('it could not be reached', cause);
      },
    );
    await reason.body?.cancel();
    onRenewed(session);
    return session;
  };
  const renewed = (lost: GatewaySession): Promise<GatewaySession> => {
    // Another request has already renewed it.
    if (session !== lost) return Promise.resolve(session);
    renewing ??= renew(lost).finally(() => {
      renewing = undefined;
    });
    return renewing;
  };

  const fetchInSession: FetchLike = async (url, init = {}) => {
    const message = typeof init.body === 'string' ? parseJson(init.body) : undefined;
    const request = isJsonObject(message) ? message : undefined;
    if (request?.method === 'initialize') {
      const streams = newStreams();
      const response = await send(url, inSession(init, { id: undefined, version: undefined, streams }));
      if (!response.ok) return response;
      session.streams.abort();
      session = { id: response.headers.get('mcp-session-id') ?? undefined, version: undefined, streams };
      return withLostAnswer(response, request, session);
    }
    const used = session;
    const response = await send(url, inSession(init, used));
    if (!(await isLost(response, used))) return withLostAnswer(response, request, used);
    await response.body?.cancel();
    const next = await renewed(used);
    const repeated = await send(url, inSession(init, next));
    if (await isLost(repeated, next)) {
      await repeated.body?.cancel();
      throw new GatewayFault(sessionLostAgain);
    }
    return withLostAnswer(repeated, request, next);
  };

  /** Appends an error to the stream of a response for a request that the stream leaves unanswered. */
  const withLostAnswer = (
    response: Response,
    request: JsonObject | undefined,
    used: GatewaySession,
  ): Response => {
    const isStream = response.headers.get('content-type')?.includes('text/event-stream') ?? false;
    const id = request?.method === undefined ? undefined : (request.id as RequestId | undefined);
    if (response.ok && !isStream && id !== undefined) onPlainResponse(id);
    if (!response.ok || !isStream || !response.body) return response;
    const lost = { jsonrpc: '2.0', id, error: { code: gatewayFailed, message: connectionBroke } };
    return withEnding(response, used.streams.signal, () => {
      if (request === undefined) onStreamClosed(undefined);
      return id === undefined ? '' : `\n\ndata: ${JSON.stringify(lost)}\n\n`;
    });
  };

  return {
    session: () => session,
    fetch: async (url, init) => {
      if (init?.method !== 'GET') return fetchInSession(url, init);
      try {
        const response = await fetchInSession(url, init);
        if (!response.ok) onStreamClosed(response.status);
        return response;
      } catch (error) {
        onStreamClosed(undefined);
        throw error;
      }
    },
    answer: async (message, requestSession) => {
      if (requestSession !== session) return;
      const response = await post(message, requestSession, AbortSignal.timeout(renewTimeoutMs));
      await response.body?.cancel();
    },
  };
}

/**
 * JSON-RPC error code for a request that did not reach the gateway; the specification reserves this range for
 * implementations.
 */
export const gatewayFailed = -32_000;

/** One session ends many streams: without this, Node warns of a listener leak. */
function newStreams(): AbortController {
  const streams = new AbortController();
  setMaxListeners(0, streams.signal);
  return streams;
}

function inSession(init: RequestInit, { id, version: agreed }: GatewaySession): RequestInit {
  const headers = new Headers(init.headers);
  headers.delete('mcp-session-id');
  if (id !== undefined) headers.set('mcp-session-id', id);
  if (agreed !== undefined) headers.set('mcp-protocol-version', agreed);
  return { ...init, headers };
}

/** Whether the gateway rejected a request because of its session: an unknown one, or none where it now keeps them. */
async function isLost(response: Response, { id }: GatewaySession): Promise<boolean> {
  if (id !== undefined) return response.status === 404;
  if (response.status !== 400) return false;
  const reason = await response
    .clone()
    .text()
    .catch(() => '');
  return /keeps sessions|not initialized/i.test(reason);
}

/** The protocol version in a response to `initialize`, which is JSON or the only message of a stream. */
function agreedVersion(text: string, id: RequestId): string | undefined {
  const lines = text.split(/\r\n|\n|\r/).filter((line) => line.startsWith('data:'));
  const candidates = [text, ...lines.map((line) => line.slice('data:'.length))].map(parseJson);
  const answer = candidates.find((one) => isJsonObject(one) && one.id === id && isJsonObject(one.result));
  const result = isJsonObject(answer) && isJsonObject(answer.result) ? answer.result : undefined;
  return typeof result?.protocolVersion === 'string' ? result.protocolVersion : undefined;
}

function notRenewed(why: string, cause?: unknown): GatewayFault {
  return new GatewayFault(
    `The gateway has lost this session, and opening a new one failed: ${why}. The request did nothing; try again in a moment.`,
    { cause },
  );
}
