import { CallError } from '../../errors.ts';
import { StopController, type StopSignal } from '../../lib/cancellation.ts';
import { beginWork, finishWork } from '../../lib/shutdown.ts';
import type { ApiRequest } from '../../synqly/client.ts';

/** The error of a call that is running when the process stops. */
export function interrupted(): CallError {
  return new CallError('interrupted', 'The server was stopped during the call.');
}

/** When a call must end. */
export type Limits = Pick<ApiRequest, 'signal' | 'deadline'>;

/**
 * Runs work with a deadline. It also ends when the client cancels or the process stops.
 *
 * @throws CallError `timeout`, `cancelled` or `interrupted`, also if the work ignores its signal
 */
export function withDeadline<Value>(
  milliseconds: number,
  cancelled: StopSignal,
  work: (limits: Limits) => Promise<Value>,
): Promise<Value> {
  const signal = new StopController();
  const cancel = () => signal.stop(new CallError('cancelled', 'The call was cancelled.'));
  const expire = () =>
    signal.stop(new CallError('timeout', `No complete response within ${milliseconds / 1000} s.`));
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
