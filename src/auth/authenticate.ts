import { LRUCache } from 'lru-cache';
import { combinePins, type Pins } from '../access/pins.ts';
import { CallError } from '../errors.ts';
import { hashToken } from '../lib/hash.ts';
import type { SynqlyClient } from '../synqly/client.ts';
import { checkToken, fixedToken, type TokenSource } from '../synqly/token-source.ts';
import { type Grant, isGood, pinsOfScope } from './mcp-tokens/mcp-token.ts';
import { isValid, type TokenStore } from './mcp-tokens/store.ts';
import { TokenChecks } from './token-checks.ts';

/** The token that a request came with. */
export interface Bearer {
  readonly token: string;
  /** SHA-256 of it, hexadecimal. */
  readonly hash: string;
}

/** A caller whose token is good. */
export interface Caller {
  /** The API token that its calls are made with. */
  readonly token: TokenSource;
  /** What its calls are held to. */
  readonly pins?: Pins | undefined;
  /** SHA-256 of the token it came with, hexadecimal. */
  readonly hash: string;
}

/** Why a caller is not let in. */
export interface AuthRejection {
  readonly status: 401 | 403 | 503;
  readonly message: string;
}

/** Where the verdict on a token came from: Synqly, what is remembered of it, or the store of MCP tokens. */
export type AuthSource = 'checked' | 'remembered' | 'store';

/** Decides who may call. */
export interface Authenticator {
  /**
   * @param bearer the token of a request; without one, nobody is let in
   * @param onChecked told where a verdict on a token came from; not called when there is no token, or no verdict
   * @param sender who waits for the verdict: senders take turns where a check takes a request to Synqly
   */
  authenticate(
    bearer: Bearer | undefined,
    onChecked?: (from: AuthSource) => void,
    sender?: string,
  ): Promise<Caller | AuthRejection>;
  /** Whether the token was good when it was last looked at, and is nobody's invention therefore. */
  knows(bearer: Bearer): boolean;
  /** Whether a verdict takes no request to Synqly. */
  readonly isCheap: boolean;
}

/** Milliseconds for which a good token is remembered: one revoked at Synqly stops working within this time. */
const acceptedTtlMs = 60_000;
const rejectedTtlMs = 10_000;

/** Good tokens that are known, and bad ones that are remembered: made-up ones take no room of good ones. */
const maxCached = 10_000;

/** Milliseconds that a check at Synqly may take. */
const checkTimeoutMs = 10_000;

const rejected: AuthRejection = { status: 401, message: 'The bearer token is missing, unknown or expired.' };

const unavailable: AuthRejection = { status: 503, message: 'The token could not be checked just now.' };

export interface DirectOptions {
  /** What every caller is held to. */
  readonly pins?: Pins | undefined;
  /** Milliseconds, for what is remembered. */
  readonly clock?: { now(): number };
}

/**
 * Access by the caller's own API token. It is checked at Synqly once with a cheap read, and remembered for a
 * short while by its SHA-256 only; checks of the same token that run at the same time share one request. A token that
 * was good before is checked again at once: it never stands behind those that may be made up.
 */
export function createDirectAuthenticator(
  client: Pick<SynqlyClient, 'request'>,
  { pins, clock = performance }: DirectOptions = {},
): Authenticator {
  // It would set a timer in every millisecond, so as not to look at the clock.
  const caching = { max: maxCached, perf: clock, ttlResolution: 0 };
  /** Tokens that were good when they were last checked, until when that holds. */
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
  const remembered = (hash: string): 'good' | 'bad' | undefined => {
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
    knows: ({ hash }) => good.has(hash),
    authenticate: async (bearer, onChecked, sender = '') => {
      if (bearer === undefined) return rejected;
      const { token, hash } = bearer;
      try {
        const known = remembered(hash);
        const checked = known ?? (await checkOnce(token, hash, sender));
        onChecked?.(known ? 'remembered' : 'checked');
        return checked === 'good' ? { token: fixedToken(token), hash, pins } : rejected;
      } catch {
        return unavailable;
      }
    },
  };
}

/** What a gateway needs to let callers in. */
export interface GatewayOptions {
  readonly store: TokenStore;
  /** Base URL of the Synqly whose MCP tokens are let in. */
  readonly audience: string;
  /** The gateway's own token, with which all calls are made. */
  readonly token: TokenSource;
  /** What every caller is held to, beside the scope of its token. */
  readonly pins: Pins | undefined;
}

/**
 * Access by an MCP token that the store knows. The store is asked for each request, so that a token revoked on one
 * gateway stops on all.
 */
export function createGatewayAuthenticator({ store, audience, token, pins }: GatewayOptions): Authenticator {
  const known = new LRUCache<string, true>({ max: maxCached });
  return {
    isCheap: true,
    knows: ({ hash }) => known.get(hash) ?? false,
    authenticate: async (bearer, onChecked) => {
      if (bearer === undefined) return rejected;
      const { hash } = bearer;
      const grant = await findValidGrant(store, hash).catch(() => 'unavailable' as const);
      if (grant === 'unavailable') return unavailable;
      onChecked?.('store');
      if (!grant || !isGood(grant, hash, audience, Date.now())) {
        known.delete(hash);
        return rejected;
      }
      if (!known.has(hash)) known.set(hash, true);
      if (grant.scope.type === 'integration-usage') return connectorsOnly;
      const kept = combinePins(pins, pinsOfScope(grant.scope));
      return kept === 'apart' ? elsewhere : { hash, token, pins: kept };
    },
  };
}

/** A grant, unless one of the tokens that it was made with is revoked. */
async function findValidGrant(store: TokenStore, hash: string): Promise<Grant | undefined> {
  const grant = await store.find(hash);
  // Nearly all are made with no other.
  if (!grant?.makers) return grant;
  return (await isValid(grant, store)) ? grant : undefined;
}

const connectorsOnly: AuthRejection = {
  status: 403,
  message: 'The scope integration-usage opens connectors only; this server has management tools only.',
};
const elsewhere: AuthRejection = {
  status: 403,
  message: 'The token is for something outside what this server is pinned to.',
};

/** The token of an Authorization header; undefined when it holds none. */
export function readBearer(authorization: string | undefined): Bearer | undefined {
  if (!authorization || !/^Bearer /i.test(authorization)) return undefined;
  try {
    const token = checkToken(authorization);
    return { token, hash: hashToken(token) };
  } catch {
    return undefined;
  }
}

/** Whether Synqly knows the token. One that may not read the organization is refused with 403, and is good all the same. */
async function isAccepted(client: Pick<SynqlyClient, 'request'>, token: string): Promise<boolean> {
  const signal = AbortSignal.timeout(checkTimeoutMs);
  const deadline = Date.now() + checkTimeoutMs;
  try {
    await client.request(
      { method: 'GET', path: '/v1/organization', repeatable: true, signal, deadline },
      token,
    );
    return true;
  } catch (error) {
    if (!(error instanceof CallError) || error.details.status === undefined) throw error;
    if (error.details.status >= 500 || error.details.status === 429) throw error;
    return error.code !== 'unauthorized';
  }
}
