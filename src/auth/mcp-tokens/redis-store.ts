import { parseJson } from '../../lib/json.ts';
import { connectRedis } from '../../lib/redis-client.ts';
import { type Grant, grantSchema } from './mcp-token.ts';
import { type TokenStore, unexpired } from './store.ts';

const prefix = 'synqly-mcp:token:';

/**
 * Grants in Redis, shared by several gateways; Redis removes them when they expire. While Redis is unreachable or
 * does not answer, every command fails, so no caller is accepted unchecked; the connection is opened again by itself.
 *
 * @param url `redis://` or `rediss://`, with user and password if needed
 * @throws Error when it cannot be reached
 */
export async function openRedisStore(url: string): Promise<TokenStore> {
  const { run, close } = await connectRedis(url);

  const readAll = async (): Promise<Grant[]> => {
    const grants: Grant[] = [];
    let next = '0';
    do {
      const from = next;
      const { cursor, keys } = await run((client) => client.scan(from, { MATCH: `${prefix}*`, COUNT: 500 }));
      const texts = keys.length > 0 ? await run((client) => client.mGet(keys)) : [];
      grants.push(...texts.map(readGrant).filter((grant) => grant !== undefined));
      next = cursor;
    } while (next !== '0');
    return grants;
  };

  return {
    add: async (grant) => {
      const expiration = { type: 'PXAT', value: Date.parse(grant.expires) } as const;
      await run((client) => client.set(prefix + grant.hash, JSON.stringify(grant), { expiration }));
    },
    find: async (hash) => readGrant(await run((client) => client.get(prefix + hash))),
    list: async () => unexpired(await readAll()),
    revoke: async (hash) => (await run((client) => client.del(prefix + hash))) > 0,
    close: async () => close(),
  };
}

function readGrant(text: string | null): Grant | undefined {
  return text === null ? undefined : grantSchema.safeParse(parseJson(text)).data;
}
