import { connectRedis } from '../../lib/redis-client.ts';
import type { UsedMarks } from './used-marks.ts';

const prefix = 'synqly-mcp:used:';

/** Marks in Redis, which several servers share; Redis removes them when they are no longer needed. @throws Error */
export async function openRedisMarks(url: string): Promise<UsedMarks> {
  const { run, close } = await connectRedis(url);
  return {
    use: async (id, until) => {
      const value = Math.max(1, until - Date.now());
      // Redis sets the key for one caller only.
      const answer = await run((client) =>
        client.set(prefix + id, '', { condition: 'NX', expiration: { type: 'PX', value } }),
      );
      return answer === 'OK';
    },
    close: async () => close(),
  };
}
