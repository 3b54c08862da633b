import { timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { combinePins, type Pins } from '../access/pins.ts';
import { CallError } from '../errors.ts';
import { hashToken } from '../lib/hash.ts';
import type { SynqlyClient } from '../synqly/client.ts';
import { getOrganization } from '../synqly/endpoints.ts';
import { checkToken, fixedToken, type TokenSource } from '../synqly/token-source.ts';
import { type Grant, isGrantValid, pinsOfScope } from './mcp-tokens/mcp-token.ts';
import { areMakersValid, type TokenStore } from './mcp-tokens/store.ts';
import { TokenChecks } from './token-checks.ts';

/** The bearer token of a request. */
export interface Bearer {
  readonly token: string;
  /** SHA-256 of the token, hexadecimal. */
  readonly hash: string;
}

/** An authenticated caller. */
export interface Caller {
  /** The API token for its calls to Synqly. */
  readonly token: TokenSource;
  /** The pins of its calls. */
  readonly pins?: Pins | undefined;
  /** SHA-256 of its bearer token, hexadecimal. */
  readonly hash: string;
}

/** Why authentication failed. */
export interface AuthRejection {
  readonly status: 401 | 403 | 503;
  readonly message: string;
}

/** Where the result came from: a request to Synqly, the cache, or the store of MCP tokens. */
export type AuthSource = 'checked' | 'cached' | 'store';

/** Authenticates callers. */
export interface Authenticator {
  /**
   * Authenticates a request.
   *
   * @param bearer the request's token; undefined is always rejected
   * @param onChecked called with the source of the result; not called without a token, or when the check failed
   * @param sender queue of the check: where a check costs a request to Synqly, senders take turns
   */
  authenticate(
    bearer: Bearer | undefined,
    onChecked?: (from: AuthSource) => void,
    sender?: string,
  ): Promise<Caller | AuthRejection>;
  /** Whether the token was valid at its last check, so that it is not an invented one. */
  isKnown(bearer: Bearer): boolean;
  /** Whether authentication needs no request to Synqly. */
  readonly isCheap: boolean;
}

/** How long results are cached. A token revoked at Synqly stops working within the first. */
const acceptedTtlMs = 60_000;
const rejectedTtlMs = 10_000;

/**
 * Maximum cached valid tokens, and rejected ones: the caches are separate, so that invented tokens evict no valid
 * ones.
 */
const maxCached = 10_000;

/** Timeout of a check at Synqly, in milliseconds. */
const checkTimeoutMs = 10_000;

const rejected: AuthRejection = { status: 401, message: 'The bearer token is missing, unknown or expired.' };

const unavailable: AuthRejection = {
  status: 503,
  message: 'The token could not be checked: try again later.',
};

export interface DirectOptions {
  /** Pins of every caller. */
  readonly pins?: Pins | undefined;
  /** Clock of the cache, in milliseconds. */
  readonly clock?: { now(): number };
}

/**
 * Authenticates callers by their own Synqly API tokens. A token is checked at Synqly with a cheap read, and the
 * result is cached briefly under its SHA-256; concurrent checks of one token share a request. A token that was
 * valid before is checked without queueing behind unknown tokens.
 */
export function createDirectAuthenticator(
  client: Pick<SynqlyClient, 'request'>,
  { pins, clock = performance }: DirectOptions = {},
): Authenticator {
  // With a resolution above 0, the cache would set a timer every millisecond.
  const caching = { max: maxCached, perf: clock, ttlResolution: 0 };
  /** Tokens that were valid at their last check, with the time until when that result is used. */
  const good = new LRUCache<string, number>({ max: maxCached });
  const bad = new LRUCache<string, true>({ ...caching, ttl: rejectedTtlMs });
  const running = new Map<string, Promise<'good' | 'bad'>>();
  const checks = new TokenChecks();

  const check = async (token: string, hash: string): Promise<'good' | 'bad'> => {
    const checked = (await isAccepted(client, token)) ? 'good' : 'bad';
    if (checked === 'good') {
      good.set(hash, clock.now() + acceptedTtlMs);
    } else {
      good.delete(hash);
      bad.set(hash, true);
    }
    return checked;
  };
  const cachedResult = (hash: string): 'good' | 'bad' | undefined => {
    if ((good.get(hash) ?? 0) > clock.now()) return 'good';
    return bad.has(hash) ? 'bad' : undefined;
  };
  const checkOnce = (token: string, hash: string, sender: string): Promise<'good' | 'bad'> => {
    const known = running.get(hash);
    if (known !== undefined) return known;
    const ask = () => check(token, hash);
    const checking = (good.has(hash) ? ask() : checks.run(sender, ask)).finally(() => running.delete(hash));
    running.set(hash, checking);
    return checking;
  };

  return {
    isCheap: false,
    isKnown: ({ hash }) => good.has(hash),
    authenticate: async (bearer, onChecked, sender = '') => {
      if (bearer === undefined) return rejected;
      const { token, hash } = bearer;
      try {
        const known = cachedResult(hash);
        const checked = known ?? (await checkOnce(token, hash, sender));
        onChecked?.(known ? 'cached' : 'checked');
        return checked === 'good' ? { token: fixedToken(token), hash, pins } : rejected;
      } catch {
        return unavailable;
      }
    },
  };
}

/** Options of a gateway's authenticator. */
export interface GatewayOptions {
  readonly store: TokenStore;
  /** Base URL of the Synqly API whose MCP tokens are accepted. */
  readonly audience: string;
  /** The gateway's own API token, used for all calls. */
  readonly token: TokenSource;
  /** Pins of every caller, in addition to its token's scope. */
  readonly pins: Pins | undefined;
}

/**
 * Authenticates callers by MCP tokens in the store. The store is read for each request, so that a token revoked on
 * one gateway stops working on all.
 */
export function createGatewayAuthenticator({ store, audience, token, pins }: GatewayOptions): Authenticator {
  const known = new LRUCache<string, true>({ max: maxCached });
  return {
    isCheap: true,
    isKnown: ({ hash }) => known.get(hash) ?? false,
    authenticate: async (bearer, onChecked) => {
      if (bearer === undefined) return rejected;
      const { hash } = bearer;
      const grant = await findValidGrant(store, hash).catch(() => 'unavailable' as const);
      if (grant === 'unavailable') return unavailable;
      onChecked?.('store');
      if (!grant || !isGrantValid(grant, hash, audience, Date.now())) {
        known.delete(hash);
        return rejected;
      }
      if (!known.has(hash)) known.set(hash, true);
      if (grant.scope.type === 'integration-usage') return wrongScope;
      const combined = combinePins(pins, pinsOfScope(grant.scope));
      return combined === 'disjoint' ? outsidePins : { hash, token, pins: combined };
    },
  };
}

/** The grant of a token; undefined if a token that it was created with is revoked. */
async function findValidGrant(store: TokenStore, hash: string): Promise<Grant | undefined> {
  const grant = await store.find(hash);
  // Most tokens have no makers.
  if (!grant?.makers) return grant;
  return (await areMakersValid(grant, store)) ? grant : undefined;
}

const wrongScope: AuthRejection = {
  status: 403,
  message:
    'Tokens with the scope integration-usage are for connectors; this server has management tools only.',
};
const outsidePins: AuthRejection = {
  status: 403,
  message: 'The scope of the token is outside the account or environment that this server is pinned to.',
};

/** The headers that can carry a bearer token. */
export interface CredentialHeaders {
  readonly authorization?: string | undefined;
  readonly 'x-api-key'?: string | string[] | undefined;
}

/** The token of a request; undefined if it has none. `conflict` if its two headers do not name the same token. */
export function readBearer(headers: CredentialHeaders): Bearer | undefined | 'conflict' {
  const { authorization, 'x-api-key': apiKey } = headers;
  const bearer = authorization && /^Bearer /i.test(authorization) ? bearerOf(authorization) : undefined;
  // Hosted clients that send static headers take names of a closed list, in which X-Api-Key is the common one.
  if (apiKey === undefined || String(apiKey).trim() === '') return bearer;
  const key = bearerOf(String(apiKey));
  if (!authorization?.replace(/^Bearer(?:\s|$)/i, '').trim()) return key;
  return bearer && key && isSameHash(bearer.hash, key.hash) ? bearer : 'conflict';
}

function bearerOf(text: string): Bearer | undefined {
  try {
    const token = checkToken(text);
    return { token, hash: hashToken(token) };
  } catch {
    return undefined;
  }
}

/** Compares in constant time, so that the duration says nothing about either token. */
function isSameHash(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

/**
 * Whether Synqly accepts the token. A 403 counts as accepted: the token is valid, but may not read the
 * organization.
 */
async function isAccepted(client: Pick<SynqlyClient, 'request'>, token: string): Promise<boolean> {
  const signal = AbortSignal.timeout(checkTimeoutMs);
  const deadline = Date.now() + checkTimeoutMs;
  try {
    await getOrganization((request) => client.request({ ...request, signal, deadline }, token));
    return true;
  } catch (error) {
    if (!(error instanceof CallError) || error.details.status === undefined) throw error;
    if (error.details.status >= 500 || error.details.status === 429) throw error;
    return error.code !== 'unauthorized';
  }
}
