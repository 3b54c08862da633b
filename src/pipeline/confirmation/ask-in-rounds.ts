import type { InputState } from '../../access/input-states.ts';
import { CallError } from '../../errors.ts';
import { isJsonObject } from '../../lib/json.ts';
import type { Consent, OperationCall } from '../call-state.ts';
import type { InputNeeded } from '../input/input-needed.ts';
import { assertStateOfCall, needInput, useInputState } from '../input/input-state.ts';
import type { Pinned } from '../pins/enforce.ts';
import { confirmationForm, notConfirmed, otherNameTyped } from './form-of-call.ts';
import { inspectCall } from './preview-call.ts';
import type { Snapshot } from './snapshot.ts';

/** The key of the form among the questions of a result, and of its answer. */
const formKey = 'confirmation';

/** How often a form is shown again after a response without an answer. */
const maxRepeats = 3;

/**
 * Asks the person of a client that answers by repeating the call: the first request gets the form, and the repeated one
 * holds the answer. An answer counts once, among all servers that share the state store.
 *
 * @throws InputNeeded with the form, CallError
 */
export async function askInRounds(call: OperationCall, pinned: Pinned): Promise<Consent> {
  const { inputState: state, operation } = call;
  const digest = state?.snapshotDigest;
  // A call that needed no confirmation when its state was sealed has no digest.
  if (!state || digest === undefined) throw await askAgain(call, pinned);
  assertStateOfCall(state, call);
  const consent: Consent = { by: 'person', digest };
  if (state.isConfirmed) {
    await useInputState(state, call);
    return consent;
  }
  const answer = readAnswer(call, state);
  if (answer === undefined && state.round <= maxRepeats) throw await askAgain(call, pinned);
  // Before anything is read, so that the answer counts once even if several servers get it at the same time.
  await useInputState(state, call);
  if (answer === undefined) {
    throw new CallError(
      'confirmation_declined',
      `The client returned the form ${maxRepeats + 1} times without an answer.`,
    );
  }
  if (answer === 'no') throw notConfirmed(operation);
  const { snapshot, typed } = await formOf(call, pinned);
  assertSnapshotOf(state, snapshot);
  const isYes = typed ? typed.accepts(answer.name) : answer.confirm === true;
  if (!isYes) throw typed ? otherNameTyped() : notConfirmed(operation);
  return consent;
}

/** The form as what the call throws, for the first time or again. */
async function askAgain(call: OperationCall, pinned: Pinned): Promise<InputNeeded> {
  const { operation, inputState: state } = call;
  const { snapshot, form, typed } = await formOf(call, pinned);
  if (state?.question === 'confirmation') assertSnapshotOf(state, snapshot);
  return needInput(call, {
    question: 'confirmation',
    snapshotDigest: snapshot.digest,
    data: { field: typed ? 'name' : 'confirm' },
    requests: { [formKey]: { method: 'elicitation/create', params: { mode: 'form', ...form } } },
    code: 'confirmation_required',
    message: `${operation.id} must be confirmed.`,
  });
}

async function formOf(call: OperationCall, pinned: Pinned) {
  const { snapshot, preview } = await inspectCall(call, pinned);
  return { snapshot, ...confirmationForm(call, snapshot, preview) };
}

/** @throws CallError `object_changed` */
function assertSnapshotOf({ snapshotDigest }: InputState, { digest }: Snapshot): void {
  if (digest === snapshotDigest) return;
  throw new CallError(
    'object_changed',
    'The object, or what depends on it, has changed since the person was asked.',
  );
}

interface Yes {
  readonly confirm?: unknown;
  readonly name?: unknown;
}

/** What the person answered; undefined if the response holds no answer to the form. */
function readAnswer({ context }: OperationCall, { data }: InputState): Yes | 'no' | undefined {
  const responses = context.client?.input?.responses;
  const response =
    isJsonObject(responses) && Object.hasOwn(responses, formKey) ? responses[formKey] : undefined;
  if (!isJsonObject(response)) return undefined;
  const { action, content } = response;
  if (action === 'decline' || action === 'cancel') return 'no';
  if (action !== 'accept' || !isJsonObject(content)) return undefined;
  const { confirm, name } = content;
  if (data?.field === 'name') return typeof name === 'string' && name.trim() !== '' ? { name } : undefined;
  return typeof confirm === 'boolean' ? { confirm } : undefined;
}
