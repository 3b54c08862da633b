import { setMaxListeners } from 'node:events';
import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage, JSONRPCRequest, RequestId } from '@modelcontextprotocol/sdk/types.js';
import { isJsonObject, type JsonObject, parseJson } from '../../lib/json.ts';
import { version } from '../../version.ts';
import { withEnding } from './end-stream.ts';

/** A request that the gateway did not take, or whose answer is lost, with what to do about it in its message. */
export class GatewayFault extends Error {
  override readonly name = 'GatewayFault';
}

/** What the gateway is asked in. It lasts until the gateway says that it does not know it. */
export interface GatewaySession {
  /** Undefined for a gateway without sessions. */
  readonly id: string | undefined;
  /** Version of the protocol; undefined before it is agreed. */
  readonly version: string | undefined;
  /** Ends all streams of the session. */
  readonly streams: AbortController;
}

export interface GatewayLink {
  /** For the SDK's transport: fetches in the present session, and in a new one where the gateway has lost that. */
  readonly fetch: FetchLike;
  session(): GatewaySession;
  /** Sends the client's answer to a question of the gateway, in the session that it was asked in and no other. */
  answer(message: JSONRPCMessage, session: GatewaySession): Promise<void>;
}

export interface GatewayLinkOptions {
  readonly gateway: URL;
  /** Of every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Sends one request. */
  readonly send: FetchLike;
  /** The client's own `initialize`, once it was sent. */
  readonly handshake: () => JSONRPCRequest | undefined;
  /** Told when a session was opened in the place of a lost one. */
  readonly onRenewed: (session: GatewaySession) => void;
  /** Told when the stream for messages that answer nothing has ended, or could not be opened. */
  readonly onStreamOver: (status: number | undefined) => void;
  /** Told of a request whose response is no stream: its answer is in there or comes no more. */
  readonly onWhole: (id: RequestId) => void;
}

/** Milliseconds in which a new session must be open. */
const renewTimeoutMs = 20_000;

const brokenOff =
  'The connection to the gateway broke before the answer: what was asked may have been done. Look before you repeat it.';
const lostAgain =
  'The gateway does not keep its sessions: a new one was lost at once, and nothing was done. If it is several processes, one client must reach one of them; without --sessions any will do.';

/**
 * Keeps a client's session with a gateway. One that has started anew answers 404 to the sessions it had, and by that has
 * done nothing: then a session is opened with the client's own `initialize`, once for all requests that wait for it, and
 * each is repeated once. A request that has been taken is never repeated.
 */
export function linkGateway(options: GatewayLinkOptions): GatewayLink {
  const { gateway, headers, send, handshake, onRenewed, onStreamOver, onWhole } = options;
  let session: GatewaySession = { id: undefined, version: undefined, streams: openStreams() };
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
    const asked = handshake();
    if (!asked) throw new GatewayFault('The gateway wants initialize first.');
    const signal = AbortSignal.timeout(renewTimeoutMs);
    const opened = await post(asked, {}, signal).catch((cause) => {
      throw notRenewed('it could not be reached', cause);
    });
    const text = await opened.text().catch(() => '');
    if (!opened.ok) throw notRenewed(`it answered HTTP ${opened.status} to initialize`);
    const agreed = agreedVersion(text, asked.id);
    if (agreed === undefined) throw notRenewed('it did not answer initialize as it should');
    const id = opened.headers.get('mcp-session-id') ?? undefined;
    session = { id, version: agreed, streams: openStreams() };
    // What the lost one still sends belongs to nothing any more.
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
    // Another request has seen to it.
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
      const streams = openStreams();
      const response = await send(url, within(init, { id: undefined, version: undefined, streams }));
      if (!response.ok) return response;
      session.streams.abort();
      session = { id: response.headers.get('mcp-session-id') ?? undefined, version: undefined, streams };
      return ended(response, request, session);
    }
    const used = session;
    const response = await send(url, within(init, used));
    if (!(await isLost(response, used))) return ended(response, request, used);
    await response.body?.cancel();
    const next = await renewed(used);
    const repeated = await send(url, within(init, next));
    if (await isLost(repeated, next)) {
      await repeated.body?.cancel();
      throw new GatewayFault(lostAgain);
    }
    return ended(repeated, request, next);
  };

  /** The response, whose stream says at its end what it has left without an answer. */
  const ended = (response: Response, request: JsonObject | undefined, used: GatewaySession): Response => {
    const isStream = response.headers.get('content-type')?.includes('text/event-stream') ?? false;
    const id = request?.method === undefined ? undefined : (request.id as RequestId | undefined);
    if (response.ok && !isStream && id !== undefined) onWhole(id);
    if (!response.ok || !isStream || !response.body) return response;
    const lost = { jsonrpc: '2.0', id, error: { code: gatewayFailed, message: brokenOff } };
    return withEnding(response, used.streams.signal, () => {
      if (request === undefined) onStreamOver(undefined);
      return id === undefined ? '' : `\n\ndata: ${JSON.stringify(lost)}\n\n`;
    });
  };

  return {
    session: () => session,
    fetch: async (url, init) => {
      if (init?.method !== 'GET') return fetchInSession(url, init);
      try {
        const response = await fetchInSession(url, init);
        if (!response.ok) onStreamOver(response.status);
        return response;
      } catch (error) {
        onStreamOver(undefined);
        throw error;
      }
    },
    answer: async (message, asked) => {
      if (asked !== session) return;
      const response = await post(message, asked, AbortSignal.timeout(renewTimeoutMs));
      await response.body?.cancel();
    },
  };
}

/** JSON-RPC error of a request that did not get through; the specification leaves this range to implementations. */
export const gatewayFailed = -32_000;

/** Many streams end with one session, which Node would take for a leak. */
function openStreams(): AbortController {
  const streams = new AbortController();
  setMaxListeners(0, streams.signal);
  return streams;
}

function within(init: RequestInit, { id, version: agreed }: GatewaySession): RequestInit {
  const headers = new Headers(init.headers);
  headers.delete('mcp-session-id');
  if (id !== undefined) headers.set('mcp-session-id', id);
  if (agreed !== undefined) headers.set('mcp-protocol-version', agreed);
  return { ...init, headers };
}

/** Whether the gateway has turned a request away for its session: an unknown one, or none where it has begun to keep them. */
async function isLost(response: Response, { id }: GatewaySession): Promise<boolean> {
  if (id !== undefined) return response.status === 404;
  if (response.status !== 400) return false;
  const reason = await response
    .clone()
    .text()
    .catch(() => '');
  return /keeps sessions|not initialized/i.test(reason);
}

/** The version that an answer to `initialize` agrees to; the answer is JSON, or the only message of a stream. */
function agreedVersion(text: string, id: RequestId): string | undefined {
  const lines = text.split(/\r\n|\n|\r/).filter((line) => line.startsWith('data:'));
  const candidates = [text, ...lines.map((line) => line.slice('data:'.length))].map(parseJson);
  const answer = candidates.find((one) => isJsonObject(one) && one.id === id && isJsonObject(one.result));
  const result = isJsonObject(answer) && isJsonObject(answer.result) ? answer.result : undefined;
  return typeof result?.protocolVersion === 'string' ? result.protocolVersion : undefined;
}

function notRenewed(why: string, cause?: unknown): GatewayFault {
  return new GatewayFault(
    `The gateway has lost this session, and a new one could not be opened: ${why}. Nothing was done; try again in a moment.`,
    { cause },
  );
}
