import type { PendingCall } from '../access/pending-confirmations.ts';
import { permits } from '../access/policy.ts';
import { selects } from '../access/toolsets.ts';
import { CallError, type ErrorCode } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../lib/json.ts';
import type { Secrets } from '../lib/mask.ts';
import type { CallRecord, Session } from '../request-context.ts';
import { maskKnown } from '../secrets/redact.ts';
import type { StopSignal } from '../synqly/exchange.ts';
import type { ApiAnswer } from '../synqly/response.ts';
import { type Helper, previewCall, showPart } from '../tools/builtin/index.ts';
import { findOperation } from '../tools/catalogue.ts';
import type { Operation } from '../tools/define-operation.ts';
import { assertGrammar, withFields } from './arguments/list-syntax.ts';
import { type Arguments, readArguments } from './arguments/parse.ts';
import { newCallId, traceOf } from './audit-entry.ts';
import { assertUnchanged, type ConfirmedBy, lookAhead, obtainConsent } from './confirmation/confirm.ts';
import { isRepeatable, prepareRequest } from './execute/build-request.ts';
import { type Limits, withDeadline } from './execute/deadline.ts';
import { send } from './execute/execute.ts';
import { holdToPins, operationUnder } from './pins/enforce.ts';
import { briefly } from './recovery/compact-error.ts';
import { noteOnEmpty } from './recovery/empty-list.ts';
import { withClosest } from './recovery/not-found.ts';
import { askForLess, remedyFor } from './result/continuation.ts';
import { shapeAnswer } from './result/format.ts';
import { cutPart, cutTo } from './result/truncate.ts';
import { withAftermath } from './result/undo.ts';
import { secretsAmong } from './secrets/find.ts';
import { assertNoLastingToken } from './secrets/lasting-tokens.ts';
import { maskBeside } from './secrets/mask-result.ts';
import { assertSecretsStay } from './secrets/patch-guard.ts';
import { assertNoSecretQueried } from './secrets/query-guard.ts';
import { findReferences, resolveReferences, withResolved } from './secrets/resolve.ts';
import { assertRoomForSecrets, putAway } from './secrets/store-response.ts';

/** What a call gives to the client. */
export interface CallResult {
  /** JSON without secrets: the API's body, or `{ error }`. */
  readonly value: unknown;
  readonly error: CallError | undefined;
}

/** How a call is meant. */
export interface Intent {
  /** Which arguments it takes: those that its caller is shown, or pinned ones too, which must then agree. */
  readonly takes?: 'shown' | 'pinned too';
  /** It was put aside, and is now taken up again. */
  readonly confirmed?: PendingCall;
  /** For this server's own use: the answer is neither shaped nor cut. */
  readonly whole?: boolean;
  /** Made for this tool, which has a use of its own for it. */
  readonly as?: Helper;
  /** Of the result only the part at this address is wanted. */
  readonly part?: string;
}

/** `runCall` for an operation of the catalogue, by its id. */
export function runOperation(
  id: string,
  raw: unknown,
  session: Session,
  cancelled: AbortSignal,
  intent: Intent = {},
): Promise<CallResult> {
  const operation = findOperation(id);
  if (!operation) throw new Error(`There is no operation ${id}.`);
  return runCall(operation, raw, session, cancelled, intent);
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
  { takes = 'shown', confirmed, whole = false, as, part }: Intent = {},
): Promise<CallResult> {
  const about: About = { started: performance.now(), secrets: [], confirmedBy: undefined };
  // Before anything is cut: half a secret would not be known for one.
  let args: Arguments = isJsonObject(raw) ? raw : {};
  const mask = (value: unknown) => maskResult(value, operation, args, session, about);
  let outcome: Outcome;
  try {
    assertPermitted(operation, session);
    assertSecretWanted(operation, session);
    if (as === undefined) assertRoomForSecrets(operation, session);
    const under = operationUnder(session.pins, operation);
    if (as === showPart) assertReads(operation);
    args = readArguments(takes === 'shown' ? under : operation, raw);
    assertNoSecretQueried(operation, args);
    assertGrammar(operation, args);
    const references = findReferences(operation, args);
    about.secrets.push(...secretsAmong(operation, args));
    if (!session.revealSecrets) assertSecretsStay(operation, args);
    const call = { operation, args, raw };
    if (as === previewCall) {
      const { preview: shown } = await lookAhead(call, session, cancelled);
      outcome = { value: cutTo(mask(shown), session.maxResultTokens, askForLess), isMasked: true };
    } else {
      if (operation.effect !== 'read') await session.trail.assertReady();
      const consent = await obtainConsent(call, confirmed, session, cancelled);
      about.confirmedBy = consent.by;
      // Other calls may have filled it while a person was asked.
      assertRoomForSecrets(operation, session);
      const resolved = await resolveReferences(references, session, cancelled);
      const answer = await withDeadline(session.timeout, cancelled, async (limits) => {
        const held = await holdToPins(operation, args, session, limits);
        const request = prepareRequest(held.operation, withResolved(held.args, resolved));
        const looked = await assertUnchanged(consent, held.operation, held.args, session, limits);
        const beforeSending =
          operation.effect === 'read'
            ? undefined
            : () => announce({ operation, raw, session, about, cancelled }, limits.signal);
        const sending = { ...limits, looked, beforeSending };
        const sent = await send(held.operation, held.args, request, session, sending);
        return { ...sent, body: await held.inside(sent.body) };
      });
      // With what time is left, but outside of the call's own: the answer is there, whatever becomes of the hint.
      // Of a list that goes on nothing is said as if it were empty.
      const hint =
        whole || answer.beyond || !operation.listing
          ? {}
          : await noteOnEmpty(operation, args, answer.body, session, timeLeft(session, about, cancelled));
      const { body, files } = await putAway(operation, answer.body, session);
      const most = whole ? Number.POSITIVE_INFINITY : session.maxResultTokens;
      const shaped = shapeAnswer(operation, whole ? 'whole' : args, { ...answer, body }, most);
      const told = withAftermath(shaped, operation, args, answer, session.log);
      const value = isJsonObject(told) ? { ...told, ...hint, ...files } : told;
      const remedy = remedyFor(operation, args, session);
      const masked = mask(value);
      const fitting = part === undefined ? cutTo(masked, most, remedy) : cutPart(masked, part, most, remedy);
      outcome = { value: fitting, answer, isMasked: true };
    }
  } catch (cause) {
    const limits = timeLeft(session, about, cancelled);
    const failure = withFields(softened(cause, operation, about), operation, args);
    outcome = { cause: await withClosest(failure, operation, args, session, limits) };
  }
  const maskError = (value: unknown) => mask({ error: value }) as JsonObject;
  return finish(as ?? operation, raw, outcome, session, { ...about, maskError });
}

