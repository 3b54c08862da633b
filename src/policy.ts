import type { Config } from './config.ts';
import type { ConfirmLevel } from './settings.ts';
import type { Effect } from './tools/operation.ts';

/** What a server lets its callers do, whatever their tokens may. */
export interface Policy {
  /** Only operations whose effect is `read` are served. */
  readonly readOnly: boolean;
  /** What must be confirmed before it is sent: destroys, changes as well, or nothing. */
  readonly confirm: ConfirmLevel;
}

/** The policy that the settings name. */
export function policyOf(config: Pick<Config, 'readOnly' | 'confirm'>): Policy {
  return { readOnly: config.readOnly.value, confirm: config.confirm.value };
}

/** Whether a policy lets an operation with this effect be called. */
export function permits({ readOnly }: Policy, effect: Effect | undefined): boolean {
  return !readOnly || effect === 'read';
}

/** Whether a call with this effect must be confirmed before it is sent. */
export function needsConfirmation({ confirm }: Policy, effect: Effect): boolean {
  if (effect === 'destroy') return confirm !== 'never';
  return effect === 'change' && confirm === 'change';
}
