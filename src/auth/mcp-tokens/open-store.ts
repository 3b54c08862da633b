import { join } from 'node:path';
import { ConfigError } from '../../config/load-config.ts';
import { stateDirectory } from '../../config/state-directory.ts';
import { withoutCredentials } from '../../config/store-parser.ts';
import type { TokenStore } from './store.ts';

/** The default token store. */
export function defaultStore(environment: NodeJS.ProcessEnv): string {
  return join(stateDirectory(environment), 'tokens');
}

/**
 * Opens a store: Redis for a `redis://` or `rediss://` URL, else a directory.
 *
 * @throws ConfigError when it cannot be opened; the message never holds a password
 */
export async function openTokenStore(named: string): Promise<TokenStore> {
  try {
    if (/^rediss?:\/\//i.test(named)) return await (await import('./redis-store.ts')).openRedisStore(named);
    return await (await import('./directory-store.ts')).openDirectoryStore(named);
  } catch (error) {
    const { message } = error as Error;
    throw new ConfigError(`Cannot open --token-store: ${withoutCredentials(message, named)}`);
  }
}
