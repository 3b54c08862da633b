import { needsConfirmation } from '../../access/policy.ts';
import { CallError, errorCodes } from '../../errors.ts';
import { toAbortSignal } from '../../lib/cancellation.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { questionsSignal } from '../../lib/shutdown.ts';
import type { McpClient } from '../../mcp-client.ts';
import type { RequestContext } from '../../request-context.ts';
import type { PendingCall } from '../../tools/define-tool.ts';
import type { Consent, OperationCall } from '../call-state.ts';
import { halveDeadline } from '../execute/best-effort.ts';
import { interrupted, type Limits } from '../execute/deadline.ts';
import { readInputState } from '../input/input-state.ts';
import type { Pinned, PinnedCall } from '../pins/enforce.ts';
import { findConsent } from '../secrets/ask-person.ts';
import { askInRounds } from './ask-in-rounds.ts';
import { confirmationForm, notConfirmed, otherNameTyped } from './form-of-call.ts';
import { inspectCall } from './preview-call.ts';
import { type Snapshot, takeSnapshot } from './snapshot.ts';

/**
 * Gets the consent that the policy requires for a call: from the person, if the client can show a form; otherwise the call
 * is kept until `confirm_call` carries it out. Only reads are sent.
 *
 * @param confirmed the same call, when `confirm_call` carries it out
 * @throws CallError `confirmation_required`, `confirmation_declined` or `audit_unavailable`
 */
export async function confirm(
  call: OperationCall,
  pinned: Pinned,
  confirmed: PendingCall | undefined,
): Promise<Consent> {
  const { operation, context } = call;
  call.inputState = readInputState(context);
  // Do not ask about a call that the audit log could not record.
  if (operation.effect !== 'read') await context.auditLog.assertReady();
  const consent = await obtainConsent(call, pinned, confirmed);
  call.confirmedBy = consent.by;
  call.confirmedDigest = consent.digest;
  return consent;
}

async function obtainConsent(
  call: OperationCall,
  pinned: Pinned,
  confirmed: PendingCall | undefined,
): Promise<Consent> {
  const { operation, raw, context, cancelled } = call;
  if (!needsConfirmation(context.policy, operation.effect)) return { by: 'not needed' };
  if (confirmed) return { by: confirmed.confirmedBy ?? 'confirm_call', digest: confirmed.digest };
  const given = findConsent(call);
  if (given) return given;
  if (context.client?.input?.hasForms) return askInRounds(call, pinned);
  const { snapshot, preview } = await inspectCall(call, pinned);
  const { client, pendingCalls } = context;
  const { digest } = snapshot;
  if (!client?.showForm) {
    const id = pendingCalls.add({ operationId: operation.id, args: raw, digest });
    throw new CallError('confirmation_required', `${operation.id} must be confirmed.`, {
      confirmation: { id, expires_in_s: Math.round(pendingCalls.timeoutMs / 1000), preview },
      remediation: nextStep(context),
    });
  }
  const answer = await askPerson(call, snapshot, preview, client.showForm);
  if (answer === 'yes') return { by: 'person', digest };
  if (cancelled.aborted) throw new CallError('cancelled', 'The call was cancelled.', { retry: 'safe' });
  if (questionsSignal().aborted) throw interrupted();
  throw answer === 'no' ? notConfirmed(operation) : otherNameTyped();
}

/** What to do about `confirmation_required`, where it is not what its code says. */
export const nextStep = (context: RequestContext): string | undefined =>
  mayDenyConfirmCall(context) ? nextIfDenied : undefined;

const nextIfDenied = `${errorCodes.confirmation_required.remediation} If the client denies confirm_call and nobody can be asked, the administrator can set --tool-meta off.`;

/**
 * Whether the client may be Claude Code, which refuses `confirm_call` when it runs without a person. Without a session,
 * the client's name is not known.
 */
function mayDenyConfirmCall({ toolMeta, client }: RequestContext): boolean {
  return toolMeta === true && (client?.name === undefined || /claude/i.test(client.name));
}

/**
 * Takes the snapshot again, right before sending.
 *
 * @returns the snapshot, which saves another read of the object; undefined when nothing was confirmed
 * @throws CallError `object_changed` when the state is not the one that was confirmed
 */
export async function assertSnapshotUnchanged(
  { digest }: Consent,
  { operation, args }: Pick<PinnedCall, 'operation' | 'args'>,
  context: RequestContext,
  limits: Limits,
): Promise<Pick<Snapshot, 'object'> | undefined> {
  if (digest === undefined) return undefined;
  const snapshot = await takeSnapshot(operation, args, context, halveDeadline(limits));
  if (snapshot.digest === digest) return snapshot;
  const unread = snapshot.unread.length > 0 ? ` Could not be read: ${snapshot.unread.join(', ')}.` : '';
  throw new CallError(
    'object_changed',
    `The object, or what depends on it, has changed since the call was confirmed.${unread}`,
  );
}

/** Anything but an explicit yes cancels the call. */
async function askPerson(
  call: OperationCall,
  snapshot: Snapshot,
  preview: JsonObject,
  showForm: NonNullable<McpClient['showForm']>,
): Promise<'yes' | 'no' | 'other name'> {
  const { context, cancelled } = call;
  const { form, typed } = confirmationForm(call, snapshot, preview);
  try {
    const answer = await showForm(form, {
      within: context.pendingCalls.timeoutMs,
      signal: AbortSignal.any([toAbortSignal(cancelled), questionsSignal()]),
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
