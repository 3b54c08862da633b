import type { Config } from './config.ts';
import type { Effect } from './tools/operation.ts';

/** What a server lets its callers do, whatever their tokens may. */
export interface Policy {
  /** Only operations whose effect is `read` are served. */
  readonly readOnly: boolean;
}

/** The policy that the settings name. */
export function policyOf(config: Pick<Config, 'readOnly'>): Policy {
  return { readOnly: config.readOnly.value };
}

/** Whether a policy lets an operation with this effect be called. */
export function permits({ readOnly }: Policy, effect: Effect | undefined): boolean {
  return !readOnly || effect === 'read';
}
