import { hiddenReasonTexts } from '../../access/hidden-reasons.ts';
import { hiddenReason, isWorkflowVisible } from '../../access/visibility.ts';
import { CallError } from '../../errors.ts';
import type { StopSignal } from '../../lib/cancellation.ts';
import { getOrCreate } from '../../lib/get-or-create.ts';
import { type Arguments, canonicalJson, isJsonObject, type JsonObject } from '../../lib/json.ts';
import type { RequestContext } from '../../request-context.ts';
import { resultOf, rowsOf } from '../../synqly/endpoints.ts';
import { findOperation } from '../../tools/catalogue.ts';
import type { Operation } from '../../tools/define-operation.ts';
import type { ReadOptions, WorkflowRequest } from '../../tools/workflows/define-workflow.ts';
import { maskResult, type OperationCall } from '../call-state.ts';
import type { Remainder } from '../execute/paginate.ts';
import { runSideBySide } from '../execute/side-by-side.ts';
import { describeMore } from '../result/more.ts';
import { runOperation } from '../run-operation.ts';
import type { StoredResponse } from '../secrets/store-response.ts';

/** The part of a workflow's time that is kept to return its result, and the maximum in milliseconds. */
const [reservedShare, maxReservedMs] = [0.1, 1_000];

/** Rows of one call of a list. A list with more is read by several calls. */
const rowsPerCall = 2_000;

/** Entries of `not_read`. */
const maxNotRead = 8;

interface Answered {
  readonly body: unknown;
  readonly remainder?: Remainder | undefined;
}

/** Why something was not read, and how often. */
interface NotRead {
  readonly operation: string;
  readonly why: string;
  calls: number;
}

/** Makes the calls of one workflow. */
export class WorkflowReader implements Omit<WorkflowRequest, 'args'> {
  readonly now = Date.now();
  readonly #context: RequestContext;
  readonly #cancelled: StopSignal;
  readonly #sideBySide: ReturnType<typeof runSideBySide>;
  readonly #deadline: number;
  readonly #notRead = new Map<string, NotRead>();
  /** Lists that several parts of a workflow need are read once. */
  readonly #lists = new Map<string, Promise<readonly JsonObject[] | undefined>>();

  constructor(context: RequestContext, cancelled: StopSignal) {
    this.#context = context;
    this.#cancelled = cancelled;
    this.#sideBySide = runSideBySide(context, cancelled);
    const reserved = Math.min(context.timeout * reservedShare, maxReservedMs);
    this.#deadline = this.now + context.timeout - reserved;
  }

  async getObject(id: string, args: JsonObject, options: ReadOptions = {}): Promise<JsonObject | undefined> {
    const answered = await this.#read(id, args, options);
    const result = resultOf(answered?.body);
    return isJsonObject(result) ? result : undefined;
  }

  getRows(
    id: string,
    args: JsonObject,
    options: ReadOptions = {},
  ): Promise<readonly JsonObject[] | undefined> {
    const key = canonicalJson({ id, args, maxRows: options.maxRows });
    return getOrCreate(this.#lists, key, () => this.#readRows(id, args, options));
  }

  async #readRows(
    id: string,
    args: JsonObject,
    options: ReadOptions,
  ): Promise<readonly JsonObject[] | undefined> {
    const { maxRows } = options;
    const { listing, query } = operationOf(id);
    // The rows of two calls overlap where several have the same place in the order.
    const known = new Map<string, JsonObject>();
    const limited = (rows: number) => ('limit' in query ? { limit: rows } : {});
    let next: JsonObject = { ...args, ...limited(maxRows ?? rowsPerCall) };
    for (;;) {
      const answered = await this.#read(id, next, known.size > 0 ? {} : options);
      if (!answered) return known.size > 0 ? [...known.values()] : undefined;
      const rows = (rowsOf(answered.body) ?? []).filter(isJsonObject);
      const before = known.size;
      for (const row of rows) known.set(JSON.stringify(row), row);
      const { remainder } = answered;
      if (!listing || !remainder || known.size >= (maxRows ?? Number.POSITIVE_INFINITY)) break;
      const { more } = describeMore({ listing, rows, remainder }, rows.length, next);
      const following = isJsonObject(more) ? more.next : undefined;
      if (!isJsonObject(following) || known.size === before) {
        if (maxRows === undefined) this.noteNotRead(id, `more than ${known.size} rows`);
        break;
      }
      next = following;
    }
    return [...known.values()];
  }

