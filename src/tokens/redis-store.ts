import { createClient } from '@redis/client';
import { parseJson } from '../json.ts';
import { type Grant, grantSchema } from './grant.ts';
import { currentOf, type TokenStore } from './store.ts';

const prefix = 'synqly-mcp:token:';
const connectWithin = 5_000;
const answerWithin = 3_000;

/**
 * Grants in Redis, for several gateways: Redis itself drops each when it expires. A server that is away fails every
 * command at once, so nobody is let in unchecked, and is connected again when it is back.
 *
 * @param url `redis://` or `rediss://`, with user and password where there are any
 * @throws Error when it cannot be reached
 */
export async function openRedisStore(url: string): Promise<TokenStore> {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    commandOptions: { timeout: answerWithin },
    socket: {
      connectTimeout: connectWithin,
      reconnectStrategy: (attempts) => Math.min(100 * 2 ** attempts, 5_000),
    },
  });
  await connect(client);

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
    list: async () => currentOf(await readAll()),
    revoke: async (hash) => (await client.del(prefix + hash)) > 0,
    close: async () => client.destroy(),
  };
}

/** What connecting needs of a client, whose own type differs with its options. */
interface Connection {
  on(event: 'error', listener: (error: unknown) => void): unknown;
  connect(): Promise<unknown>;
  destroy(): void;
}

/** The first connection must stand, or the settings are wrong; later ones are made again in the background. */
async function connect(client: Connection): Promise<void> {
  let last: unknown;
  // Without a listener, a lost connection would end the process.
  client.on('error', (error) => {
    last = error;
  });
  const timer = new Promise<never>((_, reject) => {
    setTimeout(() => reject(last ?? new Error('no answer')), connectWithin).unref();
  });
  try {
    await Promise.race([client.connect(), timer]);
  } catch (error) {
    client.destroy();
    throw new Error(`Redis cannot be reached (${(error as Error).message || 'no answer'}).`);
  }
}

function readGrant(text: string | null): Grant | undefined {
  return text === null ? undefined : grantSchema.safeParse(parseJson(text)).data;
}
