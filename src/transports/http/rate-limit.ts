import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { Authenticator } from '../../auth/authenticate.ts';
import { getOrCreate } from '../../lib/get-or-create.ts';
import { rateLimitKey } from './client-address.ts';
import { type Rate, Windows } from './rate-windows.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The rate of its token or client address in the current minute. */
    rate: Rate | undefined;
    /** The client address it is counted under until its token is authenticated. */
    addressKey: string | undefined;
  }
}

/** Counts another message of a batch. Returns the error message when the limit is exceeded. */
export type CountAgain = (request: FastifyRequest) => string | undefined;

/** The error message of a 429; Retry-After is already set. */
type Exceeded = string;

export interface RateLimit {
  readonly countAgain: CountAgain;
  /** Counts a request with a valid token under that token. */
  accepted(request: FastifyRequest, reply: FastifyReply): Exceeded | undefined;
  /**
   * Counts a request with an invalid token; returns the 429 message that replaces the 401 when the address has too
   * many.
   */
  refused(request: FastifyRequest, reply: FastifyReply): Exceeded | undefined;
}

/** Maximum milliseconds that a token check of a slowed address waits. */
const maxWaitMs = 2_000;
/** Maximum number of slowed addresses. */
const maxSlowed = 10_000;

/**
 * Counts requests per valid token, and until a token is known to be valid, per client address: otherwise invented
 * tokens would each get their own limit. A request with a valid token is subtracted from its address, which may be
 * a proxy that is not configured as trusted. An address over the limit gets 429 in place of 401, and its unknown
 * tokens are checked one at a time, with a delay where a check costs a request to Synqly. So a valid token still
 * gets through, and one that is known to be valid never waits.
 *
 * @param onExceeded rejects a request
 */
export function limitRate(
  mcp: FastifyInstance,
  perMinute: number,
  authenticator: Pick<Authenticator, 'isKnown' | 'isCheap'>,
  onExceeded: (reply: FastifyReply, message: string) => void,
): RateLimit {
  const byToken = new Windows(perMinute);
  const byAddress = new Windows(perMinute);
  const slowed = new LRUCache<string, { next: number }>({ max: maxSlowed });

  /** Milliseconds until the next token check of this address; reserves that time unless the wait is too long. */
  const waitOf = (addressKey: string): number => {
    const now = performance.now();
    const turns = getOrCreate(slowed, addressKey, () => ({ next: now }));
    const wait = Math.max(0, turns.next - now);
    if (wait <= maxWaitMs) turns.next = now + wait + 60_000 / perMinute;
    return wait;
  };
  const countToken = (request: FastifyRequest, hash: string): string | undefined => {
    const rate = byToken.count(hash);
    request.rate = rate;
    return rate.isExceeded ? exceeded(rate.ttlInSeconds) : undefined;
  };
  const retryAfter = (reply: FastifyReply, seconds: number, message: string): string => {
    reply.header('retry-after', seconds);
    return message;
  };

  mcp.decorateRequest('rate', undefined);
  mcp.decorateRequest('addressKey', undefined);
  mcp.addHook('onRequest', (request, reply, pass) => {
    const { bearer } = request;
    if (bearer !== undefined && authenticator.isKnown(bearer)) {
      const message = countToken(request, bearer.hash);
      if (message === undefined) return pass();
      return onExceeded(reply, retryAfter(reply, request.rate?.ttlInSeconds ?? 1, message));
    }
    const addressKey = rateLimitKey(request.ip);
    const rate = byAddress.count(addressKey);
    request.addressKey = addressKey;
    request.rate = rate;
    if (!rate.isExceeded || (bearer !== undefined && authenticator.isCheap)) return pass();
    const wait = bearer === undefined ? rate.ttlInSeconds * 1_000 : waitOf(addressKey);
    if (wait > maxWaitMs) {
      const seconds = Math.ceil(wait / 1_000);
      return onExceeded(reply, retryAfter(reply, seconds, tooManyFailed(seconds)));
    }
    if (wait === 0) return pass();
    setTimeout(pass, wait).unref();
  });
  mcp.addHook('onSend', (request, reply, _, pass) => {
    reply.headers(Object.fromEntries(rateHeaders(request)));
    pass();
  });
  return {
    countAgain: (request) => countToken(request, request.bearer?.hash ?? ''),
    accepted: (request, reply) => {
      if (request.addressKey === undefined) return undefined;
      byAddress.uncount(request.addressKey);
      const message = countToken(request, request.bearer?.hash ?? '');
      return message && retryAfter(reply, request.rate?.ttlInSeconds ?? 1, message);
    },
    refused: (request, reply) => {
      // Its token was valid when the request arrived, and no longer is.
      if (request.addressKey === undefined) request.rate = byAddress.count(rateLimitKey(request.ip));
      const { isExceeded = false, ttlInSeconds = 1 } = request.rate ?? {};
      return isExceeded ? retryAfter(reply, ttlInSeconds, tooManyFailed(ttlInSeconds)) : undefined;
    },
  };
}

/**
 * The queue of a request's token check. A slowed address gets a new queue, so that its checks do not wait behind
 * its earlier ones, which may all be waiting for Synqly.
 */
export function checkQueueKey({ addressKey = '', rate }: FastifyRequest): string {
  return rate?.isExceeded ? `${addressKey} slowed` : addressKey;
}

const exceeded = (seconds: number) => `Rate limit exceeded, retry in ${seconds} s`;
const tooManyFailed = (seconds: number) =>
  `Rate limit exceeded, retry in ${seconds} s: too many requests from this address had no valid token.`;

/** Rate limit headers (draft-ietf-httpapi-ratelimit-headers-06), for responses that bypass Fastify. */
export function rateHeaders({ rate }: FastifyRequest): readonly (readonly [string, string])[] {
  if (rate === undefined) return [];
  return [
    ['ratelimit-limit', String(rate.max)],
    ['ratelimit-remaining', String(rate.remaining)],
    ['ratelimit-reset', String(rate.ttlInSeconds)],
  ];
}
