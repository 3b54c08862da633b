import { CallError } from '../errors.ts';
import type { JsonObject } from '../lib/json.ts';
import { costOf } from '../lib/token-estimate.ts';
import type { CallRecord } from '../observability/call-record.ts';
import { maskKnown } from '../secrets/redact.ts';
import type { ResponseMeta } from '../synqly/response-meta.ts';
import type { CallResult } from '../tools/define-tool.ts';
import { closeAuditEntry } from './audit-entry.ts';
import { type CallState, elapsedMs, maskResult, type OperationCall, secretsToMask } from './call-state.ts';
import { InputNeeded } from './input/input-needed.ts';
import { compactError } from './recovery/compact-error.ts';
import { askForLess } from './result/continuation.ts';
import { truncate } from './result/truncate.ts';
import { generatedPart } from './secrets/generated.ts';

/** Status and id of the response to a call. */
export interface Meta {
  readonly status?: ResponseMeta['status'] | undefined;
  readonly requestId?: ResponseMeta['requestId'];
}

/** How a call ended. */
export type Outcome =
  | {
      readonly value: unknown;
      readonly meta?: Meta;
      /** Whether secrets are already masked. The result may then repeat the caller's arguments. */
      readonly isMasked?: boolean;
      readonly cause?: undefined;
    }
  | { readonly cause: unknown };

/** Logs, counts and audits how a call ended, and returns its result. */
export async function finish(call: CallState, outcome: Outcome): Promise<CallResult> {
  const error = 'value' in outcome ? undefined : explain(outcome.cause, call);
  const meta: Meta = error?.details ?? ('value' in outcome ? outcome.meta : undefined) ?? {};
  const code = error ? (call.recordedAs ?? error.code) : 'ok';
  record(call, code, meta);
  await closeAuditEntry(call, { ...meta, outcome: code });
  if (!error) {
    const { value, isMasked } = outcome as Extract<Outcome, { readonly value: unknown }>;
    return { value: isMasked ? value : maskKnown(value, ...secretsToMask(call)), error };
  }
  // Secrets are masked before texts are cut: half a secret would not be recognized.
  const generated = isOperationCall(call) ? generatedPart(call) : {};
  const shown = truncate(
    { error: compactError(maskError(call, error)) },
    call.context.maxResultTokens - costOf(generated),
    askForLess,
  ) as { readonly error: JsonObject };
  const value = { ...shown, error: { ...shown.error, ...generated } };
  return error instanceof InputNeeded
    ? { value, error: undefined, inputRequired: error.inputRequired }
    : { value, error };
}

/** Logs an internal error in full. The caller gets a fixed message. */
function explain(cause: unknown, call: CallState): CallError {
  if (cause instanceof CallError) return cause;
  const details = cause instanceof Error ? { type: cause.name, stack: cause.stack } : String(cause);
  const err = maskKnown(details, ...secretsToMask(call));
  call.context.log.error({ err, tool: call.tool.id }, 'a call failed with an internal error');
  return new CallError('internal', 'The call failed with an internal error of this server.', { cause });
}

function record(call: CallState, outcome: CallRecord['outcome'], { status, requestId }: Meta): void {
  const { context, tool } = call;
  const milliseconds = elapsedMs(call);
  context.onCall?.({ tool: tool.id, outcome, milliseconds, status });
  // The server that responds sets the id, and the logger does not know the secrets of this call.
  const request_id =
    requestId === undefined ? undefined : String(maskKnown(requestId, ...secretsToMask(call)));
  const { caller } = context;
  context.log.info(
    { tool: tool.id, outcome, ms: Math.round(milliseconds), status, request_id, caller },
    'call',
  );
}

function maskError(call: CallState, error: CallError): JsonObject {
  const shown = error.toJSON();
  if (!isOperationCall(call)) return maskKnown(shown, ...secretsToMask(call)) as JsonObject;
  return (maskResult(call, { error: shown }) as { readonly error: JsonObject }).error;
}

const isOperationCall = (call: CallState): call is OperationCall => 'operation' in call;
