import { CallError } from '../../errors.ts';
import type { JsonObject } from '../../lib/json.ts';
import { maskKnown } from '../../secrets/redact.ts';
import type { Operation } from '../../tools/define-operation.ts';
import type { OperationCall } from '../call-state.ts';
import { needsTypedName } from './dependents.ts';
import { type ConfirmationForm, createForm } from './form.ts';
import type { Snapshot } from './snapshot.ts';
import { typedNameOf } from './typed-name.ts';

/** The form that confirms a call. */
export function confirmationForm(
  { operation, args, context }: OperationCall,
  snapshot: Snapshot,
  preview: JsonObject,
): ConfirmationForm {
  // The client may store what it shows, so the form holds no secret, not even one that the call repeats.
  const shown = maskKnown(preview, context.knownTokens, context.secrets.known) as JsonObject;
  return createForm(operation, shown, {
    needsName: needsTypedName.has(operation.id),
    typedName: () => typedNameOf(operation, args, snapshot.object),
  });
}

export const notConfirmed = ({ id }: Operation): CallError =>
  new CallError('confirmation_declined', `The person did not agree to ${id}.`);

export const otherNameTyped = (): CallError =>
  new CallError('confirmation_declined', 'The person did not type the requested name.', {
    remediation: 'Nothing was sent. Ask the person whether this is the right object before you try again.',
  });
