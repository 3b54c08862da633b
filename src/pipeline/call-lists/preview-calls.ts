import { CallError } from '../../errors.ts';
import type { StopSignal } from '../../lib/cancellation.ts';
import type { RequestContext } from '../../request-context.ts';
import { maskKnown } from '../../secrets/redact.ts';
import type { CallResult, ToolDefinition } from '../../tools/define-tool.ts';
import { startCall } from '../call-state.ts';
import { finish } from '../outcome.ts';
import { askForLess } from '../result/continuation.ts';
import { truncate } from '../result/truncate.ts';
import { describeCalls } from './describe-calls.ts';
import { inspectCalls } from './inspect-calls.ts';

/**
 * Previews several calls together. Never throws; only reads are sent.
 *
 * @param tool the tool that was called
 * @param raw its arguments
 * @param calls its argument `calls`, checked
 */
export async function previewCalls(
  tool: ToolDefinition,
  raw: unknown,
  calls: unknown,
  context: RequestContext,
  cancelled: StopSignal,
): Promise<CallResult> {
  const call = startCall(tool, raw, context);
  try {
    const inspected = await inspectCalls(calls, context, cancelled, { as: tool });
    const shown = maskKnown(describeCalls(inspected), context.knownTokens);
    const value = truncate(shown, context.maxResultTokens, askForLess);
    const result = await finish(call, { value, isMasked: true });
    return inspected.calls.length === 0
      ? { ...result, error: new CallError('dependency_failed', 'No call could be previewed.') }
      : result;
  } catch (cause) {
    return finish(call, { cause });
  }
}
