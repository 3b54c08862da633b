import { CallError } from '../errors.ts';

/** Where a secret is to be taken from: a variable, a file, what this server put away earlier, or a person. */
export interface Reference {
  readonly kind: 'env' | 'file' | 'secret' | 'ask';
  readonly name: string;
}

const whole = /^\$\{(env|file|secret|ask):([^{}]+)\}$/;
const anywhere = /\$\{(env|file|secret|ask):/;

/** The reference that a text is; undefined when it is none. Only a whole value is one. */
export function readReference(text: string): Reference | undefined {
  const [, kind, name] = whole.exec(text) ?? [];
  return kind === undefined || name === undefined ? undefined : { kind: kind as Reference['kind'], name };
}

/** Whether a text holds what looks like a reference, whole or not. */
export function holdsReference(text: string): boolean {
  return anywhere.test(text);
}

/** The reference to a secret that was put away. */
export function referTo(handle: string): string {
  return `\${secret:${handle}}`;
}

/** A reference that cannot be used. The message names the reason, and never what it stands for. */
export function referenceError(reason: string): CallError {
  return new CallError('secret_reference', reason);
}
