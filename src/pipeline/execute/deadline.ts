import { CallError } from '../../errors.ts';
import type { Listed } from '../../lib/running-list.ts';
import type { ApiRequest } from '../../synqly/client.ts';
import type { StopSignal } from '../../synqly/exchange.ts';
import { beginWork, finishWork } from './shutdown.ts';

/** When a call must end. */
export type Limits = Pick<ApiRequest, 'signal' | 'deadline'>;

/** Ends work, once. */
export class Ending implements StopSignal, Listed {
  place: number | undefined;
  aborted = false;
  reason: unknown;
  readonly #listeners = new Set<() => void>();

  addEventListener(_: 'abort', listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }

  end(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    for (const listener of [...this.#listeners]) listener();
  }
}

/**
 * Runs work that must be over within so many milliseconds, and sooner when the client cancels or the process ends.
 *
 * @throws CallError `timeout`, `cancelled` or `interrupted`, also when the work does not heed its signal
 */
export function withDeadline<Value>(
  milliseconds: number,
  cancelled: StopSignal,
  work: (limits: Limits) => Promise<Value>,
): Promise<Value> {
  const signal = new Ending();
  const cancel = () => signal.end(new CallError('cancelled', 'The call was cancelled.'));
  const expire = () =>
    signal.end(new CallError('timeout', `No complete answer within ${milliseconds / 1000} s.`));
  return new Promise<Value>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
    const timer = setTimeout(expire, milliseconds);
    const clear = () => {
      clearTimeout(timer);
      cancelled.removeEventListener('abort', cancel);
      finishWork(signal);
    };
    cancelled.addEventListener('abort', cancel);
    if (cancelled.aborted) cancel();
    beginWork(signal);
    work({ signal, deadline: Date.now() + milliseconds }).then(
      (value) => {
        clear();
        resolve(value);
      },
      (error) => {
        clear();
        reject(error);
      },
    );
  });
}
