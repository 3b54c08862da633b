import { createClient } from '@redis/client';

const connectTimeoutMs = 5_000;
const answerTimeoutMs = 3_000;

/** A connection to Redis that is opened again by itself when it breaks, or when Redis does not answer. */
export interface RedisConnection {
  /** Runs one command. @throws Error when Redis cannot be reached or does not answer in time */
  run<Answer>(command: (client: RedisClient) => Promise<Answer>): Promise<Answer>;
  close(): void;
}

type RedisClient = ReturnType<typeof createRedisClient>;

/**
 * Connects to Redis. While it is unreachable, every command fails at once.
 *
 * @param url `redis://` or `rediss://`, with user and password if needed
 * @throws Error when it cannot be reached
 */
export async function connectRedis(url: string): Promise<RedisConnection> {
  let isConnected = false;
  let isClosed = false;
  const open = () => createRedisClient(url, () => isConnected);
  /** Resolves when Redis has accepted the connection, which is later than its system has. */
  const connect = (opened: RedisClient) => within(connectTimeoutMs + answerTimeoutMs, opened.connect());
  let client = open();

  /** The system may keep a connection for a quarter of an hour to a Redis that has frozen or lost its network. */
  const replace = (silent: RedisClient): void => {
    if (isClosed || client !== silent) return;
    const opened = open();
    client = opened;
    end(silent);
    connect(opened).catch(() => replace(opened));
  };

  try {
    await connect(client);
  } catch (error) {
    end(client);
    throw new Error(`Redis cannot be reached (${(error as Error).message || 'no answer'}).`);
  }
  isConnected = true;
  return {
    run: (command) => {
      const asked = client;
      // The client's own time limit ends when a command is sent.
      return within(answerTimeoutMs, command(asked), () => replace(asked));
    },
    close: () => {
      isClosed = true;
      end(client);
    },
  };
}

/** @param isRetried whether it connects again when a connection fails: if the first one does, the settings are wrong */
function createRedisClient(url: string, isRetried: () => boolean) {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    socket: {
      connectTimeout: connectTimeoutMs,
      reconnectStrategy: (attempts, cause) => (isRetried() ? Math.min(100 * 2 ** attempts, 5_000) : cause),
    },
  });
  // Without a listener, a connection error would end the process.
  client.on('error', () => {});
  return client;
}

/** Closes a connection at once; its commands fail. */
function end(client: RedisClient): void {
  if (client.isOpen) client.destroy();
}

/** Waits for an answer, for a limited time. @throws Error */
async function within<Answer>(
  milliseconds: number,
  answer: Promise<Answer>,
  onLate = () => {},
): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error('no answer'));
      onLate();
    }, milliseconds);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
