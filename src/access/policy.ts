import type { Config } from '../config/load-config.ts';
import type { ConfirmLevel } from '../config/settings.ts';
import type { Effect } from '../tools/define-operation.ts';
import type { Selection } from './toolsets.ts';

/** What a server lets its callers do, whatever their tokens may. */
export interface Policy {
  /** Only operations whose effect is `read` are served. */
  readonly readOnly: boolean;
  /** What must be confirmed before it is sent: destroys, changes as well, or nothing. */
  readonly confirm: ConfirmLevel;
  /** Which operations are served at all. */
  readonly selection: Selection;
}

/** The policy that the settings name. */
export function policyOf(config: Pick<Config, 'readOnly' | 'confirm' | 'groups' | 'allow' | 'deny'>): Policy {
  const { readOnly, confirm, groups, allow, deny } = config;
  const selection = { groups: groups.value, allow: allow.value, deny: deny.value };
  return { readOnly: readOnly.value, confirm: confirm.value, selection };
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

/** Nothing is left out: for tools that are measured or tested whole. */
export const wholeSelection: Selection = { groups: [], allow: [], deny: [] };
