import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  isJSONRPCNotification,
  isJSONRPCRequest,
  LATEST_PROTOCOL_VERSION,
  type RequestId,
} from '@modelcontextprotocol/sdk/types.js';
import { numberRequests, type SessionRequests } from './session-requests.ts';

/** A session of the Streamable HTTP transport, bound to the token that opened it, and to how its client narrowed it then. */
export interface HttpSession {
  readonly transport: StreamableHTTPServerTransport;
  readonly requests: SessionRequests;
  /** Whether it answers by JSON alone, for a client that takes no stream. */
  readonly json: boolean;
  /** The revision of MCP that it was agreed on at its beginning. */
  readonly revision: string;
  /** Counts the session as in use until the response is over: while a stream is open, or an answer is awaited. */
  serve(response: ServerResponse): void;
}

export interface Sessions {
  /** The session, for whoever has the key that opened it; to anyone else it is unknown. */
  find(id: string, key: string): HttpSession | undefined;
  /**
   * A session that stays if its first message turns out to be `initialize`, and ends with that message's response
   * otherwise; undefined when there is no room.
   *
   * @param owner whose it is: places are shared out among owners
   * @param key what a request must have to be let into it
   * @param json answer by JSON, for a client that takes no stream
   */
  open(
    owner: string,
    key: string,
    json: boolean,
    makeServer: () => Promise<Server>,
  ): Promise<HttpSession | undefined>;
  closeAll(): Promise<void>;
}

export interface SessionLimits {
  /** Milliseconds without use after which a session is ended. */
  readonly idle: number;
  readonly max?: number;
  readonly maxOfOneOwner?: number;
}

const maxSessions = 1_000;
/** One token may be shared by many clients, and still leave room for other tokens. */
const maxOfOne = 200;
/** Milliseconds between two looks for sessions that were idle too long. */
const maxSweepIntervalMs = 30_000;

interface Entry {
  readonly owner: string;
  readonly key: string;
  readonly json: boolean;
  id: string | undefined;
  server: Server | undefined;
  transport: StreamableHTTPServerTransport | undefined;
  requests: SessionRequests | undefined;
  /** As its first answer tells it. */
  revision: string;
  /** Responses that are not over. */
  responses: number;
  /** Requests that are not answered: a call goes on when its client's connection breaks. */
  readonly running: Set<RequestId>;
  lastUsed: number;
}

/** Keeps sessions until they are deleted, or idle for too long. One that is in use is never ended for another. */
export function createSessions({
  idle,
  max = maxSessions,
  maxOfOneOwner = maxOfOne,
}: SessionLimits): Sessions {
  const entries = new Set<Entry>();
  const byId = new Map<string, Entry>();

  const end = (entry: Entry): void => {
    entries.delete(entry);
    if (entry.id !== undefined) byId.delete(entry.id);
    entry.server?.close().catch(() => {});
  };
  const endExpired = (): void => {
    const before = performance.now() - idle;
    for (const entry of entries) if (isIdle(entry) && entry.lastUsed <= before) end(entry);
  };
  const sweep = setInterval(endExpired, Math.min(maxSweepIntervalMs, Math.max(100, idle / 4))).unref();

  /** Ends an idle session where there is no place left; false if there is none that may be ended for this owner. */
  const makeRoom = (owner: string): boolean => {
    endExpired();
    const counts = countByOwner(entries);
    const own = counts.get(owner) ?? 0;
    if (own < maxOfOneOwner && entries.size < max) return true;
    // Nobody loses a session to someone who has as many: a flood ends its own sessions.
    const endable = [...entries].filter((entry) => {
      if (!isIdle(entry)) return false;
      return entry.owner === owner || (own < maxOfOneOwner && (counts.get(entry.owner) ?? 0) > own);
    });
    const countOf = (entry: Entry) => counts.get(entry.owner) ?? 0;
    const [first] = endable.sort((a, b) => countOf(b) - countOf(a) || a.lastUsed - b.lastUsed);
    if (first) end(first);
    return first !== undefined;
  };

  const use = (entry: Entry): HttpSession => ({
    transport: entry.transport as StreamableHTTPServerTransport,
    requests: entry.requests as SessionRequests,
    json: entry.json,
    revision: entry.revision,
    serve: (response) => {
      const release = () => {
        entry.responses -= 1;
        entry.lastUsed = performance.now();
        if (entry.id === undefined && entry.responses === 0) end(entry);
      };
      entry.responses += 1;
      if (response.closed) release();
      else response.once('close', release);
    },
  });

  const connect = async (entry: Entry, server: Server): Promise<void> => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      enableJsonResponse: entry.json,
      onsessioninitialized: (id) => {
        entry.id = id;
        if (entries.has(entry)) byId.set(id, entry);
      },
      onsessionclosed: () => end(entry),
    });
    entry.server = server;
    entry.transport = transport;
    await server.connect(transport as never);
    entry.requests = numberRequests(transport);
    // Around the numbers, so that what they answer counts as answered.
    trackRequests(transport, entry);
  };

  return {
    find: (id, key) => {
      const entry = byId.get(id);
      if (entry?.key !== key) return undefined;
      if (isIdle(entry) && entry.lastUsed <= performance.now() - idle) {
        end(entry);
        return undefined;
      }
      return use(entry);
    },
    open: async (owner, key, json, makeServer) => {
      if (!makeRoom(owner)) return undefined;
      const entry: Entry = {
        owner,
        key,
        json,
        id: undefined,
        server: undefined,
        transport: undefined,
        requests: undefined,
        revision: LATEST_PROTOCOL_VERSION,
        // It has its place, and is not idle, while its server is made.
        responses: 1,
        running: new Set(),
        lastUsed: performance.now(),
      };
      entries.add(entry);
      try {
        await connect(entry, await makeServer());
      } catch (error) {
        end(entry);
        throw error;
      }
      entry.responses -= 1;
      return use(entry);
    },
    closeAll: async () => {
      clearInterval(sweep);
      for (const entry of [...entries]) end(entry);
    },
  };
}

function isIdle({ responses, running }: Entry): boolean {
  return responses === 0 && running.size === 0;
}

function countByOwner(entries: Iterable<Entry>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { owner } of entries) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  return counts;
}

/** The SDK does not tell which requests its handlers still work on, so they are noted as they pass. */
function trackRequests(transport: StreamableHTTPServerTransport, entry: Entry): void {
  const over = (id: RequestId) => {
    entry.running.delete(id);
    entry.lastUsed = performance.now();
  };
  const receive = transport.onmessage;
  transport.onmessage = (message, extra) => {
    if (isJSONRPCRequest(message)) entry.running.add(message.id);
    // A cancelled request gets no answer (MCP specification 2025-11-25, cancellation).
    else if (isJSONRPCNotification(message) && message.method === 'notifications/cancelled') {
      over(message.params?.requestId as RequestId);
    }
    receive?.(message, extra);
  };
  const send = transport.send.bind(transport);
  let isAgreed = false;
  transport.send = async (message, options) => {
    if (!isAgreed && 'result' in message) {
      isAgreed = true;
      if (typeof message.result.protocolVersion === 'string') entry.revision = message.result.protocolVersion;
    }
    try {
      await send(message, options);
    } finally {
      // Also when there is no connection left to send it on.
      if (!('method' in message) && message.id !== undefined) over(message.id);
    }
  };
}
