import { createHash } from 'node:crypto';
import type { InputState } from '../../access/input-states.ts';
import { CallError } from '../../errors.ts';
import { canonicalJson, isJsonObject } from '../../lib/json.ts';
import { questionsSignal } from '../../lib/shutdown.ts';
import type { AskedSecrets, SecretPages } from '../../secrets/asked-secrets.ts';
import type { SecretPurpose } from '../../secrets/prompt-page.ts';
import { noSecretGiven, type PlacedReference, pageMessage, referenceError } from '../../secrets/reference.ts';
import type { InputRequest } from '../../tools/input-required.ts';
import type { Consent, OperationCall } from '../call-state.ts';
import { interrupted, withDeadline } from '../execute/deadline.ts';
import type { InputNeeded } from '../input/input-needed.ts';
import { assertStateOfCall, needInput, useInputState } from '../input/input-state.ts';

/** Consents of calls that wait for secrets: the person is not asked again when such a call is repeated. */
const consents = new WeakMap<AskedSecrets, Consent>();
const keptConsents = new WeakSet<Consent>();

/** The consent that the person gave to this call before it asked for secrets. */
export function findConsent(call: OperationCall): Consent | undefined {
  const asked = call.references.some(isAsk) ? call.context.secrets.pages?.find(identityOf(call)) : undefined;
  return asked && consents.get(asked);
}

/** Whether a person gives the secret of a reference. */
export const isAsk = ({ reference }: PlacedReference): boolean => reference.kind === 'ask';

/** What a page shows of a reference, beside its description. */
export function purposeOf(
  { operation }: OperationCall,
  { path }: PlacedReference,
): Omit<SecretPurpose, 'description'> {
  return { operation: operation.title, argument: path.join('.') };
}

/**
 * Takes the secrets that the person has typed for this call, and otherwise ends the call with the pages to type them on.
 * The same call finds the secrets when it is repeated.
 *
 * @throws InputNeeded with the pages, if the client opens them; CallError `secret_required` with the pages for others
 */
export async function takeTypedSecrets(
  call: OperationCall,
  asks: readonly PlacedReference[],
  pages: SecretPages,
  consent: Consent,
): Promise<readonly string[]> {
  const identity = identityOf(call);
  const purposes = asks.map((ask) => ({ ...purposeOf(call, ask), description: ask.reference.name }));
  if (call.context.client?.input?.hasPages) return askInRounds(call, { pages, identity, purposes });
  const asked = keptConsents.has(consent)
    ? askedWith(consent, pages.find(identity))
    : await pages.ask(identity, purposes);
  // Another repetition has taken them in the meantime.
  if (pages.find(identity) !== asked) return takeTypedSecrets(call, asks, pages, consent);
  const secrets = asked.take();
  if (secrets) return secrets;
  if (consent.by === 'person') {
    consents.set(asked, consent);
    keptConsents.add(consent);
  }
  throw secretRequired(call, asked);
}

/** Of two repetitions at one time, both find the consent, and one uses it. */
function askedWith(consent: Consent, asked: AskedSecrets | undefined): AskedSecrets {
  if (asked && consents.get(asked) === consent) return asked;
  throw new CallError('confirmation_unknown', 'The confirmation was used by another call, or has expired.');
}

/** The call with its arguments: only the same call gets the secrets. */
function identityOf({ operation, args }: OperationCall): string {
  return createHash('sha256')
    .update(canonicalJson([operation.id, args]))
    .digest('base64url');
}

const codeOfQuestion = 'secret_required';

function messageFor({ operation }: OperationCall): string {
  return `The person must type a secret for ${operation.id}.`;
}

function secretRequired(call: OperationCall, asked: AskedSecrets): CallError {
  const expires_in_s = Math.ceil(asked.timeLeft() / 1000);
  return new CallError(codeOfQuestion, messageFor(call), {
    pages: asked.missing().map(({ argument, url }) => ({ argument, url, expires_in_s })),
  });
}

interface Round {
  readonly pages: SecretPages;
  readonly identity: string;
  readonly purposes: readonly SecretPurpose[];
}

/** How often pages are shown again to a client that does not answer. */
const maxRepeats = 3;

/** Asks the person of a client that opens pages and then repeats the call. */
async function askInRounds(call: OperationCall, round: Round): Promise<readonly string[]> {
  const { pages, identity, purposes } = round;
  const state = call.inputState?.question === 'secret' ? call.inputState : undefined;
  if (state && !call.isInputStateUsed) assertStateOfCall(state, call);
  const asked = state ? pages.find(identity) : await pages.ask(identity, purposes);
  // The time was over, or another repetition of the call has taken them.
  if (!asked) throw noSecret();
  if (state) await waitForAnswers(call, asked, state);
  if (questionsSignal().aborted) throw interrupted();
  if (pages.find(identity) !== asked) throw noSecret();
  if (asked.missing().length > 0) throw needPages(call, asked);
  if (state && !call.isInputStateUsed) await useInputState(state, call);
  const secrets = asked.take();
  if (!secrets) throw noSecret();
  return secrets;
}

/** The pages whose secret is missing, as what the call throws. */
function needPages(call: OperationCall, asked: AskedSecrets): InputNeeded {
  const requests = asked
    .missing()
    .map(({ index, url }): [string, InputRequest] => [
      keyOf(index),
      { method: 'elicitation/create', params: { mode: 'url', message: pageMessage, url } },
    ]);
  return needInput(call, {
    question: 'secret',
    requests: Object.fromEntries(requests),
    code: codeOfQuestion,
    message: messageFor(call),
  });
}

/** The key of a page among the questions of a result, and of its answer. */
const keyOf = (index: number): string => `secret-${index + 1}`;

/**
 * Waits for the secrets if the person has opened all pages: clients answer as soon as a page is open.
 *
 * @throws CallError `secret_reference` when the person declines, or the client does not answer
 */
async function waitForAnswers(call: OperationCall, asked: AskedSecrets, state: InputState): Promise<void> {
  const { context, cancelled } = call;
  const { responses } = context.client?.input ?? {};
  const given = isJsonObject(responses) ? responses : {};
  const actions = asked.missing().map(({ index }) => actionOf(given[keyOf(index)]));
  const isDeclined = actions.some((action) => action === 'decline' || action === 'cancel');
  const isOpened = actions.every((action) => action === 'accept');
  if (isDeclined || (!isOpened && state.round > maxRepeats)) {
    asked.drop();
    throw noSecret();
  }
  if (!isOpened) return;
  try {
    await withDeadline(context.timeout, cancelled, () => asked.settled);
  } catch (error) {
    if (error instanceof CallError && error.code === 'cancelled')
      throw new CallError('cancelled', 'The call was cancelled.', { retry: 'safe' });
    if (!(error instanceof CallError) || error.code !== 'timeout') throw error;
  }
}

const actionOf = (response: unknown): unknown => (isJsonObject(response) ? response.action : undefined);

const noSecret = (): CallError => referenceError(noSecretGiven);
