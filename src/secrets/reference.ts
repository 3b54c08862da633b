import { CallError } from '../errors.ts';

/** Where a secret comes from: a variable, a file, this server's stored secrets, a person, or the random source of the system. */
export interface Reference {
  readonly kind: 'env' | 'file' | 'secret' | 'ask' | 'generate';
  readonly name: string;
}

const whole = /^\$\{(env|file|secret|ask|generate):([^{}]+)\}$/;
const anywhere = /\$\{(?:(?:env|file|secret|ask):|generate[:}])/;

/** Parses a reference; undefined if the text is none. Only a whole value can be a reference. */
export function readReference(text: string): Reference | undefined {
  const [, kind, name] = whole.exec(text) ?? [];
  return kind === undefined || name === undefined ? undefined : { kind: kind as Reference['kind'], name };
}

/** Whether a text contains a reference, alone or within other text. */
export function holdsReference(text: string): boolean {
  return anywhere.test(text);
}

/** The reference to a stored secret. */
export function secretReference(handle: string): string {
  return `\${secret:${handle}}`;
}

/** The error for an unusable reference. The message gives the reason, never the secret. */
export function referenceError(reason: string): CallError {
  return new CallError('secret_reference', reason);
}

/** The reason when a person was asked for a secret, and gave none. */
export const noSecretGiven = 'The person gave no secret.';

/** A reference among arguments. */
export interface PlacedReference {
  readonly path: readonly string[];
  readonly reference: Reference;
}

/** What a client shows to a person whom it asks to open a page. */
export const pageMessage =
  'A secret is needed for a call to Synqly. Open the page to type it; the assistant will not see it.';
