import type { RequestId } from '@modelcontextprotocol/sdk/types.js';
import { isJsonObject } from '../../lib/json.ts';
import type { Listed } from '../../lib/running-list.ts';
import type { FilteredCaller } from './client-filters.ts';

/** The id that a notification cancels (MCP specification 2025-11-25, cancellation); undefined for every other message. */
export function cancelledRequest(message: unknown): RequestId | undefined {
  if (!isJsonObject(message) || message.method !== 'notifications/cancelled' || 'id' in message)
    return undefined;
  const id = isJsonObject(message.params) ? message.params.requestId : undefined;
  return typeof id === 'string' || typeof id === 'number' ? id : undefined;
}

/** A request under way that came without a session. */
export interface RunningRequest extends Listed {
  readonly caller: FilteredCaller;
  readonly id: RequestId;
  cancel(): void;
}

/**
 * Cancels the request that has an id, if it is certain which: clients that share a token number their requests the same way,
 * and no session tells them apart. An id that is a text is not the number that it looks like.
 */
export function cancelOne(
  running: Iterable<RunningRequest>,
  { caller, key }: FilteredCaller,
  cancelled: RequestId,
): void {
  const [only, ...others] = [...running].filter(
    (one) => one.id === cancelled && one.caller.caller.hash === caller.hash,
  );
  if (only?.caller.key === key && others.length === 0) only.cancel();
}
