import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  isJSONRPCNotification,
  isJSONRPCRequest,
  LATEST_PROTOCOL_VERSION,
  type RequestId,
} from '@modelcontextprotocol/sdk/types.js';
import { numberRequests, type SessionRequests } from './session-requests.ts';

/**
 * A session of the Streamable HTTP transport, bound to the token that opened it and to its client filters at that
 * time.
 */
export interface HttpSession {
  readonly transport: StreamableHTTPServerTransport;
  readonly requests: SessionRequests;
  /** Whether it answers with JSON only, for a client that accepts no stream. */
  readonly json: boolean;
  /** The MCP revision that `initialize` agreed on. */
  readonly revision: string;
  /** Marks the session as in use until the response is closed. */
  useUntilClosed(response: ServerResponse): void;
}

export interface Sessions {
  /** Finds a session by id; undefined unless the key is the one that opened it. */
  find(id: string, key: string): HttpSession | undefined;
  /**
   * Opens a session, which ends with its first response unless the first message is `initialize`; undefined when
   * the limit is reached.
   *
   * @param owner whose share of the sessions it counts against
   * @param key that later requests must match
   * @param json answer with JSON, for a client that accepts no stream
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
  /** Milliseconds after which an idle session ends. */
  readonly idle: number;
  readonly max?: number;
  readonly maxOfOneOwner?: number;
}

const maxSessions = 1_000;
/** Many clients may share one token, but must leave sessions for other tokens. */
const defaultMaxOfOneOwner = 200;
/** Longest interval between sweeps for expired sessions. */
const maxSweepIntervalMs = 30_000;

interface Entry {
  readonly owner: string;
  readonly key: string;
  readonly json: boolean;
  id: string | undefined;
  server: Server | undefined;
  transport: StreamableHTTPServerTransport | undefined;
  requests: SessionRequests | undefined;
  /** From the response to `initialize`. */
  revision: string;
  /** Number of open responses. */
  responses: number;
  /** Unanswered requests: a call continues after its client's connection breaks. */
  readonly running: Set<RequestId>;
  lastUsed: number;
}

/** Keeps sessions until they are deleted or expire. A session in use is never evicted. */
export function createSessions({
  idle,
  max = maxSessions,
  maxOfOneOwner = defaultMaxOfOneOwner,
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

  /** Evicts an idle session if the limit is reached; false if there is none that this owner may evict. */
  const makeRoom = (owner: string): boolean => {
    endExpired();
    const counts = countByOwner(entries);
    const own = counts.get(owner) ?? 0;
    if (own < maxOfOneOwner && entries.size < max) return true;
    // Evict only from owners with more sessions: a flood of sessions evicts its own.
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
    useUntilClosed: (response) => {
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
    await server.connect(transport as Transport);
    entry.requests = numberRequests(transport);
    // After `numberRequests`, so that responses it sends itself are tracked too.
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
        // Counts as in use while its server is created.
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

/** Tracks running requests, which the SDK does not expose. */
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
      // Even when the connection is gone.
      if (!('method' in message) && message.id !== undefined) over(message.id);
    }
  };
}
