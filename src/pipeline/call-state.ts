import type { ErrorCode } from '../errors.ts';
import type { StopSignal } from '../lib/cancellation.ts';
import { type Arguments, isJsonObject } from '../lib/json.ts';
import type { Secrets } from '../lib/mask.ts';
import type { RequestContext } from '../request-context.ts';
import type { Operation } from '../tools/define-operation.ts';
import type { ToolDefinition } from '../tools/define-tool.ts';
import type { Limits } from './execute/deadline.ts';
import { maskAllButGiven } from './secrets/mask-result.ts';
import type { PlacedReference } from './secrets/resolve.ts';

/** How a call came to be allowed, as the audit log records it. */
export type ConfirmedBy = 'not needed' | 'person' | 'confirm_call';

/** One call of a tool, from its start to its result. */
export interface CallState {
  /** What logs and the audit log name. */
  tool: Operation | ToolDefinition;
  /** The arguments as the client sent them. */
  raw: unknown;
  readonly context: RequestContext;
  /** `performance.now()` at the start. */
  readonly startedAt: number;
  /** Secrets of this call; none of them may leave the server. */
  readonly secrets: string[];
  confirmedBy: ConfirmedBy | undefined;
  /** Id of the call in the audit log, once there is an entry. */
  id?: string;
  /** Whether the request of a write was sent, or may have been. */
  isSent?: boolean;
  /** The error code in logs and audit log, where the caller is shown one that says less. */
  recordedAs?: ErrorCode;
}

/** A call of an operation. */
export interface OperationCall extends CallState {
  readonly operation: Operation;
  /** The checked arguments; before they are checked, the raw ones where those are an object. */
  args: Arguments;
  /** References to secrets among the arguments. */
  references: readonly PlacedReference[];
  /** Aborts when the client cancels the call. */
  readonly cancelled: StopSignal;
}

/** Starts a call of any tool. */
export function startCall(
  tool: Operation | ToolDefinition,
  raw: unknown,
  context: RequestContext,
): CallState {
  return { tool, raw, context, startedAt: performance.now(), secrets: [], confirmedBy: undefined };
}

/**
 * Starts a call of an operation.
 *
 * @param tool the built-in tool that makes the call, if one does
 */
export function startOperationCall(
  operation: Operation,
  raw: unknown,
  context: RequestContext,
  cancelled: StopSignal,
  tool: ToolDefinition | undefined,
): OperationCall {
  // Errors are masked by the arguments, also by those that are refused.
  const args = isJsonObject(raw) ? raw : {};
  // One literal: a spread costs each call more than all its other objects.
  return {
    tool: tool ?? operation,
    raw,
    context,
    startedAt: performance.now(),
    secrets: [],
    confirmedBy: undefined,
    operation,
    args,
    references: [],
    cancelled,
  };
}

/** The secrets that may appear in nothing that leaves the server. */
export function secretsToMask({ context, secrets }: CallState): readonly Secrets[] {
  return [context.knownTokens, context.secrets.known, secrets];
}

/** A result without secrets, except where it repeats the caller's own arguments. */
export function maskResult(call: OperationCall, value: unknown): unknown {
  const { operation, args, context, secrets } = call;
  return maskAllButGiven(value, { operation, args }, [context.knownTokens, secrets], [context.secrets.known]);
}

/** Milliseconds since the call started. */
export function elapsedMs({ startedAt }: CallState): number {
  return performance.now() - startedAt;
}

/** The time that is left of a call, for what is looked up beside its outcome. */
export function timeLeft(call: OperationCall): Limits {
  const { context, cancelled } = call;
  return { signal: cancelled, deadline: Date.now() + context.timeout - elapsedMs(call) };
}
