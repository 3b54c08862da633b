import type { ConfirmLevel } from '../config/settings.ts';
import type { Effect } from '../tools/define-operation.ts';
import type { ToolsetFilter } from './toolsets.ts';

/** What a server lets its callers do, whatever their tokens may. */
export interface Policy {
  /** Only operations whose effect is `read` are served. */
  readonly readOnly: boolean;
  /** What must be confirmed before it is sent: destroys, changes as well, or nothing. */
  readonly confirm: ConfirmLevel;
  /** Which operations are served at all. */
  readonly toolsetFilter: ToolsetFilter;
}

/** Whether a policy lets an operation with this effect be called. */
export function isEffectAllowed({ readOnly }: Policy, effect: Effect | undefined): boolean {
  return !readOnly || effect === 'read';
}

/** Whether a call with this effect must be confirmed before it is sent. */
export function needsConfirmation({ confirm }: Policy, effect: Effect): boolean {
  if (effect === 'destroy') return confirm !== 'never';
  return effect === 'change' && confirm === 'change';
}

/** Nothing is left out: for tools that are measured or tested whole. */
export const allToolsets: ToolsetFilter = { toolsets: [], allow: [], deny: [] };
