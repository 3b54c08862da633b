import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { CallError } from '../errors.ts';
import type { SynqlyClient } from '../synqly/client.ts';
import { checkToken } from '../synqly/token.ts';

/** A caller whose token is good. */
export interface Caller {
  /** The API token that its calls are made with. */
  readonly token: string;
  /** SHA-256 of the token it came with, hexadecimal. */
  readonly hash: string;
}

/** Why a caller is not let in. */
export interface Denial {
  readonly status: 401 | 503;
  readonly message: string;
}

/** Decides who may call. */
export interface Access {
  admit(authorization: string | undefined): Promise<Caller | Denial>;
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

/**
 * Access by the caller's own API token. It is checked at Synqly once with a cheap read, and remembered for a
 * short while by its SHA-256 only; checks of the same token that run at the same time share one request.
 *
 * @param clock milliseconds, for what is remembered
 */
export function directAccess(
  client: Pick<SynqlyClient, 'request'>,
  clock: { now(): number } = performance,
): Access {
  const verdicts = new LRUCache<string, 'good' | 'bad'>({
    max: mostRemembered,
    ttl: rememberAdmitted,
    perf: clock,
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
    admit: async (authorization) => {
      const token = readBearer(authorization);
      if (token === undefined) return denied;
      const hash = hashToken(token);
      try {
        return (await judge(token, hash)) === 'good' ? { token, hash } : denied;
      } catch {
        return { status: 503, message: 'The token could not be checked at Synqly just now.' };
      }
    },
  };
}

/** SHA-256 of a token, hexadecimal: what is kept, compared and logged in its place. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** The token of an Authorization header; undefined when it holds none. */
export function readBearer(authorization: string | undefined): string | undefined {
  if (!authorization || !/^Bearer /i.test(authorization)) return undefined;
  try {
    return checkToken(authorization);
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
