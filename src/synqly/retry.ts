import type { RetryHandler } from 'undici';
import type { StopSignal } from './exchange.ts';
import { codeOf, isUnsent } from './failure.ts';

/** What decides about repeats of one request. */
export interface RetryScope {
  readonly repeatable: boolean;
  readonly signal: StopSignal;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  /** Set once the head of an answer is in: undici would ask for the rest of a broken body, which a JSON API cannot give. */
  answered: boolean;
}

const maxRetries = 3;
const firstDelay = 200;
/** A server that asks for a longer pause is better told to the caller than waited for. */
const longestPause = 20_000;

/** 501 is no passing failure, and 500 may come from the request itself. */
const passingFailures: ReadonlySet<number> = new Set([502, 503, 504]);

/**
 * undici's retry, only where a repeat is safe: anything after a 429 or when nothing was sent; after 502, 503,
 * 504 or a broken connection what may be sent twice. Never past the deadline, and a Retry-After is
 * either kept or ends the retries.
 */
export function retryWhenSafe(scope: RetryScope): RetryHandler.RetryCallback {
  return (error, { state }, done) => {
    const pause = state.counter > maxRetries ? undefined : pauseBefore(error, state.counter, scope);
    if (pause === undefined || Date.now() + pause >= scope.deadline) return done(error);
    const end = (reason?: Error) => {
      clearTimeout(timer);
      scope.signal.removeEventListener('abort', giveUp);
      done(reason ?? null);
    };
    const giveUp = () => end(error);
    const timer = setTimeout(end, pause);
    scope.signal.addEventListener('abort', giveUp);
  };
}

interface FailedAnswer extends Error {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
}

/** Milliseconds to wait before the next try; undefined ends the tries. */
function pauseBefore(error: FailedAnswer, attempt: number, scope: RetryScope): number | undefined {
  const { statusCode: status } = error;
  if (scope.answered) return undefined;
  const safe =
    status === undefined
      ? isUnsent(error) || (scope.repeatable && isBroken(error))
      : status === 429 || (scope.repeatable && passingFailures.has(status));
  if (!safe) return undefined;
  const asked = error.headers ? parseRetryAfter(error.headers) : undefined;
  if (asked !== undefined) return asked * 1000 <= longestPause ? asked * 1000 : undefined;
  return firstDelay * 2 ** (attempt - 1) * (1 + Math.random() / 4);
}

const broken: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'UND_ERR_SOCKET']);

function isBroken(error: unknown): boolean {
  return broken.has(codeOf(error) ?? '');
}

/**
 * Seconds to wait, from Retry-After (a number or a date: RFC 9110, 10.2.3), else from X-RateLimit-Reset
 * (Unix seconds), which the Synqly SDKs read as well.
 */
export function parseRetryAfter(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): number | undefined {
  const asked = headers['retry-after'];
  if (typeof asked === 'string') return secondsUntil(Number(asked), Date.parse(asked));
  const reset = headers['x-ratelimit-reset'];
  return typeof reset === 'string' ? secondsUntil(Number.NaN, Number(reset) * 1000) : undefined;
}

function secondsUntil(seconds: number, time: number): number | undefined {
  if (Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds));
  return Number.isFinite(time) ? Math.max(0, Math.ceil((time - Date.now()) / 1000)) : undefined;
}
