import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { Authenticator } from '../../auth/authenticate.ts';
import { senderOf } from './client-address.ts';
import { type Rate, Windows } from './rate-windows.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** How far its token, or its sender, has got in this minute. */
    rate: Rate | undefined;
    /** Whom it is counted to as long as its token is not known to be good. */
    sender: string | undefined;
  }
}

/** Counts one more message of a request that holds several. Gives why it is turned away, or undefined. */
export type CountAgain = (request: FastifyRequest) => string | undefined;

/** Why a request goes no further; Retry-After is set by then. */
type Exceeded = string;

export interface RateLimit {
  readonly countAgain: CountAgain;
  /** Counts a request whose token has turned out good to its token. */
  accepted(request: FastifyRequest, reply: FastifyReply): Exceeded | undefined;
  /** Counts a request whose token has turned out bad; gives why to tell so no more. */
  refused(request: FastifyRequest, reply: FastifyReply): Exceeded | undefined;
}

/** Milliseconds that a check may wait whose sender has had too many that failed. */
const maxWaitMs = 2_000;
/** Senders whose checks are slowed down at one time. */
const maxSlowed = 10_000;

/**
 * Counts requests by their tokens once those are known to be good, and before that by their senders: made-up tokens
 * cost nothing, so they count for whoever makes them up. What turns out good is taken back from its sender, which may
 * be a proxy that nobody told this server of. A sender with too many that failed is told so in place of their verdict,
 * and its tokens that are not known are checked one by one, slowly where that costs a request to Synqly: a good one
 * still finds its way, and what is known to be good never waits.
 *
 * @param onExceeded turns a request away
 */
export function limitRate(
  mcp: FastifyInstance,
  perMinute: number,
  access: Pick<Authenticator, 'knows' | 'isCheap'>,
  onExceeded: (reply: FastifyReply, message: string) => void,
): RateLimit {
  const byToken = new Windows(perMinute);
  const bySender = new Windows(perMinute);
  const slowed = new LRUCache<string, { next: number }>({ max: maxSlowed });

  /** Milliseconds until the next check of a sender may be made; its turn is taken unless that is too long. */
  const waitOf = (sender: string): number => {
    const now = performance.now();
    const turns = slowed.get(sender) ?? { next: now };
    slowed.set(sender, turns);
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
  mcp.decorateRequest('sender', undefined);
  mcp.addHook('onRequest', (request, reply, pass) => {
    const { bearer } = request;
    if (bearer !== undefined && access.knows(bearer)) {
      const message = countToken(request, bearer.hash);
      if (message === undefined) return pass();
      return onExceeded(reply, retryAfter(reply, request.rate?.ttlInSeconds ?? 1, message));
    }
    const sender = senderOf(request.ip);
    const rate = bySender.count(sender);
    request.sender = sender;
    request.rate = rate;
    if (!rate.isExceeded || (bearer !== undefined && access.isCheap)) return pass();
    const wait = bearer === undefined ? rate.ttlInSeconds * 1_000 : waitOf(sender);
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
      if (request.sender === undefined) return undefined;
      bySender.takeBack(request.sender);
      const message = countToken(request, request.bearer?.hash ?? '');
      return message && retryAfter(reply, request.rate?.ttlInSeconds ?? 1, message);
    },
    refused: (request, reply) => {
      // It was known to be good when it came in, and is so no more.
      if (request.sender === undefined) request.rate = bySender.count(senderOf(request.ip));
      const { isExceeded = false, ttlInSeconds = 1 } = request.rate ?? {};
      return isExceeded ? retryAfter(reply, ttlInSeconds, tooManyFailed(ttlInSeconds)) : undefined;
    },
  };
}

/**
 * Whose turn a check takes. Checks of a sender that is slowed down do not stand behind those that it sent before, which
 * may all be waiting for Synqly.
 */
export function turnsOf({ sender = '', rate }: FastifyRequest): string {
  return rate?.isExceeded ? `${sender} slowed` : sender;
}

const exceeded = (seconds: number) => `Rate limit exceeded, retry in ${seconds} s`;
const tooManyFailed = (seconds: number) =>
  `Rate limit exceeded, retry in ${seconds} s: too many requests from this address had no good token.`;

/** The headers that tell of it (draft-ietf-httpapi-ratelimit-headers-06), for an answer that passes the framework by. */
export function rateHeaders({ rate }: FastifyRequest): readonly (readonly [string, string])[] {
  if (rate === undefined) return [];
  return [
    ['ratelimit-limit', String(rate.max)],
    ['ratelimit-remaining', String(rate.remaining)],
    ['ratelimit-reset', String(rate.ttlInSeconds)],
  ];
}
