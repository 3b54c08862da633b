import type { StopSignal } from '../../lib/cancellation.ts';
import { openAuditEntry } from '../audit-entry.ts';
import type { OperationCall } from '../call-state.ts';
import { assertSnapshotUnchanged, type Consent } from '../confirmation/confirm.ts';
import type { Pinned } from '../pins/enforce.ts';
import { type ResolvedReference, withResolved } from '../secrets/resolve.ts';
import { assertStoreHasRoom } from '../secrets/store-response.ts';
import { prepareRequest } from './build-request.ts';
import { withDeadline } from './deadline.ts';
import { type Sent, sendRequest } from './send.ts';

/**
 * Sends the request of a call, with all that must hold right before: the pins, and what was confirmed.
 *
 * @throws CallError
 */
export async function execute(
  call: OperationCall,
  pinned: Pinned,
  consent: Consent,
  secrets: readonly ResolvedReference[],
): Promise<Sent> {
  const { operation, context, cancelled } = call;
  // Other calls may have filled the store while a person was asked.
  assertStoreHasRoom(operation, context);
  return withDeadline(context.timeout, cancelled, async (limits) => {
    const pinnedCall = await pinned(limits);
    const request = prepareRequest(pinnedCall.operation, withResolved(pinnedCall.args, secrets));
    const snapshot = await assertSnapshotUnchanged(consent, pinnedCall, context, limits);
    const beforeSending = operation.effect === 'read' ? undefined : () => announce(call, limits.signal);
    const sent = await sendRequest(pinnedCall, request, context, limits, { snapshot, beforeSending });
    return { ...sent, body: await pinnedCall.filterResponse(sent.body) };
  });
}

/** Opens the audit entry of a write, unless the call was ended meanwhile. @throws CallError */
async function announce(call: OperationCall, signal: StopSignal): Promise<void> {
  // A request that is sent again, as with a renewed token, is the same call.
  if (call.id !== undefined) return;
  if (signal.aborted) throw signal.reason;
  await openAuditEntry(call);
  if (signal.aborted) throw signal.reason;
  call.isSent = true;
  call.cancelled.sent?.();
}
