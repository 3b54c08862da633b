import { homedir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../config.ts';
import type { Grant } from './grant.ts';

/** The MCP tokens that gateways know, by their hashes. Every method fails when the store cannot be reached. */
export interface TokenStore {
  add(grant: Grant): Promise<void>;
  /** The grant of a hash, expired or not; undefined when there is none, or none that can be understood. */
  find(hash: string): Promise<Grant | undefined>;
  /** All that have not expired, the newest first. */
  list(): Promise<readonly Grant[]>;
  /** Whether there was one to take away. */
  revoke(hash: string): Promise<boolean>;
  close(): Promise<void>;
}

/** Where MCP tokens are kept when nothing else is said (XDG Base Directory Specification). */
export function defaultStore(environment: NodeJS.ProcessEnv): string {
  return join(environment.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'synqly-mcp', 'tokens');
}

/**
 * Opens a store: Redis for a `redis://` or `rediss://` URL, else a directory.
 *
 * @throws ConfigError when it cannot be opened; it never holds a password
 */
export async function openTokenStore(named: string): Promise<TokenStore> {
  try {
    if (/^rediss?:\/\//i.test(named)) return await (await import('./redis-store.ts')).openRedisStore(named);
    return await (await import('./folder-store.ts')).openFolderStore(named);
  } catch (error) {
    throw new ConfigError(`--token-store cannot be used: ${(error as Error).message}`);
  }
}

/** Grants that live in this process and end with it: for a sandbox, which does too. */
export function createMemoryStore(): TokenStore {
  const grants = new Map<string, Grant>();
  return {
    add: async (grant) => void grants.set(grant.hash, grant),
    find: async (hash) => grants.get(hash),
    list: async () => currentOf([...grants.values()]),
    revoke: async (hash) => grants.delete(hash),
    close: async () => {},
  };
}

/** Those that have not expired, the newest first. */
export function currentOf(grants: readonly Grant[]): Grant[] {
  const now = Date.now();
  return grants
    .filter(({ expires }) => Date.parse(expires) > now)
    .sort((one, other) => Date.parse(other.created) - Date.parse(one.created));
}
