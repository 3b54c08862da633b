import type { Grant } from './mcp-token.ts';

/** Grants of the MCP tokens that gateways accept, by hash. Every method fails when the store cannot be reached. */
export interface TokenStore {
  add(grant: Grant): Promise<void>;
  /** The grant with this hash, even if expired; undefined if there is none, or it cannot be parsed. */
  find(hash: string): Promise<Grant | undefined>;
  /** All unexpired grants, newest first. */
  list(): Promise<readonly Grant[]>;
  /** Removes a grant. Returns whether it existed. */
  revoke(hash: string): Promise<boolean>;
  close(): Promise<void>;
}

/** Grants in memory: for the sandbox, whose tokens end with the process too. */
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

/** The unexpired grants, newest first. */
export function unexpired(grants: readonly Grant[]): Grant[] {
  const now = Date.now();
  return grants
    .filter(({ expires }) => Date.parse(expires) > now)
    .sort((one, other) => Date.parse(other.created) - Date.parse(one.created));
}

/** Whether all makers of a token are still in the store: revoking any of them revokes the token. */
export async function areMakersValid(
  { makers = [] }: Grant,
  store: Pick<TokenStore, 'find'>,
): Promise<boolean> {
  const found = await Promise.all(makers.map((hash) => store.find(hash)));
  return found.every((maker) => maker !== undefined);
}
