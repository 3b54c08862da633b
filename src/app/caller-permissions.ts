import { LRUCache } from 'lru-cache';
import type { PermissionsCache } from '../access/permissions-cache.ts';
import type { Caller } from '../auth/authenticate.ts';
import { getOrCreate } from '../lib/get-or-create.ts';
import type { TokenSource } from '../synqly/token-source.ts';
import type { OpenPermissions } from './token-permissions.ts';

/** Maximum cached tokens. */
const maxTokens = 1_000;

/**
 * The permissions of callers over HTTP, one cache for each API token.
 *
 * @param own the server's own token, which all callers of a gateway share; undefined if callers bring API tokens
 */
export function callerPermissions(
  open: OpenPermissions | undefined,
  own: TokenSource | undefined,
): (caller: Caller) => Promise<PermissionsCache | undefined> {
  if (!open) return async () => undefined;
  if (own) {
    let shared: Promise<PermissionsCache> | undefined;
    return () => {
      shared ??= open(own);
      return shared;
    };
  }
  const known = new LRUCache<string, Promise<PermissionsCache>>({ max: maxTokens });
  return ({ hash, token }) => getOrCreate(known, hash, () => open(token));
}
