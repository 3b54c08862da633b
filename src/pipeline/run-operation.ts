import type { StopSignal } from '../lib/cancellation.ts';
import type { RequestContext } from '../request-context.ts';
import { previewCallTool } from '../tools/builtin/preview-call.ts';
import { findOperation } from '../tools/catalogue.ts';
import type { Operation } from '../tools/define-operation.ts';
import type { CallResult, PendingCall, ToolDefinition } from '../tools/define-tool.ts';
import { checkArguments } from './arguments/check.ts';
import { authorize } from './authorize.ts';
import { type OperationCall, startOperationCall } from './call-state.ts';
import { confirm } from './confirmation/confirm.ts';
import { previewCall } from './confirmation/preview-call.ts';
import { execute } from './execute/execute.ts';
import { finish, type Outcome } from './outcome.ts';
import { pinnedBy } from './pins/enforce.ts';
import { dropPinnedArguments } from './pins/given.ts';
import { explainFailure } from './recovery/explain-failure.ts';
import { formatResult } from './result/format.ts';
import { settleGenerated } from './secrets/generated.ts';
import { resolveReferences } from './secrets/resolve.ts';
import { type StoredResponse, storeResponseSecrets } from './secrets/store-response.ts';

/** Options for runs that are not plain calls of the operation's tool. */
export interface RunOptions {
  /** Whether arguments that pins fill in may be given, as resources do. They must then agree with the pins. */
  readonly acceptsPinned?: boolean;
  /** The pending call that `confirm_call` carries out. */
  readonly confirmed?: PendingCall;
  /** Return the response neither formatted nor cut, for resources and completions. */
  readonly whole?: boolean;
  /** The built-in tool that runs the operation. */
  readonly as?: ToolDefinition;
  /** Return the part of the result at this cursor only. */
  readonly cursor?: string;
  /** Formats the response in place of the usual format, for a call whose result is one part of a result. */
  readonly format?: (call: OperationCall, stored: StoredResponse) => Outcome;
}

/**
 * Runs an operation for a caller, from raw arguments to a result. Never throws: a failure is a result that says what
 * to do next.
 *
 * @param cancelled aborts when the client cancels the call
 */
export async function runOperation(
  operation: Operation,
  raw: unknown,
  context: RequestContext,
  cancelled: StopSignal,
  options: RunOptions = {},
): Promise<CallResult> {
  const call = startOperationCall(operation, raw, context, cancelled, options.as);
  try {
    authorize(call); //                                                        1 policy
    if (context.pins && !options.acceptsPinned) await dropPinnedArguments(call);
    checkArguments(call, options); //                                          2 arguments
    const pinned = pinnedBy(call); //                                          3 pins: checked in 4 for the preview, and in 6 before sending
    if (options.as === previewCallTool) return await finish(call, await previewCall(call, pinned));
    const consent = await confirm(call, pinned, options.confirmed); //         4 confirmation
    const secrets = await resolveReferences(call, consent); //                 5 secrets of the arguments
    const response = await execute(call, pinned, consent, secrets); //         6 request
    const stored = await storeResponseSecrets(call, response); //              7 secrets of the response
    const outcome = options.format?.(call, stored) ?? (await formatResult(call, stored, options)); // 8 result
    return await finish(call, outcome); //                                     9 log and audit log
  } catch (error) {
    const failure = await settleGenerated(call, error);
    return await finish(call, { cause: await explainFailure(failure, call) });
  }
}

/** Runs an operation of the catalogue by its id. @throws Error for an unknown id */
export function runOperationById(
  id: string,
  raw: unknown,
  context: RequestContext,
  cancelled: StopSignal,
  options?: RunOptions,
): Promise<CallResult> {
  const operation = findOperation(id);
  if (!operation) throw new Error(`There is no operation ${id}.`);
  return runOperation(operation, raw, context, cancelled, options);
}
