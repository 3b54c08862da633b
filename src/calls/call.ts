import { CallError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { permits } from '../policy.ts';
import type { CallRecord, Session } from '../session.ts';
import type { ApiAnswer } from '../synqly/answer.ts';
import { findOperation } from '../tools/catalogue.ts';
import type { Operation } from '../tools/operation.ts';
import { readArguments } from './arguments.ts';
import { withDeadline } from './deadline.ts';
import { holdToPins, operationUnder } from './pin.ts';
import { isRepeatable, prepareRequest } from './request.ts';
import { assertSecretsStay, secretsAmong } from './secret-arguments.ts';
import { maskKnown, withholdDeclared } from './secrets.ts';
import { send } from './send.ts';
import { shapeAnswer } from './shape.ts';
import { traceOf } from './trace.ts';

/** What a call gives to the client. */
export interface CallResult {
  /** JSON without secrets: the API's body, or `{ error }`. */
  readonly value: unknown;
  readonly error: CallError | undefined;
}

/** Which arguments a call takes: those that its caller is shown, or pinned ones too, which must then agree. */
export type Takes = 'shown' | 'pinned too';

/** `runCall` for an operation of the catalogue, by its id. */
export function runOperation(
  id: string,
  raw: unknown,
  session: Session,
  cancelled: AbortSignal,
  takes: Takes = 'shown',
): Promise<CallResult> {
  const operation = findOperation(id);
  if (!operation) throw new Error(`There is no operation ${id}.`);
  return runCall(operation, raw, session, cancelled, takes);
}

/**
 * Runs one operation for one session, from raw arguments to a result. Never throws: whatever goes wrong is a
 * result that says what to do next.
 *
 * @param cancelled aborts when the client cancels the call
 */
export async function runCall(
  operation: Operation,
  raw: unknown,
  session: Session,
  cancelled: AbortSignal,
  takes: Takes = 'shown',
): Promise<CallResult> {
  const started = performance.now();
  const secrets: string[] = [];
  let outcome: Outcome;
  try {
    assertPermitted(operation, session);
    const under = operationUnder(session.pins, operation);
    const args = readArguments(takes === 'shown' ? under : operation, raw);
    secrets.push(...secretsAmong(operation, args));
    if (!session.revealSecrets) assertSecretsStay(args);
    if (operation.effect !== 'read') await session.trail.assertReady();
    const answer = await withDeadline(session.timeout, cancelled, async (limits) => {
      const held = await holdToPins(operation, args, session, limits);
      const request = prepareRequest(held.operation, held.args);
      const whole = await send(held.operation, held.args, request, session, limits);
      return { ...whole, body: await held.inside(whole.body) };
    });
    const body = session.revealSecrets ? answer.body : withholdDeclared(operation, answer.body);
    outcome = { value: shapeAnswer(operation, { ...answer, body }), answer };
  } catch (cause) {
    outcome = { error: explain(cause, operation, session) };
  }
  record(operation, outcome, session, performance.now() - started);
  await leaveTrace(operation, raw, outcome, session, secrets);
  const value = outcome.error ? { error: outcome.error.toJSON() } : outcome.value;
  return { value: maskKnown(value, [...session.knownTokens, ...secrets]), error: outcome.error };
}

function assertPermitted({ id, effect }: Operation, { policy }: Session): void {
  if (!permits(policy, effect)) throw new CallError('read_only', `${id} does more than read.`);
}

type Outcome =
  | { readonly value: unknown; readonly answer: ApiAnswer; readonly error?: undefined }
  | { readonly error: CallError };

/** A fault of our own is logged whole; the caller learns only that there was one. */
function explain(cause: unknown, operation: Operation, session: Session): CallError {
  if (cause instanceof CallError) {
    const harmless = cause.retry === 'check' && isRepeatable(operation);
    return harmless ? new CallError(cause.code, cause.message, { ...cause.facts, retry: 'safe' }) : cause;
  }
  session.log.error({ err: cause, tool: operation.id }, 'a call failed by a fault of this server');
  return new CallError('internal', 'The call failed by a fault of this server.', { cause });
}

async function leaveTrace(
  operation: Operation,
  raw: unknown,
  outcome: Outcome,
  session: Session,
  secrets: readonly string[],
): Promise<void> {
  if (operation.effect === 'read') return;
  const { error } = outcome;
  const { status, requestId } = error ? error.facts : outcome.answer;
  const trace = traceOf(operation, raw, session, { outcome: error?.code ?? 'ok', status, requestId });
  const masked = maskKnown(trace, [...session.knownTokens, ...secrets]) as JsonObject;
  await session.trail.write(masked, operation.effect === 'destroy');
}

function record(operation: Operation, outcome: Outcome, session: Session, milliseconds: number): void {
  const { error } = outcome;
  const { status, requestId } = error ? error.facts : outcome.answer;
  const call: CallRecord = { tool: operation.id, outcome: error?.code ?? 'ok', milliseconds, status };
  session.onCall?.(call);
  session.log.info(
    {
      tool: call.tool,
      outcome: call.outcome,
      ms: Math.round(milliseconds),
      status,
      request_id: requestId,
      caller: session.caller,
    },
    'call',
  );
}