/** A result without secrets, save what it repeats of the caller's own arguments. */
function maskResult(
  value: unknown,
  operation: Operation,
  args: Arguments,
  { knownTokens, secrets }: Session,
  about: About,
): unknown {
  return maskBeside(value, { operation, args }, [knownTokens, about.secrets], [secrets.known]);
}

/** Records a call by name of an operation that is no tool for its caller, who is told no more than that there is none. */
export async function recordRefused(
  id: string,
  code: 'outside_pin' | 'unknown_operation',
  raw: unknown,
  session: Session,
): Promise<void> {
  const operation = findOperation(id);
  // As of every call, reads leave no line.
  if (!operation || operation.effect === 'read') return;
  const cause = new CallError(code, `${id} is no tool here.`);
  await finish(operation, raw, { cause }, session, {
    started: performance.now(),
    secrets: [],
    confirmedBy: undefined,
  });
}

function assertPermitted({ id, effect, group }: Operation, { policy }: Session): void {
  if (!selects(policy.selection, { id, group }))
    throw new CallError('not_selected', `${id} is not served here.`);
  if (!permits(policy, effect)) throw new CallError('read_only', `${id} does more than read.`);
}

/** What a part is wanted of is called again. */
function assertReads({ effect }: Operation): void {
  if (effect === 'read') return;
  throw new CallError('invalid_arguments', `${showPart.id} repeats the call, so that it takes reads only.`, {
    arguments: [{ argument: 'tool', problem: 'does more than read' }],
    next: 'Read the object with the tool that gets it. Nothing was sent.',
  });
}

/** A call that is made for its secret is of no use where the secret can neither be put away nor shown. */
function assertSecretWanted(operation: Operation, session: Session): void {
  assertNoLastingToken(operation, session);
  const { id, yieldsSecret } = operation;
  const { secrets, revealSecrets } = session;
  if (!yieldsSecret || revealSecrets || secrets.keep) return;
  throw new CallError('secret_refused', `${id} is made for its secret, which this server would withhold.`);
}

/** Writes the opening line of a call, unless it was ended meanwhile. @throws CallError */
async function announce(
  { operation, raw, session, about, cancelled }: Announced,
  signal: StopSignal,
): Promise<void> {
  // Sent again, as with a renewed token, it is the same call.
  if (about.call !== undefined) return;
  if (signal.aborted) throw signal.reason;
  about.call = newCallId();
  const { call, confirmedBy } = about;
  const trace = traceOf(operation, raw, session, { call, confirmedBy });
  const masked = maskKnown(trace, ...unspokenIn(session, about)) as typeof trace;
  await session.trail.begin(masked, operation.effect === 'destroy');
  if (signal.aborted) throw signal.reason;
  about.isSent = true;
  const door: StopSignal = cancelled;
  door.sent?.();
}

interface Announced {
  readonly operation: Operation;
  readonly raw: unknown;
  readonly session: Session;
  readonly about: About;
  readonly cancelled: AbortSignal;
}

