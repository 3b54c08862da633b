import type { StopSignal } from '../lib/cancellation.ts';
import type { Stopped } from './exchange.ts';
import { codeOf, isUnsent } from './network-error.ts';
import { parseRetryAfter, type RawResponse } from './response-meta.ts';

/** What decides about repeats of one request. */
export interface RetryScope {
  readonly repeatable: boolean;
  readonly signal: StopSignal;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  /** Asked before each repeat, where the sender counts them; `false` ends them. */
  readonly mayRepeat?: (() => boolean) | undefined;
}

const maxRetries = 3;
const minDelayMs = 200;

/** A server that asks for a longer pause is better told to the caller than waited for. */
const maxPauseMs = 20_000;

/** 501 is no passing failure, and 500 may come from the request itself. */
const passingFailures: ReadonlySet<number> = new Set([502, 503, 504]);

/**
 * Sends a request, and sends it again only where a repeat is safe: anything after a 429 or when nothing was sent; after
 * 502, 503, 504 or a broken connection what may be sent twice. Never past the deadline, and a Retry-After is either kept
 * or ends the retries. undici's own retry puts itself before every answer, which costs a call that fails in nothing a
 * tenth of its time.
 *
 * @param send one try
 * @throws what the last try ended with; the signal's reason
 */
export async function retryWhenSafe(send: () => Promise<Stopped>, scope: RetryScope): Promise<RawResponse> {
  for (let attempt = 1; ; attempt += 1) {
    const ended = await send();
    const pause = attempt > maxRetries ? undefined : pauseBefore(ended, attempt, scope);
    const isLate = pause === undefined || Date.now() + pause >= scope.deadline;
    if (isLate || scope.mayRepeat?.() === false) {
      if ('answer' in ended) return ended.answer;
      throw ended.error;
    }
    await wait(pause, scope.signal);
  }
}

/** @throws the signal's reason when it ends the pause */
function wait(milliseconds: number, signal: StopSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', stop);
  });
}

/** Milliseconds to wait before the next try; undefined ends the tries. */
function pauseBefore(ended: Stopped, attempt: number, scope: RetryScope): number | undefined {
  if (scope.signal.aborted || !isSafeToRepeat(ended, scope)) return undefined;
  const responseHead = readMeta(ended);
  const asked = responseHead && parseRetryAfter(responseHead.headers);
  if (asked !== undefined) return asked * 1000 <= maxPauseMs ? asked * 1000 : undefined;
  return minDelayMs * 2 ** (attempt - 1) * (1 + Math.random() / 4);
}

function isSafeToRepeat(ended: Stopped, { repeatable }: RetryScope): boolean {
  const responseHead = readMeta(ended);
  // Once there is a status it decides, even where the body broke: a success has done what was wanted.
  if (responseHead)
    return responseHead.status === 429 || (repeatable && passingFailures.has(responseHead.status));
  return 'error' in ended && (isUnsent(ended.error) || (repeatable && isBroken(ended.error)));
}

const readMeta = (ended: Stopped) => ('answer' in ended ? ended.answer : ended.responseHead);

const broken: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'UND_ERR_SOCKET']);

function isBroken(error: unknown): boolean {
  return broken.has(codeOf(error) ?? '');
}
