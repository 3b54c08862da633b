import type { PendingCall } from '../../access/pending-confirmations.ts';
import { needsConfirmation } from '../../access/policy.ts';
import { CallError } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import type { ClientPort } from '../../mcp-client.ts';
import type { Session } from '../../request-context.ts';
import { maskKnown } from '../../secrets/redact.ts';
import type { Operation } from '../../tools/define-operation.ts';
import type { Arguments } from '../arguments/parse.ts';
import { halfOf } from '../execute/best-effort.ts';
import { prepareRequest } from '../execute/build-request.ts';
import { type Limits, withDeadline } from '../execute/deadline.ts';
import { interruption, untilQuestionsStop } from '../execute/shutdown.ts';
import { holdToPins } from '../pins/enforce.ts';
import { farReaching } from './dependents.ts';
import { questionOf } from './form.ts';
import { previewOf } from './preview.ts';
import { type Look, lookAt } from './snapshot.ts';
import { typedNameOf } from './typed-name.ts';

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
    const agreed = await askPerson(call, look, preview, session, client.askForm, pending.within, cancelled);
    if (agreed === 'yes') return { by: 'person', digest };
    if (cancelled.aborted) throw new CallError('cancelled', 'The call was cancelled.', { retry: 'safe' });
    if (untilQuestionsStop().aborted) throw interruption();
    if (agreed === 'no')
      throw new CallError('confirmation_declined', `The person did not agree to ${operation.id}.`);
    throw new CallError('confirmation_declined', 'The person typed something else than was asked for.', {
      next: 'Nothing was sent. Ask the person whether they mean this object, before you try again.',
    });
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
  // Proofs of pins have all the time of a call; looking around has its own, and decides nothing.
  const held = await withDeadline(session.timeout, cancelled, (limits) =>
    holdToPins(operation, args, session, limits),
  );
  const request = prepareRequest(held.operation, held.args);
  const limits = { signal: cancelled, deadline: Date.now() + session.timeout };
  const look = await lookAt(held.operation, held.args, session, limits);
  return { look, preview: previewOf(held.operation, held.args, request, look) };
}

/**
 * Looks again, right before sending.
 *
 * @returns what was seen of the object, so that it need not be read once more; undefined when nobody was asked
 * @throws CallError `object_changed` when it is not what the leave was given for
 */
export async function assertUnchanged(
  { digest }: Consent,
  operation: Operation,
  args: Arguments,
  session: Session,
  limits: Limits,
): Promise<Pick<Look, 'object'> | undefined> {
  if (digest === undefined) return undefined;
  const look = await lookAt(operation, args, session, halfOf(limits));
  if (look.digest === digest) return look;
  const unread = look.unread.length > 0 ? ` Now could not be read: ${look.unread.join(', ')}.` : '';
  throw new CallError(
    'object_changed',
    `What the call is about is not as it was when the call was confirmed.${unread}`,
  );
}

/** Whatever goes wrong while asking is a no. */
async function askPerson(
  { operation, args }: CheckedCall,
  look: Look,
  preview: JsonObject,
  session: Session,
  askForm: NonNullable<ClientPort['askForm']>,
  within: number,
  signal: AbortSignal,
): Promise<'yes' | 'no' | 'other name'> {
  // A person needs none of them, and the client may keep what it shows. Whoever made the call sees no question.
  const shown = maskKnown(preview, session.knownTokens, session.secrets.known) as JsonObject;
  const { question, typed } = questionOf(operation, shown, {
    isFarReaching: farReaching.has(operation.id),
    typedName: () => typedNameOf(operation, args, look.object),
  });
  try {
    const answer = await askForm(question, {
      within,
      signal: AbortSignal.any([signal, untilQuestionsStop()]),
    });
    if (!isJsonObject(answer) || answer.action !== 'accept' || !isJsonObject(answer.content)) return 'no';
    const { confirm, name } = answer.content;
    if (!typed) return confirm === true ? 'yes' : 'no';
    if (typed.accepts(name)) return 'yes';
    return typeof name === 'string' && name.trim() !== '' ? 'other name' : 'no';
  } catch {
    return 'no';
  }
}
