import type * as z from 'zod';
import type { CallError } from '../errors.ts';
import type { Arguments } from '../lib/json.ts';
import type { Effect, Fields, Operation } from './define-operation.ts';
import type { InputRequired } from './input-required.ts';

/** The definition of a tool that is not an operation of the API. */
export interface ToolDefinition {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  /** What a call can do to the organization. */
  readonly effect: Effect;
  readonly idempotent: boolean;
  readonly params: Fields;
  readonly input: z.ZodObject;
}

/** A tool of this server that works on calls of operations. */
export interface BuiltinTool extends ToolDefinition {
  /** Runs the tool with checked arguments. @throws CallError */
  readonly run: (request: ToolRequest) => Promise<CallResult>;
}

/** What a call returns to the client. */
export interface CallResult {
  /** JSON without secrets: the result, or `{ error }`. */
  readonly value: unknown;
  readonly error: CallError | undefined;
  /** What the call needs from the person first. The client asks, and repeats the call with the answers. */
  readonly inputRequired?: InputRequired | undefined;
}

/** A call that waits for confirmation. */
export interface PendingCall {
  readonly operationId: string;
  readonly args: unknown;
  /** Digest of the snapshot that was shown for confirmation. */
  readonly digest: string;
  /** `person` if a form confirmed it; by default `confirm_call`. */
  readonly confirmedBy?: 'person';
}

/** Calls that wait for one confirmation. */
export interface PendingCallList {
  readonly calls: readonly PendingCall[];
}

/** What the handler of a built-in tool gets. */
export interface ToolRequest {
  readonly args: Arguments;
  /** Takes a pending call of this caller. Each can be taken once. */
  takePending(id: string): PendingCall | PendingCallList | undefined;
  /** Stores a taken call again, for the rest of its time. */
  putBackPending(id: string, call: PendingCall): void;
  runOperation(operation: Operation, args: unknown, options: ToolRunOptions): Promise<CallResult>;
  /** Runs a workflow again, and returns the part of its result at the cursor; undefined if there is no such workflow. */
  runWorkflow(
    id: string,
    args: unknown,
    options: { readonly as: ToolDefinition; readonly cursor: string },
  ): Promise<CallResult> | undefined;
  /** Makes the read calls of a batch side by side. */
  readBatch(args: Arguments): Promise<CallResult>;
  /** Makes the destroying calls of the checked arguments, after one confirmation. */
  confirmCalls(args: Arguments): Promise<CallResult>;
  /** Carries out confirmed calls one after the other. */
  carryOut(calls: readonly PendingCall[]): Promise<CallResult>;
  /** Previews the calls of a list together. */
  previewCalls(calls: unknown): Promise<CallResult>;
  /** The caller, its limits, and which operations are left out and why. */
  describeAccess(): Promise<CallResult>;
}

/** How a built-in tool runs an operation. */
export interface ToolRunOptions {
  readonly confirmed?: PendingCall;
  /** The built-in tool itself, if it is to be recorded instead of the operation. */
  readonly as?: ToolDefinition;
  readonly cursor?: string;
}
