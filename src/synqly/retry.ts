import type { StopSignal } from '../lib/cancellation.ts';
import type { ExchangeResult } from './exchange.ts';
import { codeOf, isUnsent } from './network-error.ts';
import type { Pace } from './pace.ts';
import { parseRetryAfter, type RawResponse } from './response-meta.ts';

/** The limits of retries for one request. */
export interface RetryScope {
  readonly repeatable: boolean;
  readonly signal: StopSignal;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  /** Called before each retry, if the caller counts them; `false` stops retrying. */
  readonly mayRepeat?: (() => boolean) | undefined;
  /** Called before an attempt that may have taken effect is repeated. */
  readonly onUncertain?: (() => void) | undefined;
  /** Limits the rate of this request together with others. */
  readonly pace?: Pace | undefined;
}

const maxRetries = 3;
const minDelayMs = 200;

/** Longer pauses that a server asks for are reported to the caller instead. */
const maxPauseMs = 20_000;

/** 501 is permanent, and 500 may be caused by the request itself. */
const transientStatuses: ReadonlySet<number> = new Set([502, 503, 504]);

/**
 * Sends a request, and retries only when that is safe: any request after a 429 or when nothing was sent; repeatable
 * requests after 502, 503, 504 or a broken connection. Retries stop at the deadline, and a Retry-After is honoured
 * or ends them. undici's own retry handler runs for every response, which costs a tenth of a successful call's
 * time.
 *
 * @param send one attempt
 * @throws the error of the last attempt, or the signal's reason
 */
export async function retryWhenSafe(
  send: () => Promise<ExchangeResult>,
  scope: RetryScope,
): Promise<RawResponse> {
  for (let attempt = 1; ; attempt += 1) {
    const ended = scope.pace ? await sendAtPace(send, scope, scope.pace) : await send();
    const pause = attempt > maxRetries ? undefined : pauseBefore(ended, attempt, scope);
    const isLate = pause === undefined || Date.now() + pause >= scope.deadline;
    if (isLate || scope.mayRepeat?.() === false) {
      if ('answer' in ended) return ended.answer;
      throw ended.error;
    }
    if (mayHaveTakenEffect(ended)) scope.onUncertain?.();
    await wait(pause, scope.signal);
  }
}

/** @throws the signal's reason; CallError `rate_limited` when other requests have to wait too long */
async function sendAtPace(
  send: () => Promise<ExchangeResult>,
  scope: RetryScope,
  pace: Pace,
): Promise<ExchangeResult> {
  await pace.start(scope);
  let ended: ExchangeResult | undefined;
  try {
    ended = await send();
    return ended;
  } finally {
    const responseMeta = ended && readMeta(ended);
    const retryAfter = responseMeta && parseRetryAfter(responseMeta.headers);
    pace.end({
      isRateLimited: responseMeta?.status === 429,
      retryAfterMs: retryAfter === undefined ? undefined : retryAfter * 1000,
    });
  }
}

/** @throws the signal's reason when it aborts the pause */
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

/** Milliseconds before the next attempt; undefined for none. */
function pauseBefore(ended: ExchangeResult, attempt: number, scope: RetryScope): number | undefined {
  if (scope.signal.aborted || !isSafeToRepeat(ended, scope)) return undefined;
  const responseHead = readMeta(ended);
  const retryAfter = responseHead && parseRetryAfter(responseHead.headers);
  if (retryAfter !== undefined) return retryAfter * 1000 <= maxPauseMs ? retryAfter * 1000 : undefined;
  return minDelayMs * 2 ** (attempt - 1) * (1 + Math.random() / 4);
}

function isSafeToRepeat(ended: ExchangeResult, { repeatable }: RetryScope): boolean {
  const responseHead = readMeta(ended);
  // A status decides even if the body broke: a success has taken effect.
  if (responseHead)
    return responseHead.status === 429 || (repeatable && transientStatuses.has(responseHead.status));
  return 'error' in ended && (isUnsent(ended.error) || (repeatable && isBroken(ended.error)));
}

function mayHaveTakenEffect(ended: ExchangeResult): boolean {
  return readMeta(ended)?.status !== 429 && !('error' in ended && isUnsent(ended.error));
}

const readMeta = (ended: ExchangeResult) => ('answer' in ended ? ended.answer : ended.responseHead);

const broken: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'UND_ERR_SOCKET']);

function isBroken(error: unknown): boolean {
  return broken.has(codeOf(error) ?? '');
}
