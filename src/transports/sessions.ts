import { randomUUID } from 'node:crypto';
import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { LRUCache } from 'lru-cache';

/** A session of the Streamable HTTP transport, bound to the token that opened it, and to how its client narrowed it then. */
interface HttpSession {
  readonly transport: StreamableHTTPServerTransport;
  readonly server: Server;
  readonly key: string;
}

export interface Sessions {
  /** The session's transport, for whoever has the key that opened it; to anyone else it is unknown. */
  find(id: string, key: string): StreamableHTTPServerTransport | undefined;
  /** A transport that becomes a session when its first message turns out to be `initialize`. */
  open(server: Server, key: string): Promise<StreamableHTTPServerTransport>;
  closeAll(): Promise<void>;
}

/** Milliseconds without a request after which a session is ended. */
const idleTime = 10 * 60_000;
/** More sessions than this end the one that was idle longest. */
const mostSessions = 1_000;

export function createSessions(): Sessions {
  const sessions = new LRUCache<string, HttpSession>({
    max: mostSessions,
    ttl: idleTime,
    ttlAutopurge: true,
    updateAgeOnGet: true,
    dispose: ({ server }) => void server.close().catch(() => {}),
  });
  return {
    find: (id, key) => {
      const session = sessions.get(id);
      return session?.key === key ? session.transport : undefined;
    },
    open: async (server, key) => {
      const transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (id) => {
          sessions.set(id, { transport, server, key });
        },
        onsessionclosed: (id) => {
          sessions.delete(id);
        },
      });
      await server.connect(transport as never);
      return transport;
    },
    closeAll: async () => sessions.clear(),
  };
}
