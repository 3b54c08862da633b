import { createClient } from '@redis/client';

const connectTimeoutMs = 5_000;
const answerTimeoutMs = 3_000;

/**
 * Connects to Redis. While it is unreachable, every command fails at once; the client reconnects by itself.
 *
 * @param url `redis://` or `rediss://`, with user and password if needed
 * @throws Error when it cannot be reached
 */
export async function connectRedis(url: string) {
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
  // Without a listener, a connection error would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    throw new Error(`Redis cannot be reached (${(error as Error).message || 'no answer'}).`);
  }
  isConnected = true;
  return client;
}