/** What was not sent, or cannot have done more than was wanted, may be tried again. */
function softened(cause: unknown, operation: Operation, { isSent }: About): unknown {
  if (!(cause instanceof CallError) || cause.retry !== 'check') return cause;
  const isUnsent = operation.effect !== 'read' && !isSent;
  if (!isUnsent && (cause.facts.done || !isRepeatable(operation))) return cause;
  const next = isUnsent ? { next: cause.facts.next ?? unsentNext[cause.code] } : {};
  return new CallError(cause.code, cause.message, { ...cause.facts, ...next, retry: 'safe' });
}

/** Where what is said otherwise would have the caller look for effects. */
const unsentNext: Partial<Record<ErrorCode, string>> = {
  cancelled: 'Nothing was sent.',
  interrupted: 'Nothing was sent. Call again once the server is started anew.',
};

type Outcome =
  | {
      readonly value: unknown;
      readonly answer?: ApiAnswer;
      /** Whether its secrets are masked, so that what it repeats of its arguments may stay. */
      readonly isMasked?: boolean;
      readonly cause?: undefined;
    }
  | { readonly cause: unknown };

/** What is known of a call beside its outcome. */
export interface About {
  /** `performance.now()` */
  readonly started: number;
  /** None of them may be in what leaves the server. */
  readonly secrets: string[];
  confirmedBy: ConfirmedBy | undefined;
  /** Masks its error, where the arguments that it may repeat are known. */
  readonly maskError?: (error: unknown) => JsonObject;
  /** Its id in the trail, once there is a line of it. */
  call?: string;
  /** Whether its request has left, or may have; of a call that is not a read. */
  isSent?: boolean;
  /** What is recorded of a refusal, where its caller is told less. */
  recordedAs?: ErrorCode;
}

/** Records how a call of a tool ended, and makes its result. */
export async function finish(
  tool: Operation | Helper,
  raw: unknown,
  outcome: Outcome,
  session: Session,
  about: About,
): Promise<CallResult> {
  const { started, confirmedBy } = about;
  const unspoken = unspokenIn(session, about);
  const error = 'value' in outcome ? undefined : explain(outcome.cause, tool, session, unspoken);
  const { status, requestId } = error?.facts ?? ('answer' in outcome ? outcome.answer : undefined) ?? {};
  const outcomeCode = error ? (about.recordedAs ?? error.code) : 'ok';
  const milliseconds = elapsedSince({ started });
  // Whoever answers writes it: the log knows no secrets of this one call.
  const shownId = requestId === undefined ? undefined : String(maskKnown(requestId, ...unspoken));
  record({ tool: tool.id, outcome: outcomeCode, milliseconds, status }, shownId, session);
  if (tool.effect !== 'read') {
    const call = about.call ?? newCallId();
    const course = { call, outcome: outcomeCode, status, requestId, confirmedBy };
    const trace = traceOf(tool, raw, session, course);
    await session.trail.end(maskKnown(trace, ...unspoken) as typeof trace, tool.effect === 'destroy');
  }
  if (!error) {
    const { value, isMasked } = outcome as Extract<Outcome, { readonly value: unknown }>;
    return { value: isMasked ? value : maskKnown(value, ...unspoken), error };
  }
  const masked = about.maskError?.(error.toJSON()).error ?? maskKnown(error.toJSON(), ...unspoken);
  // A text is cut after its secrets are masked: half of one would not be known again.
  return {
    value: cutTo({ error: briefly(masked as JsonObject) }, session.maxResultTokens, askForLess),
    error,
  };
}

function unspokenIn({ knownTokens, secrets }: Session, about: About): readonly Secrets[] {
  return [knownTokens, secrets.known, about.secrets];
}

/** What is left of the time of a call, for what may be worked out beside its outcome. */
function timeLeft({ timeout }: Session, about: About, signal: AbortSignal): Limits {
  return { signal, deadline: Date.now() + timeout - elapsedSince(about) };
}

const elapsedSince = ({ started }: Pick<About, 'started'>) => performance.now() - started;

/** A fault of our own is logged whole; the caller learns only that there was one. */
function explain(
  cause: unknown,
  { id }: Operation | Helper,
  session: Session,
  unspoken: readonly Secrets[],
): CallError {
  if (cause instanceof CallError) return cause;
  const told = cause instanceof Error ? { type: cause.name, stack: cause.stack } : String(cause);
  session.log.error(
    { err: maskKnown(told, ...unspoken), tool: id },
    'a call failed by a fault of this server',
  );
  return new CallError('internal', 'The call failed by a fault of this server.', { cause });
}

function record(call: CallRecord, requestId: string | undefined, session: Session): void {
  session.onCall?.(call);
  session.log.info(
    {
      tool: call.tool,
      outcome: call.outcome,
      ms: Math.round(call.milliseconds),
      status: call.status,
      request_id: requestId,
      caller: session.caller,
    },
    'call',
  );
}
