import { LRUCache } from 'lru-cache';
import { combinePins, type Pins } from '../access/pins.ts';
import { CallError } from '../errors.ts';
import type { SynqlyClient } from '../synqly/client.ts';
import { checkToken, fixedToken, type TokenSource } from '../synqly/token-source.ts';
import { type Grant, hashToken, isGood, pinsOfScope } from './mcp-tokens/mcp-token.ts';
import { isStanding, type TokenStore } from './mcp-tokens/store.ts';
import { Checks } from './token-checks.ts';

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
export interface Denial {
  readonly status: 401 | 403 | 503;
  readonly message: string;
}

/** Where the verdict on a token came from: Synqly, what is remembered of it, or the store of MCP tokens. */
export type Verdict = 'checked' | 'remembered' | 'store';

/** Decides who may call. */
export interface Access {
  /**
   * @param bearer the token of a request; without one, nobody is let in
   * @param onVerdict told where a verdict on a token came from; not called when there is no token, or no verdict
   * @param sender who waits for the verdict: senders take turns where a check takes a request to Synqly
   */
  admit(
    bearer: Bearer | undefined,
    onVerdict?: (from: Verdict) => void,
    sender?: string,
  ): Promise<Caller | Denial>;
  /** Whether the token was good when it was last looked at, and is nobody's invention therefore. */
  knows(bearer: Bearer): boolean;
  /** Whether a verdict takes no request to Synqly. */
  readonly isCheap: boolean;
}

/** Milliseconds for which a good token is remembered: one revoked at Synqly stops working within this time. */
const rememberAdmitted = 60_000;
const rememberDenied = 10_000;
/** Good tokens that are known, and bad ones that are remembered: made-up ones take no room of good ones. */
const mostRemembered = 10_000;
/** Milliseconds that a check at Synqly may take. */
const checkWithin = 10_000;

const denied: Denial = { status: 401, message: 'The bearer token is missing, unknown or expired.' };

const unavailable: Denial = { status: 503, message: 'The token could not be checked just now.' };

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
export function directAccess(
  client: Pick<SynqlyClient, 'request'>,
  { pins, clock = performance }: DirectOptions = {},
): Access {
  // It would set a timer in every millisecond, so as not to look at the clock.
  const caching = { max: mostRemembered, perf: clock, ttlResolution: 0 };
  /** Tokens that were good when they were last checked, until when that holds. */
  const good = new LRUCache<string, number>({ max: mostRemembered });
  const bad = new LRUCache<string, true>({ ...caching, ttl: rememberDenied });
  const running = new Map<string, Promise<'good' | 'bad'>>();
  const checks = new Checks();

  const check = async (token: string, hash: string): Promise<'good' | 'bad'> => {
    const verdict = (await isAccepted(client, token)) ? 'good' : 'bad';
    if (verdict === 'good') {
      good.set(hash, clock.now() + rememberAdmitted);
    } else {
      good.delete(hash);
      bad.set(hash, true);
    }
    return verdict;
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
    admit: async (bearer, onVerdict, sender = '') => {
      if (bearer === undefined) return denied;
      const { token, hash } = bearer;
      try {
        const known = remembered(hash);
        const verdict = known ?? (await checkOnce(token, hash, sender));
        onVerdict?.(known ? 'remembered' : 'checked');
        return verdict === 'good' ? { token: fixedToken(token), hash, pins } : denied;
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
export function gatewayAccess({ store, audience, token, pins }: GatewayOptions): Access {
  const known = new LRUCache<string, true>({ max: mostRemembered });
  return {
    isCheap: true,
    knows: ({ hash }) => known.get(hash) ?? false,
    admit: async (bearer, onVerdict) => {
      if (bearer === undefined) return denied;
      const { hash } = bearer;
      const grant = await findStanding(store, hash).catch(() => 'unavailable' as const);
      if (grant === 'unavailable') return unavailable;
      onVerdict?.('store');
      if (!grant || !isGood(grant, hash, audience, Date.now())) {
        known.delete(hash);
        return denied;
      }
      if (!known.has(hash)) known.set(hash, true);
      if (grant.scope.type === 'integration-usage') return connectorsOnly;
      const held = combinePins(pins, pinsOfScope(grant.scope));
      return held === 'apart' ? elsewhere : { hash, token, pins: held };
    },
  };
}

/** A grant, unless one of the tokens that it was made with is revoked. */
async function findStanding(store: TokenStore, hash: string): Promise<Grant | undefined> {
  const grant = await store.find(hash);
  // Nearly all are made with no other.
  if (!grant?.makers) return grant;
  return (await isStanding(grant, store)) ? grant : undefined;
}

const connectorsOnly: Denial = {
  status: 403,
  message: 'The scope integration-usage opens connectors only; this server has management tools only.',
};
const elsewhere: Denial = {
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
  const signal = AbortSignal.timeout(checkWithin);
  const deadline = Date.now() + checkWithin;
  try {
    await client.request(
      { method: 'GET', path: '/v1/organization', repeatable: true, signal, deadline },
      token,
    );
    return true;
  } catch (error) {
    if (!(error instanceof CallError) || error.facts.status === undefined) throw error;
    if (error.facts.status >= 500 || error.facts.status === 429) throw error;
    return error.code !== 'unauthorized';
  }
}
