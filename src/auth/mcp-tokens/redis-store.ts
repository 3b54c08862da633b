import { createClient } from '@redis/client';
import { parseJson } from '../../lib/json.ts';
import { type Grant, grantSchema } from './mcp-token.ts';
import { type TokenStore, unexpired } from './store.ts';

const prefix = 'synqly-mcp:token:';
const connectTimeoutMs = 5_000;
const answerTimeoutMs = 3_000;

/**
 * Grants in Redis, shared by several gateways; Redis removes them when they expire. While Redis is unreachable,
 * every command fails at once, so no caller is accepted unchecked; the client reconnects by itself.
 *
 * @param url `redis://` or `rediss://`, with user and password if needed
 * @throws Error when it cannot be reached
 */
export async function openRedisStore(url: string): Promise<TokenStore> {
  let isConnected = false;
  const client = createClient({
    url,
    disableOfflineQueue: true,
    commandOptions: { timeout: answerTimeoutMs },
    socket: {
      connectTimeout: connectTimeoutMs,
      // If the first connection fails, the settings are wrong.
      reconnectStrategy: (attempts, cause) => (isConnected ? Math.min(100 * 2 ** attempts, 5_000) : cause),
    },
  });
  await connect(client);
  isConnected = true;

  const readAll = async (): Promise<Grant[]> => {
    const grants: Grant[] = [];
    for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 500 })) {
      if (keys.length === 0) continue;
      const texts = await client.mGet(keys);
      grants.push(...texts.map(readGrant).filter((grant) => grant !== undefined));
    }
    return grants;
  };

  return {
    add: async (grant) => {
      await client.set(prefix + grant.hash, JSON.stringify(grant), {
        expiration: { type: 'PXAT', value: Date.parse(grant.expires) },
      });
    },
    find: async (hash) => readGrant(await client.get(prefix + hash)),
    list: async () => unexpired(await readAll()),
    revoke: async (hash) => (await client.del(prefix + hash)) > 0,
    close: async () => client.destroy(),
  };
}

/** The part of the client that connecting needs; the client's own type depends on its options. */
interface Connection {
  on(event: 'error', listener: (error: unknown) => void): unknown;
  connect(): Promise<unknown>;
}

async function connect(client: Connection): Promise<void> {
  // Without a listener, a connection error would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    throw new Error(`Redis cannot be reached (${(error as Error).message || 'no answer'}).`);
  }
}

function readGrant(text: string | null): Grant | undefined {
  return text === null ? undefined : grantSchema.safeParse(parseJson(text)).data;
}
