import { LRUCache } from 'lru-cache';
import { CallError } from '../errors.ts';
import { combinePins, type Pins } from '../pins.ts';
import type { SynqlyClient } from '../synqly/client.ts';
import { checkToken, fixedToken, type TokenSource } from '../synqly/token.ts';
import { type Grant, hashToken, isGood, pinsOfScope } from '../tokens/grant.ts';
import { isStanding, type TokenStore } from '../tokens/store.ts';

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
   */
  admit(bearer: Bearer | undefined, onVerdict?: (from: Verdict) => void): Promise<Caller | Denial>;
}

/** Milliseconds for which a good token is remembered: one revoked at Synqly stops working within this time. */
const rememberAdmitted = 60_000;
const rememberDenied = 10_000;
const mostRemembered = 10_000;
/** Checks at one time: a flood of made-up tokens must not become a flood of requests to Synqly. */
const mostChecks = 64;
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
 * short while by its SHA-256 only; checks of the same token that run at the same time share one request.
 *
 */
export function directAccess(
  client: Pick<SynqlyClient, 'request'>,
  { pins, clock = performance }: DirectOptions = {},
): Access {
  const verdicts = new LRUCache<string, 'good' | 'bad'>({
    max: mostRemembered,
    ttl: rememberAdmitted,
    perf: clock,
    // It would set a timer in every millisecond, so as not to look at the clock.
    ttlResolution: 0,
  });
  const running = new Map<string, Promise<'good' | 'bad'>>();

  const check = async (token: string, hash: string): Promise<'good' | 'bad'> => {
    const verdict = (await isAccepted(client, token)) ? 'good' : 'bad';
    verdicts.set(hash, verdict, { ttl: verdict === 'good' ? rememberAdmitted : rememberDenied });
    return verdict;
  };
  const judge = async (token: string, hash: string): Promise<'good' | 'bad'> => {
    const known = verdicts.get(hash) ?? running.get(hash);
    if (known !== undefined) return known;
    if (running.size >= mostChecks) throw new Error('Too many tokens are being checked.');
    const checking = check(token, hash).finally(() => running.delete(hash));
    running.set(hash, checking);
    return checking;
  };

  return {
    admit: async (bearer, onVerdict) => {
      if (bearer === undefined) return denied;
      const { token, hash } = bearer;
      const from = verdicts.has(hash) ? 'remembered' : 'checked';
      try {
        const verdict = await judge(token, hash);
        onVerdict?.(from);
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
  return {
    admit: async (bearer, onVerdict) => {
      if (bearer === undefined) return denied;
      const { hash } = bearer;
      const grant = await findStanding(store, hash).catch(() => 'unavailable' as const);
      if (grant === 'unavailable') return unavailable;
      onVerdict?.('store');
      if (!grant || !isGood(grant, hash, audience, Date.now())) return denied;
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
