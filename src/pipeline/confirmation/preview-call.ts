import type { JsonObject } from '../../lib/json.ts';
import { maskResult, type OperationCall } from '../call-state.ts';
import { prepareRequest } from '../execute/build-request.ts';
import { withDeadline } from '../execute/deadline.ts';
import type { Outcome } from '../outcome.ts';
import type { Pinned } from '../pins/enforce.ts';
import { askForLess } from '../result/continuation.ts';
import { truncate } from '../result/truncate.ts';
import { describeGenerated } from '../secrets/generated.ts';
import { createPreview } from './preview.ts';
import { type Snapshot, takeSnapshot } from './snapshot.ts';

/** The result of `preview_call`: what the call would send and change. Only reads are sent. @throws CallError */
export async function previewCall(call: OperationCall, pinned: Pinned): Promise<Outcome> {
  const { preview } = await inspectCall(call, pinned);
  const value = truncate(maskResult(call, preview), call.context.maxResultTokens, askForLess);
  return { value, isMasked: true };
}

/** What a call would send, and the current state. Pins are checked; only reads are sent. @throws CallError */
export async function inspectCall(
  { context, cancelled, references }: OperationCall,
  pinned: Pinned,
): Promise<{ snapshot: Snapshot; preview: JsonObject }> {
  // The pin checks may take the whole timeout of a call. The snapshot has its own, since it decides nothing.
  const pinnedCall = await withDeadline(context.timeout, cancelled, pinned);
  const request = prepareRequest(pinnedCall.operation, pinnedCall.args);
  const limits = { signal: cancelled, deadline: Date.now() + context.timeout };
  const snapshot = await takeSnapshot(pinnedCall.operation, pinnedCall.args, context, limits);
  const preview = createPreview(pinnedCall.operation, pinnedCall.args, request, snapshot);
  const generates = describeGenerated(references);
  return { snapshot, preview: generates ? { ...preview, generates } : preview };
}
