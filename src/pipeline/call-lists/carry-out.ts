import { CallError } from '../../errors.ts';
import type { StopSignal } from '../../lib/cancellation.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { fitsTokens } from '../../lib/token-estimate.ts';
import type { RequestContext } from '../../request-context.ts';
import { findOperation } from '../../tools/catalogue.ts';
import type { CallResult, PendingCall } from '../../tools/define-tool.ts';
import { identityOf } from '../confirmation/identity.ts';
import { askForLess } from '../result/continuation.ts';
import { pruneEmpty, toTable } from '../result/table.ts';
import { truncate } from '../result/truncate.ts';
import { runOperation } from '../run-operation.ts';
import { targetOf } from './describe-calls.ts';

/** A call that is ready to be sent. */
export type ReadyCall = Omit<PendingCall, 'digest'> & { readonly digest: string | undefined };

/**
 * Carries out the calls of a list one after the other, each through the pipeline with checks and an audit entry of its own.
 * Stops before the next one when a call fails, when the client cancels, and when the time of a call is used up.
 */
export async function carryOut(
  calls: readonly ReadyCall[],
  context: RequestContext,
  cancelled: StopSignal,
): Promise<CallResult> {
  const { client } = context;
  // The person was asked about all calls, so that no single call asks again.
  const inner = { ...context, client: client && { name: client.name, sessionId: client.sessionId } };
  const startedAt = performance.now();
  const done: JsonObject[] = [];
  let stopped: JsonObject | undefined;
  let cause: CallError | undefined;
  for (const [index, call] of calls.entries()) {
    const early = reasonToStop(cancelled, performance.now() - startedAt, context.timeout, index);
    const { value, error } = early
      ? { value: { error: early.toJSON() }, error: early }
      : await send(call, inner, cancelled);
    if (error) {
      cause = error;
      stopped = { ...labelOf(call, index), error: (value as JsonObject).error };
      break;
    }
    done.push({ ...labelOf(call, index), ...(isJsonObject(value) ? value : {}) });
    client?.reportProgress?.(index + 1, calls.length);
  }
  const left = calls.slice(done.length).map((call, index) => labelOf(call, done.length + index));
  const build = (isShort: boolean) => ({
    done: done.length,
    of: calls.length,
    ...(done.length > 0 && describeDone(done, isShort)),
    ...(stopped && { stopped, not_done: toTable(left, ['call', 'operation', 'target']) }),
  });
  const whole = build(false);
  const max = context.maxResultTokens;
  const shown = fitsTokens(whole, max) ? whole : build(true);
  return { value: truncate(shown, max, askForLess), error: cause };
}

async function send(call: ReadyCall, context: RequestContext, cancelled: StopSignal): Promise<CallResult> {
  const operation = findOperation(call.operationId);
  if (!operation) throw new Error(`There is no operation ${call.operationId}.`);
  const { digest } = call;
  return runOperation(operation, call.args, context, cancelled, {
    ...(digest !== undefined && { confirmed: { ...call, digest } }),
  });
}

function reasonToStop(
  cancelled: StopSignal,
  elapsed: number,
  timeout: number,
  index: number,
): CallError | undefined {
  if (cancelled.aborted) return new CallError('cancelled', 'The call was cancelled.');
  if (index === 0 || elapsed < timeout) return undefined;
  return new CallError('timeout', 'Not sent: the time limit left no time for this call.', {
    retry: 'safe',
    remediation: 'The calls before this one are done. Make a new list of those in not_done.',
  });
}

function labelOf({ operationId, args }: ReadyCall, index: number): JsonObject {
  const operation = findOperation(operationId);
  const given = isJsonObject(args) ? args : {};
  return {
    call: index,
    operation: operationId,
    target: operation ? targetOf({ operation, args: given }) : '',
  };
}

/** Deleted objects in one table, by what identifies them; other results by themselves. */
function describeDone(done: readonly JsonObject[], isShort: boolean): JsonObject {
  const results = done.flatMap(({ deleted, call, operation, target, done, status, ...rest }) => {
    const result = pruneEmpty(rest);
    return isJsonObject(result) ? [{ call, ...result }] : [];
  });
  const rows = done.map(({ call, operation, target, deleted }) => {
    const { name, ...others } = isJsonObject(deleted) ? identityOf(deleted) : ({} as JsonObject);
    return { call, operation, target, ...(!isShort && { ...(name !== target && { name }), ...others }) };
  });
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return { calls: toTable(rows, columns), ...(results.length > 0 && { results }) };
}
