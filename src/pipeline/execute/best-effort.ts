import { CallError } from '../../errors.ts';
import type { RequestContext } from '../../request-context.ts';
import { type Limits, withDeadline } from './deadline.ts';

/** Milliseconds for a read that the call does not depend on. */
export const maxReadMs = 2_000;

/** The value of a read, or its failure. */
export type Attempt<Value> = { readonly value: Value } | { readonly failure: CallError };

/**
 * Tries a read that the call does not depend on, for at most 2 s and without delayed retries. Failures are returned, not
 * thrown.
 *
 * @param limits limits of the call, which also apply to the read
 * @throws CallError only when the call itself has ended, for example `cancelled`
 */
export async function bestEffort<Value>(
  context: RequestContext,
  limits: Limits,
  read: (limits: Limits) => Promise<Value>,
): Promise<Attempt<Value>> {
  const { signal, deadline } = limits;
  const milliseconds = Math.min(maxReadMs, deadline - Date.now());
  if (milliseconds <= 0)
    return { failure: new CallError('timeout', 'The time limit of the call left no time for this read.') };
  try {
    return { value: await withDeadline(milliseconds, signal, (own) => readWithoutWaiting(read, own)) };
  } catch (error) {
    if (signal.aborted) throw signal.reason instanceof CallError ? signal.reason : error;
    return { failure: explain(error, context) };
  }
}

/** Half of a call's remaining time, for reads before it is sent. The other half is for the call itself. */
export function halveDeadline({ signal, deadline }: Limits): Limits {
  const now = Date.now();
  return { signal, deadline: now + (deadline - now) / 2 };
}

/** Reads once more after `connection_lost`: Synqly may have closed a kept-alive connection. */
async function readWithoutWaiting<Value>(
  read: (limits: Limits) => Promise<Value>,
  { signal }: Limits,
): Promise<Value> {
  // A deadline in the past allows no delayed retry.
  const once = () => read({ signal, deadline: Date.now() });
  try {
    return await once();
  } catch (error) {
    if (!(error instanceof CallError) || error.code !== 'connection_lost') throw error;
    return once();
  }
}

/** An unexpected error while reading a response counts as a failed read. */
function explain(cause: unknown, { log }: RequestContext): CallError {
  if (cause instanceof CallError) return cause;
  log.error({ err: cause }, 'a response could not be read');
  return new CallError('invalid_response', 'The response could not be read.', { cause });
}
