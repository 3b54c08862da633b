import type { RequestId } from '@modelcontextprotocol/sdk/types.js';
import { isJsonObject } from '../../lib/json.ts';
import type { Listed } from '../../lib/running-list.ts';
import type { FilteredCaller } from './client-filters.ts';

/**
 * The request id in a cancel notification (MCP specification 2025-11-25, cancellation); undefined for other
 * messages.
 */
export function cancelledRequest(message: unknown): RequestId | undefined {
  if (!isJsonObject(message) || message.method !== 'notifications/cancelled' || 'id' in message)
    return undefined;
  const id = isJsonObject(message.params) ? message.params.requestId : undefined;
  return typeof id === 'string' || typeof id === 'number' ? id : undefined;
}

/** A running request outside a session. */
export interface RunningRequest extends Listed {
  readonly caller: FilteredCaller;
  readonly id: RequestId;
  cancel(): void;
}

/**
 * Cancels the request with this id if only one has it: clients that share a token use the same ids, and no session
 * separates them. The string "1" is not the number 1.
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
