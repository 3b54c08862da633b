import { CallError } from '../errors.ts';
import type { StopSignal } from '../lib/cancellation.ts';

/** Limits the rate of requests that belong together. */
export interface Pace {
  /** Waits until a request may be sent. @throws the signal's reason; CallError `rate_limited` if it may not be sent in time */
  start(scope: { readonly signal: StopSignal; readonly deadline: number }): Promise<void>;
  /** Reports the response to a request that was started, or its failure. */
  end(outcome: PaceOutcome): void;
}

/** How a request ended. */
export interface PaceOutcome {
  /** Whether Synqly refused it because of its rate limit (status 429). */
  readonly isRateLimited: boolean;
  /** Milliseconds that Synqly asks to wait, if it does. */
  readonly retryAfterMs?: number | undefined;
}

export interface PaceOptions {
  /** Requests in flight at most. */
  readonly maxConcurrent: number;
  /** Requests that may start within a second, on average. */
  readonly perSecond: number;
}

/** Milliseconds to wait after a 429 that does not say how long; doubled with each that follows. */
const defaultPauseMs = 1_000;

/** A longer pause is reported to the caller instead. */
const maxPauseMs = 20_000;

/**
 * Creates the pace of one group of requests. After a 429, all of them wait as long as Synqly asks; then half as many are
 * in flight, and one more after each response that is not a 429.
 */
export function createPace({ maxConcurrent, perSecond }: PaceOptions): Pace {
  const waiting: Waiter[] = [];
  let inFlight = 0;
  let limit = maxConcurrent;
  let pausedUntil = 0;
  let pauses = 0;
  // A second's worth of requests may start at once.
  let allowance = perSecond;
  let countedAt = Date.now();
  let timer: NodeJS.Timeout | undefined;

  const wakeAfter = (milliseconds: number) => {
    clearTimeout(timer);
    // The calls have deadlines of their own, which keep the process running.
    timer = setTimeout(startWaiting, milliseconds).unref();
  };

  const startWaiting = () => {
    clearTimeout(timer);
    while (waiting.length > 0 && inFlight < limit) {
      const now = Date.now();
      allowance = Math.min(perSecond, allowance + ((now - countedAt) / 1000) * perSecond);
      countedAt = now;
      if (now < pausedUntil) return wakeAfter(pausedUntil - now);
      if (allowance < 1) return wakeAfter(((1 - allowance) / perSecond) * 1000);
      allowance -= 1;
      inFlight += 1;
      waiting.shift()?.start();
    }
  };

  /** Waiting for the end of a pause that is too long, or ends too late, would only delay the error. */
  const isTooLate = (deadline: number) => {
    const pause = pausedUntil - Date.now();
    return pause > maxPauseMs || (pause > 0 && pausedUntil >= deadline);
  };
  const rejectLate = () => {
    for (const waiter of [...waiting]) if (isTooLate(waiter.deadline)) waiter.reject(rateLimited());
  };
  const rateLimited = () =>
    new CallError('rate_limited', 'Synqly is limiting requests. This one was not sent.', {
      retryAfter: Math.ceil((pausedUntil - Date.now()) / 1000),
      retry: 'safe',
    });

  const slowDown = (retryAfterMs: number | undefined) => {
    const now = Date.now();
    // Requests that were in flight together may all be refused; that halves the limit once.
    const isFirst = now >= pausedUntil;
    const pauseMs = retryAfterMs ?? (isFirst ? defaultPauseMs * 2 ** pauses : 0);
    if (isFirst) {
      limit = Math.max(1, Math.floor(limit / 2));
      pauses += 1;
    }
    pausedUntil = Math.max(pausedUntil, now + pauseMs);
    rejectLate();
  };

  return {
    start: ({ signal, deadline }) =>
      new Promise((resolve, reject) => {
        const leave = () => {
          signal.removeEventListener('abort', stop);
          const at = waiting.indexOf(waiter);
          if (at >= 0) waiting.splice(at, 1);
        };
        const fail = (error: unknown) => {
          leave();
          reject(error);
        };
        const stop = () => fail(signal.reason);
        const waiter: Waiter = {
          deadline,
          start: () => {
            leave();
            resolve();
          },
          reject: fail,
        };
        if (signal.aborted) return reject(signal.reason);
        if (isTooLate(deadline)) return reject(rateLimited());
        signal.addEventListener('abort', stop);
        waiting.push(waiter);
        startWaiting();
      }),
    end: ({ isRateLimited, retryAfterMs }) => {
      inFlight -= 1;
      if (isRateLimited) slowDown(retryAfterMs);
      else {
        limit = Math.min(maxConcurrent, limit + 1);
        pauses = 0;
      }
      startWaiting();
    },
  };
}

interface Waiter {
  readonly deadline: number;
  readonly start: () => void;
  readonly reject: (error: unknown) => void;
}
