import { CallError } from '../../errors.ts';
import type { RequestContext } from '../../request-context.ts';
import { type Limits, withDeadline } from './deadline.ts';

/** Milliseconds that a read may take on which the call does not depend. */
export const maxReadMs = 2_000;

/** What a read gave, or why it gave nothing. */
export type Attempt<Value> = { readonly value: Value } | { readonly failure: CallError };

/**
 * Tries a read on which the call does not depend: for 2 s at most, without repeats that wait, and whatever goes wrong
 * is told and not thrown.
 *
 * @param limits those of the call; what ends the call ends the read
 * @throws CallError only when the call itself has ended, such as `cancelled`
 */
export async function bestEffort<Value>(
  context: RequestContext,
  limits: Limits,
  read: (limits: Limits) => Promise<Value>,
): Promise<Attempt<Value>> {
  const { signal, deadline } = limits;
  const milliseconds = Math.min(maxReadMs, deadline - Date.now());
  if (milliseconds <= 0) return { failure: new CallError('timeout', 'There was no time left to read.') };
  try {
    return { value: await withDeadline(milliseconds, signal, (own) => readWithoutWaiting(read, own)) };
  } catch (error) {
    if (signal.aborted) throw signal.reason instanceof CallError ? signal.reason : error;
    return { failure: explain(error, context) };
  }
}

/** Half of the time that a call has left: what is read before it is sent leaves the other half for the call itself. */
export function halveDeadline({ signal, deadline }: Limits): Limits {
  const now = Date.now();
  return { signal, deadline: now + (deadline - now) / 2 };
}

/** A kept connection that Synqly has closed meanwhile says nothing of the object: the read goes out once more. */
async function readWithoutWaiting<Value>(
  read: (limits: Limits) => Promise<Value>,
  { signal }: Limits,
): Promise<Value> {
  // A deadline that has passed leaves no time for a pause before a repeat.
  const once = () => read({ signal, deadline: Date.now() });
  try {
    return await once();
  } catch (error) {
    if (!(error instanceof CallError) || error.code !== 'connection_lost') throw error;
    return once();
  }
}

/** An answer of a shape that our own code stumbles over is a failed read, too. */
function explain(cause: unknown, { log }: RequestContext): CallError {
  if (cause instanceof CallError) return cause;
  log.error({ err: cause }, 'an answer could not be read');
  return new CallError('invalid_response', 'The answer could not be read.', { cause });
}
