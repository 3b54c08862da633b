import { isVisible } from '../../access/visibility.ts';
import { CallError } from '../../errors.ts';
import type { StopSignal } from '../../lib/cancellation.ts';
import { canonicalJson, isJsonObject, type JsonObject } from '../../lib/json.ts';
import { findRespelled } from '../../lib/respelled-name.ts';
import type { RequestContext } from '../../request-context.ts';
import { maskKnown } from '../../secrets/redact.ts';
import { catalogue, findOperation } from '../../tools/catalogue.ts';
import type { Operation } from '../../tools/define-operation.ts';
import type { ToolDefinition } from '../../tools/define-tool.ts';
import { checkArguments } from '../arguments/check.ts';
import { authorize } from '../authorize.ts';
import { maskResult, startOperationCall } from '../call-state.ts';
import { inspectCall } from '../confirmation/preview-call.ts';
import type { Snapshot } from '../confirmation/snapshot.ts';
import { runSideBySide } from '../execute/side-by-side.ts';
import { finish } from '../outcome.ts';
import { pinnedBy } from '../pins/enforce.ts';
import { dropPinnedArguments } from '../pins/given.ts';
import { explainFailure } from '../recovery/explain-failure.ts';

/** A call of a list that could be made. */
export interface InspectedCall {
  /** Its position in the list. */
  readonly index: number;
  readonly operation: Operation;
  readonly args: JsonObject;
  readonly snapshot: Snapshot;
  /** The preview of a single call, without secrets. */
  readonly preview: JsonObject;
}

/** A call of a list that cannot be made. */
export interface RefusedCall {
  readonly index: number;
  readonly name: string;
  readonly cause: CallError;
  /** The error as the result of a single call has it. */
  readonly error: JsonObject;
}

export interface InspectedCalls {
  readonly calls: readonly InspectedCall[];
  readonly refused: readonly RefusedCall[];
}

/** What a call of a list must meet besides the checks of a single call. @throws CallError */
export type Requirement = (operation: Operation) => void;

/**
 * Checks each call of a list as a single call, and reads what it affects, side by side. Only reads are sent. A refused
 * call is logged; it is recorded in the audit log under its operation, unless a built-in tool makes it.
 *
 * @param given the checked argument `calls`: `tool` or `operation`, and `arguments`
 * @param as the built-in tool that is recorded in place of the operations
 * @throws CallError `cancelled`
 */
export async function inspectCalls(
  given: unknown,
  context: RequestContext,
  cancelled: StopSignal,
  { as, requires }: { readonly as?: ToolDefinition; readonly requires?: Requirement },
): Promise<InspectedCalls> {
  const sideBySide = runSideBySide(context, cancelled);
  const inspect = async (one: JsonObject, index: number): Promise<InspectedCall | RefusedCall> => {
    const name = String(one.operation ?? '');
    const found = operationNamed(name, context);
    if (found instanceof CallError) return { index, name, cause: found, error: found.toJSON() };
    const args = isJsonObject(one.arguments) ? one.arguments : {};
    return inspectOne(found, args, { index, context: sideBySide.context, cancelled, as, requires });
  };
  let done = 0;
  const results = await Promise.all(
    (given as readonly JsonObject[]).map(async (one, index, { length }) => {
      const result = await sideBySide
        .run(() => inspect(one, index))
        .catch((error) => wasDropped(error, cancelled));
      done += 1;
      // Where the calls are made afterwards, that is the progress.
      if (as) context.client?.reportProgress?.(done, length);
      return result;
    }),
  );
  if (cancelled.aborted) throw wasCancelled();
  return {
    calls: results.filter((one): one is InspectedCall => 'snapshot' in one),
    refused: results.filter((one): one is RefusedCall => 'cause' in one),
  };
}

export function wasCancelled(): CallError {
  return new CallError('cancelled', 'The call was cancelled.', { retry: 'safe' });
}

/** Calls that wait are dropped when the client cancels. */
function wasDropped(error: unknown, cancelled: StopSignal): never {
  throw cancelled.aborted ? wasCancelled() : error;
}

function operationNamed(name: string, { pins }: RequestContext): Operation | CallError {
  const operation = findOperation(name);
  if (operation) return operation;
  const names = catalogue.map(({ id }) => id).filter((id) => isVisible(id, pins));
  const meant = name === '' ? undefined : findRespelled(name, names);
  const message = name === '' ? 'The call names no operation.' : 'Unknown operation.';
  return meant === undefined
    ? new CallError('unknown_operation', message)
    : new CallError('unknown_operation', `Unknown operation. Use ${meant}.`, { closest: [meant] });
}

interface InspectOptions {
  readonly index: number;
  readonly context: RequestContext;
  readonly cancelled: StopSignal;
  readonly as: ToolDefinition | undefined;
  readonly requires: Requirement | undefined;
}

async function inspectOne(
  operation: Operation,
  args: JsonObject,
  { index, context, cancelled, as, requires }: InspectOptions,
): Promise<InspectedCall | RefusedCall> {
  const call = startOperationCall(operation, args, context, cancelled, as);
  try {
    authorize(call);
    await dropPinnedArguments(call);
    checkArguments(call);
    requires?.(operation);
    const { snapshot, preview } = await inspectCall(call, pinnedBy(call));
    // The client may store what it shows, so it holds no secret, not even one that the call repeats.
    const shown = maskKnown(maskResult(call, preview), context.knownTokens, context.secrets.known);
    return { index, operation, args, snapshot, preview: shown as JsonObject };
  } catch (error) {
    const cause = await explainFailure(error, call);
    const { value, error: refusal } = await finish(call, { cause });
    const { error: shown } = value as { readonly error: JsonObject };
    return {
      index,
      name: operation.id,
      cause: refusal ?? new CallError('internal', 'The call failed.'),
      error: shown,
    };
  }
}

/** An object that two calls of a list would both affect. */
export interface Conflict {
  readonly index: number;
  readonly problem: string;
}

/** Calls of the same object, and calls whose object another call affects: the first would change what was shown of the second. */
export function findConflicts(calls: readonly InspectedCall[]): readonly Conflict[] {
  const conflicts: Conflict[] = [];
  const first = new Map<string, number>();
  for (const one of calls) {
    const keys = keysOf(one);
    const former = keys.map((key) => first.get(key)).find((index) => index !== undefined);
    if (former !== undefined)
      conflicts.push({ index: one.index, problem: `has the same target as call ${former}` });
    for (const key of keys) if (!first.has(key)) first.set(key, one.index);
  }
  for (const one of calls) {
    const id = one.snapshot.object?.id;
    const other = calls.find(
      (each) => each !== one && each.snapshot.dependentIds.some(({ ids }) => ids.includes(String(id))),
    );
    if (typeof id === 'string' && other)
      conflicts.push({
        index: one.index,
        problem: `is affected by call ${other.index}; leave it out, or make it in another list`,
      });
  }
  return conflicts;
}

function keysOf({ operation, preview, snapshot }: InspectedCall): readonly string[] {
  const { method, path, query } = preview.sends as JsonObject;
  const id = snapshot.object?.id;
  return [
    canonicalJson([method, path, query ?? null]),
    ...(typeof id === 'string' ? [`${operation.group} ${id}`] : []),
  ];
}