  isAvailable(id: string): boolean {
    const { pins, policy, permissions } = this.#context;
    const view = { pins, policy, permissions: permissions?.current };
    return findOperation(id) ? hiddenReason(id, view) === undefined : isWorkflowVisible(id, view);
  }

  noteNotRead(operation: string, why: string): void {
    const key = `${operation} ${why}`;
    const noted = this.#notRead.get(key);
    if (noted) noted.calls += 1;
    else this.#notRead.set(key, { operation, why, calls: 1 });
  }

  isOutOfTime(): boolean {
    return Date.now() >= this.#deadline;
  }

  reportProgress(done: number, total: number): void {
    this.#context.client?.reportProgress?.(done, total);
  }

  /** What was not read, for the result; undefined if nothing is missing. */
  describeNotRead(): readonly JsonObject[] | undefined {
    const all = [...this.#notRead.values()];
    const shown = all
      .slice(0, maxNotRead)
      .map(({ operation, why, calls }): JsonObject => ({ operation, why, ...(calls > 1 && { calls }) }));
    const rest = all.length - shown.length;
    if (rest > 0) shown.push({ why: `${rest} further reasons` });
    return shown.length === 0 ? undefined : shown;
  }

  async #read(id: string, args: JsonObject, options: ReadOptions): Promise<Answered | undefined> {
    const { isNeeded = false, mayBeMissing = false } = options;
    const hidden = isNeeded ? undefined : this.#hiddenBecause(id);
    if (hidden !== undefined) {
      this.noteNotRead(id, hidden);
      return undefined;
    }
    try {
      return await this.#sideBySide.run(() => this.#send(operationOf(id), args));
    } catch (cause) {
      if (this.#cancelled.aborted) throw new CallError('cancelled', 'The call was cancelled.');
      const isCallError = cause instanceof CallError;
      if (isNeeded || !isCallError || cause.code === 'interrupted') throw cause;
      if (!(mayBeMissing && cause.code === 'not_found')) this.noteNotRead(id, reasonOf(cause));
      return undefined;
    }
  }

  #hiddenBecause(id: string): string | undefined {
    const { pins, policy, permissions } = this.#context;
    const reason = hiddenReason(id, { pins, policy, permissions: permissions?.current });
    return reason && hiddenReasonTexts[reason];
  }

  async #send(operation: Operation, args: Arguments): Promise<Answered> {
    const timeout = this.#deadline - Date.now();
    if (timeout <= 0)
      throw new CallError('timeout', 'The time limit of the call left no time for this read.', {
        retry: 'safe',
      });
    let answered: Answered | undefined;
    const format = (call: OperationCall, stored: StoredResponse) => {
      const { response } = stored;
      answered = { body: maskResult(call, stored.body), remainder: response.remainder };
      return { value: undefined, meta: response, isMasked: true };
    };
    const context = { ...this.#sideBySide.context, timeout };
    const options = { format, acceptsPinned: true };
    const { error } = await runOperation(operation, args, context, this.#cancelled, options);
    if (error) throw error;
    return answered ?? { body: undefined };
  }
}

function operationOf(id: string): Operation {
  const operation = findOperation(id);
  if (!operation) throw new Error(`There is no operation ${id}.`);
  return operation;
}

function reasonOf({ code, message }: CallError): string {
  if (code === 'timeout') return 'no time was left';
  return code === 'forbidden' ? hiddenReasonTexts.permissions : `${code}: ${message}`;
}
