import { parseJson } from '../../lib/json.ts';
import { connectRedis } from '../../lib/redis-client.ts';
import { type Grant, grantSchema } from './mcp-token.ts';
import { type TokenStore, unexpired } from './store.ts';

const prefix = 'synqly-mcp:token:';

/**
 * Grants in Redis, shared by several gateways; Redis removes them when they expire. While Redis is unreachable,
 * every command fails at once, so no caller is accepted unchecked; the client reconnects by itself.
 *
 * @param url `redis://` or `rediss://`, with user and password if needed
 * @throws Error when it cannot be reached
 */
export async function openRedisStore(url: string): Promise<TokenStore> {
  const client = await connectRedis(url);

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

function readGrant(text: string | null): Grant | undefined {
  return text === null ? undefined : grantSchema.safeParse(parseJson(text)).data;
}
