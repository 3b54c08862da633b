import type { Grant } from './mcp-token.ts';

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

/** Grants that live in this process and end with it: for a sandbox, which does too. */
export function createMemoryStore(): TokenStore {
  const grants = new Map<string, Grant>();
  return {
    add: async (grant) => void grants.set(grant.hash, grant),
    find: async (hash) => grants.get(hash),
    list: async () => unexpired([...grants.values()]),
    revoke: async (hash) => grants.delete(hash),
    close: async () => {},
  };
}

/** Those that have not expired, the newest first. */
export function unexpired(grants: readonly Grant[]): Grant[] {
  const now = Date.now();
  return grants
    .filter(({ expires }) => Date.parse(expires) > now)
    .sort((one, other) => Date.parse(other.created) - Date.parse(one.created));
}

/** Whether all the tokens that one was made with are still known: it is revoked with any of them. */
export async function isValid({ makers = [] }: Grant, store: Pick<TokenStore, 'find'>): Promise<boolean> {
  const found = await Promise.all(makers.map((hash) => store.find(hash)));
  return found.every((maker) => maker !== undefined);
}
