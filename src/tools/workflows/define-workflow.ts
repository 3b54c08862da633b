import type { Arguments, JsonObject } from '../../lib/json.ts';
import type { Effect } from '../define-operation.ts';
import type { ToolDefinition } from '../define-tool.ts';

/** A tool that answers a question by calls of several operations. It only reads. */
export interface Workflow extends ToolDefinition {
  readonly effect: Extract<Effect, 'read'>;
  /** The operations that it needs. The tool is listed where all of them are. */
  readonly reads: readonly string[];
  /** Operations that it also reads where it may. Its result says which it could not read. */
  readonly alsoReads: readonly string[];
  /** Answers the question. @throws CallError if an operation that it needs fails */
  readonly run: (request: WorkflowRequest) => Promise<WorkflowAnswer>;
}

/** What a workflow gets. Its calls run side by side within limits, with the permissions and pins of the caller. */
export interface WorkflowRequest {
  /** The checked arguments, with the pinned account as `account_id`. */
  readonly args: Arguments;
  /**
   * The object that an operation returns; undefined if it cannot be read. The result then says so.
   *
   * @throws CallError if the operation is one of `reads` and fails with `isNeeded`
   */
  getObject(operationId: string, args: JsonObject, options?: ReadOptions): Promise<JsonObject | undefined>;
  /** All rows of a list; undefined if none can be read. @throws CallError as `getObject` */
  getRows(
    operationId: string,
    args: JsonObject,
    options?: ReadOptions,
  ): Promise<readonly JsonObject[] | undefined>;
  /** Whether the caller may use an operation, as far as is known. */
  isAvailable(operationId: string): boolean;
  /** Notes in the result that something was not read. */
  noteNotRead(operationId: string, why: string): void;
  /** Whether there is no time left for further calls. */
  isOutOfTime(): boolean;
  /** Reports how many of the parts of the work are done. */
  reportProgress(done: number, total: number): void;
  /** The time of the call, in milliseconds. */
  readonly now: number;
}

export interface ReadOptions {
  /** Whether the workflow cannot go on without it. */
  readonly isNeeded?: boolean;
  /** Rows to read at most; all by default. */
  readonly maxRows?: number;
  /** Whether a missing object is no fault. */
  readonly mayBeMissing?: boolean;
}

/** Rows with the columns to show, as dotted paths. */
export interface WorkflowTable {
  readonly columns: readonly string[];
  readonly rows: readonly JsonObject[];
  /** Columns that stay in the rows also if all have the same value, since they are what was asked for. */
  readonly inRows?: readonly string[];
}

/** A call to make next. */
export interface SuggestedCall {
  /** A read operation or a workflow; left out of the result if it is not available to the caller. */
  readonly tool: string;
  readonly arguments: JsonObject;
  readonly why: string;
}

/** The answer of a workflow. */
export interface WorkflowAnswer extends WorkflowTable {
  /** The answer in one or two sentences. */
  readonly summary: string;
  /** Further fields, each in one line or a short list. */
  readonly details?: JsonObject;
  /** Further tables, by name. */
  readonly tables?: Readonly<Record<string, WorkflowTable>>;
  readonly next?: readonly SuggestedCall[];
  /** The arguments of the call that continues behind a row; by default the rest is read with `read_more`. */
  readonly continueAfter?: (row: JsonObject) => JsonObject;
  /** Set if time ran out: what was not done, and the arguments of the call that goes on. */
  readonly unfinished?: { readonly why: string; readonly next: JsonObject };
}

/** Describes a workflow. */
export function defineWorkflow(description: Omit<Workflow, 'effect' | 'idempotent' | 'params'>): Workflow {
  return { ...description, effect: 'read', idempotent: true, params: {} };
}
