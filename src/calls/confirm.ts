import type { ClientPort } from '../client-port.ts';
import { CallError } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { needsConfirmation } from '../policy.ts';
import type { Session } from '../session.ts';
import type { Operation } from '../tools/operation.ts';
import type { Arguments } from './arguments.ts';
import { type Limits, withDeadline } from './deadline.ts';
import { type Look, lookAt } from './look.ts';
import { farReaching } from './losses.ts';
import type { PendingCall } from './pending.ts';
import { holdToPins } from './pin.ts';
import { previewOf } from './preview.ts';
import { questionOf } from './question.ts';
import { prepareRequest } from './request.ts';

/** How a call came to be allowed, as the trail tells it. */
export type ConfirmedBy = 'not needed' | 'person' | 'confirm_call';

/** The leave to carry a call out. */
export interface Consent {
  readonly by: ConfirmedBy;
  /** Of what was looked at and agreed to. */
  readonly digest?: string;
}

/** A call whose arguments are checked. */
export interface CheckedCall {
  readonly operation: Operation;
  readonly args: Arguments;
  /** As the caller gave them. */
  readonly raw: unknown;
}

/**
 * Gets the leave to carry a call out, where the policy wants it: from the person, when the client can ask; else the
 * call is put aside until `confirm_call`. Only reads are sent.
 *
 * @param confirmed the same call, when `confirm_call` has taken it up again
 * @throws CallError `confirmation_required` or `confirmation_declined`
 */
export async function obtainConsent(
  call: CheckedCall,
  confirmed: PendingCall | undefined,
  session: Session,
  cancelled: AbortSignal,
): Promise<Consent> {
  const { operation, raw } = call;
  if (!needsConfirmation(session.policy, operation.effect)) return { by: 'not needed' };
  if (confirmed) return { by: 'confirm_call', digest: confirmed.digest };
  const { look, preview } = await lookAhead(call, session, cancelled);
  const { client, pending } = session;
  if (client?.askForm) {
    const { digest } = look;
    if (await isAgreed(call, look, preview, client.askForm, pending.within, cancelled))
      return { by: 'person', digest };
    if (cancelled.aborted) throw new CallError('cancelled', 'The call was cancelled.', { retry: 'safe' });
    throw new CallError('confirmation_declined', `The person did not agree to ${operation.id}.`);
  }
  const id = pending.put({ operationId: operation.id, args: raw, digest: look.digest });
  throw new CallError('confirmation_required', `${operation.id} needs to be confirmed.`, {
    confirmation: { id, expires_in_s: Math.round(pending.within / 1000), preview },
  });
}

/** What a call would send and meet. Pins are checked; only reads are sent. @throws CallError */
export async function lookAhead(
  { operation, args }: CheckedCall,
  session: Session,
  cancelled: AbortSignal,
): Promise<{ look: Look; preview: JsonObject }> {
  const looking = withDeadline(session.timeout, cancelled, async (limits) => {
    const held = await holdToPins(operation, args, session, limits);
    const request = prepareRequest(held.operation, held.args);
    const look = await lookAt(held.operation, held.args, session, limits);
    return { look, preview: previewOf(held.operation, held.args, request, look) };
  });
  return onlyReading(looking);
}

/** What failed while only reads were sent may be tried again. */
async function onlyReading<Value>(reading: Promise<Value>): Promise<Value> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof CallError) || error.retry !== 'check') throw error;
    throw new CallError(error.code, error.message, { ...error.facts, retry: 'safe' });
  }
}

/**
 * Looks again, right before sending.
 *
 * @returns the object, so that it need not be read once more
 * @throws CallError `object_changed` when it is not what the leave was given for
 */
export async function assertUnchanged(
  { digest }: Consent,
  operation: Operation,
  args: Arguments,
  session: Session,
  limits: Limits,
): Promise<JsonObject | undefined> {
  if (digest === undefined) return undefined;
  const look = await onlyReading(lookAt(operation, args, session, limits));
  if (look.digest === digest) return look.object;
  throw new CallError('object_changed', 'What the call is about has changed since it was confirmed.');
}

/** Whatever goes wrong while asking is a no. */
async function isAgreed(
  { operation, args }: CheckedCall,
  look: Look,
  preview: JsonObject,
  askForm: NonNullable<ClientPort['askForm']>,
  within: number,
  signal: AbortSignal,
): Promise<boolean> {
  const typed = farReaching.has(operation.id) ? nameOf(operation, args, look) : undefined;
  const question = questionOf(operation, preview, typed);
  try {
    const answer = await askForm(question, { within, signal });
    if (!isJsonObject(answer) || answer.action !== 'accept' || !isJsonObject(answer.content)) return false;
    return typed === undefined ? answer.content.confirm === true : answer.content.name === typed;
  } catch {
    return false;
  }
}

/** What must be typed: the object's name, or where it may not be read what the call itself names. */
function nameOf({ id, params }: Operation, args: Arguments, { object }: Look): string {
  const name = object?.name ?? object?.id ?? args[Object.keys(params).at(-1) ?? ''];
  return typeof name === 'string' ? name : id;
}
