import type { InputState } from '../access/input-states.ts';
import type { ErrorCode } from '../errors.ts';
import type { StopSignal } from '../lib/cancellation.ts';
import { type Arguments, isJsonObject } from '../lib/json.ts';
import type { Secrets } from '../lib/mask.ts';
import type { RequestContext } from '../request-context.ts';
import type { PlacedReference } from '../secrets/reference.ts';
import type { Operation } from '../tools/define-operation.ts';
import type { ToolDefinition } from '../tools/define-tool.ts';
import { normalizeArguments } from './arguments/other-names.ts';
import type { Limits } from './execute/deadline.ts';
import type { GeneratedSecrets } from './secrets/generated.ts';
import { maskAllButGiven } from './secrets/mask-result.ts';

/** How a call came to be allowed, as the audit log records it. */
export type ConfirmedBy = 'not needed' | 'person' | 'confirm_call';

/** The consent to send a call. */
export interface Consent {
  readonly by: ConfirmedBy;
  /** Digest of the snapshot that was confirmed. */
  readonly digest?: string;
}

/** One call of a tool, from its start to its result. */
export interface CallState {
  /** The tool that logs and the audit log name. */
  tool: Operation | ToolDefinition;
  /** The arguments as the client sent them, under their own names, without those that it added for its own use. */
  raw: unknown;
  readonly context: RequestContext;
  /** `performance.now()` at the start. */
  readonly startedAt: number;
  /** Secrets of this call. They are masked in results, errors and logs. */
  readonly secrets: string[];
  confirmedBy: ConfirmedBy | undefined;
  /** Id of the call in the audit log, once there is an entry. */
  id?: string;
  /** Whether the request of a write may have been sent. */
  isSent?: boolean;
  /** The error code in logs and audit log, if the caller gets a less specific one. */
  recordedAs?: ErrorCode;
}

/** A call of an operation. */
export interface OperationCall extends CallState {
  readonly operation: Operation;
  /** The checked arguments; before the check the raw ones, if they are an object. */
  args: Arguments;
  /** References to secrets among the arguments. */
  references: readonly PlacedReference[];
  /** The secrets that the server generated for this call, from the time of sending. */
  generated?: GeneratedSecrets | undefined;
  /** Digest of the snapshot that was confirmed. */
  confirmedDigest?: string | undefined;
  /** The state that the client sent with a repeated call, once it is verified. */
  inputState?: InputState | undefined;
  /** Whether this call has used it up. */
  isInputStateUsed?: boolean;
  /** Aborts when the client cancels the call. */
  readonly cancelled: StopSignal;
}

/** Starts a call of any tool. */
export function startCall(
  tool: Operation | ToolDefinition,
  given: unknown,
  context: RequestContext,
): CallState {
  const raw = normalizeArguments(tool, given);
  return { tool, raw, context, startedAt: performance.now(), secrets: [], confirmedBy: undefined };
}

/**
 * Starts a call of an operation.
 *
 * @param tool the built-in tool that makes the call, if one does
 */
export function startOperationCall(
  operation: Operation,
  given: unknown,
  context: RequestContext,
  cancelled: StopSignal,
  tool: ToolDefinition | undefined,
): OperationCall {
  const raw = normalizeArguments(operation, given);
  // Masking needs the arguments, also when they are refused.
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
    generated: undefined,
    confirmedDigest: undefined,
    inputState: undefined,
    cancelled,
  };
}

/** The secrets to mask in whatever leaves the server. */
export function secretsToMask({ context, secrets }: CallState): readonly Secrets[] {
  return [context.knownTokens, context.secrets.known, secrets];
}

/** A result with its secrets masked, except where it repeats the caller's arguments. */
export function maskResult(call: OperationCall, value: unknown): unknown {
  const { operation, args, context, secrets } = call;
  return maskAllButGiven(value, { operation, args }, [context.knownTokens, secrets], [context.secrets.known]);
}

/** Milliseconds since the call started. */
export function elapsedMs({ startedAt }: CallState): number {
  return performance.now() - startedAt;
}

/** The time left of a call, for reads that only add hints to its result. */
export function timeLeft(call: OperationCall): Limits {
  const { context, cancelled } = call;
  return { signal: cancelled, deadline: Date.now() + context.timeout - elapsedMs(call) };
}
