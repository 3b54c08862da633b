import { CallError } from '../errors.ts';
import type { ApiRequest } from '../synqly/client.ts';

/** When a call must end. */
export type Limits = Pick<ApiRequest, 'signal' | 'deadline'>;

/**
 * Runs work that must be over within so many milliseconds, and sooner when the client cancels.
 *
 * @throws CallError `timeout` or `cancelled`, also when the work does not heed its signal
 */
export async function withDeadline<Value>(
  milliseconds: number,
  cancelled: AbortSignal,
  work: (limits: Limits) => Promise<Value>,
): Promise<Value> {
  const ending = new AbortController();
  const { signal } = ending;
  const cancel = () => ending.abort(new CallError('cancelled', 'The call was cancelled.'));
  const expire = () =>
    ending.abort(new CallError('timeout', `No complete answer within ${milliseconds / 1000} s.`));
  const ended = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  ended.catch(() => {});
  const timer = setTimeout(expire, milliseconds);
  cancelled.addEventListener('abort', cancel, { once: true });
  if (cancelled.aborted) cancel();
  try {
    return await Promise.race([work({ signal, deadline: Date.now() + milliseconds }), ended]);
  } finally {
    clearTimeout(timer);
    cancelled.removeEventListener('abort', cancel);
  }
}
