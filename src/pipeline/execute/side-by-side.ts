import type { StopSignal } from '../../lib/cancellation.ts';
import { limitConcurrency, type RunLimited } from '../../lib/limit-concurrency.ts';
import type { RequestContext } from '../../request-context.ts';
import { createPace } from '../../synqly/pace.ts';

/** Calls that run at a time, and requests in flight at most. */
const maxConcurrent = 8;

/** Requests to Synqly that may start within a second. */
const maxRequestsPerSecond = 25;

/** Runs calls side by side within limits. */
export interface SideBySide {
  /** The context for the calls: their requests share one rate, and a 429 slows all of them. */
  readonly context: RequestContext;
  readonly run: RunLimited;
}

/**
 * Prepares calls that belong to one call of the client. They ask the person nothing and report no progress of their own.
 *
 * @param signal once it aborts, calls that have not started are dropped
 */
export function runSideBySide(context: RequestContext, signal: StopSignal): SideBySide {
  const pace = createPace({ maxConcurrent, perSecond: maxRequestsPerSecond });
  const { client } = context;
  return {
    context: {
      ...context,
      client: client && { name: client.name, sessionId: client.sessionId },
      send: (request) => context.send({ ...request, pace }),
    },
    run: limitConcurrency(maxConcurrent, signal),
  };
}
