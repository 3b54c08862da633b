import type { ConfirmLevel } from '../config/settings.ts';
import type { Effect } from '../tools/define-operation.ts';
import type { ToolsetFilter } from './toolsets.ts';

/** What a server allows its callers, regardless of their tokens' permissions. */
export interface Policy {
  /** Allow only operations with the effect `read`. */
  readonly readOnly: boolean;
  /** Which effects need confirmation: destroy, change as well, or none. */
  readonly confirm: ConfirmLevel;
  /** Which operations are available at all. */
  readonly toolsetFilter: ToolsetFilter;
}

/** Whether a policy allows operations with this effect. */
export function isEffectAllowed({ readOnly }: Policy, effect: Effect | undefined): boolean {
  return !readOnly || effect === 'read';
}

/** Whether a call with this effect must be confirmed before it is sent. */
export function needsConfirmation({ confirm }: Policy, effect: Effect): boolean {
  if (effect === 'destroy') return confirm !== 'never';
  return effect === 'change' && confirm === 'change';
}

/** All operations: for tools that measure or test the whole catalogue. */
export const allToolsets: ToolsetFilter = { toolsets: [], allow: [], deny: [] };
