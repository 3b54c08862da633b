import type { Listed } from './running-list.ts';

/**
 * Signals that work should stop: an AbortSignal, or a simpler object. Creating an AbortSignal for every call takes
 * a tenth of a call's cost.
 */
export interface StopSignal {
  readonly aborted: boolean;
  /** The reason, once aborted. */
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
  /** Called when the request of a write is sent: from then on it may have taken effect. */
  sent?(): void;
}

/** A minimal AbortController: stops work once. */
export class StopController implements StopSignal, Listed {
  index: number | undefined;
  aborted = false;
  reason: unknown;
  readonly #listeners = new Set<() => void>();

  addEventListener(_: 'abort', listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }

  stop(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Converts to an AbortSignal, for APIs that require one. */
export function toAbortSignal(signal: StopSignal): AbortSignal {
  if (signal instanceof AbortSignal) return signal;
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort);
  return controller.signal;
}
