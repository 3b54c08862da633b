import type { StopSignal } from '../../lib/cancellation.ts';
import { openAuditEntry } from '../audit-entry.ts';
import type { Consent, OperationCall } from '../call-state.ts';
import { assertSnapshotUnchanged } from '../confirmation/confirm.ts';
import type { Pinned } from '../pins/enforce.ts';
import { noteRefusal } from '../secrets/generated.ts';
import { type ResolvedReference, withResolved } from '../secrets/resolve.ts';
import { assertStoreHasCapacity } from '../secrets/store-response.ts';
import { prepareRequest } from './build-request.ts';
import { withDeadline } from './deadline.ts';
import { type Sent, sendRequest } from './send.ts';

/**
 * Sends the request of a call, after it checks again that the pins hold and that the confirmed state has not changed.
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
  // Other calls may have filled the store while the person was asked.
  assertStoreHasCapacity(operation, context);
  return withDeadline(context.timeout, cancelled, async (limits) => {
    const pinnedCall = await pinned(limits);
    const request = prepareRequest(pinnedCall.operation, withResolved(pinnedCall.args, secrets));
    const snapshot = await assertSnapshotUnchanged(consent, pinnedCall, context, limits);
    const beforeSending = operation.effect === 'read' ? undefined : () => startWrite(call, limits.signal);
    const sent = await sendRequest(pinnedCall, request, context, limits, {
      snapshot,
      beforeSending,
      onUncertain: () => {
        if (call.generated) call.generated.isUncertain = true;
      },
    }).catch((error) => {
      noteRefusal(call, error);
      throw error;
    });
    return { ...sent, body: await pinnedCall.filterResponse(sent.body) };
  });
}

/** Opens the audit entry of a write and marks it as sent, unless the call has ended. @throws CallError */
async function startWrite(call: OperationCall, signal: StopSignal): Promise<void> {
  // A retry, for example with a renewed token, belongs to the same entry.
  if (call.id !== undefined) return;
  if (signal.aborted) throw signal.reason;
  await call.generated?.keep();
  if (signal.aborted) throw signal.reason;
  await openAuditEntry(call);
  if (signal.aborted) throw signal.reason;
  call.isSent = true;
  call.cancelled.sent?.();
}
