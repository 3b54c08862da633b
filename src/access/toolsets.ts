import { matchesPattern } from '../lib/wildcard.ts';

/** Which operations are available; all of them if no list has entries. */
export interface ToolsetFilter {
  /** API groups and presets. */
  readonly toolsets: readonly string[];
  /** Names of additional operations; `*` matches any characters. */
  readonly allow: readonly string[];
  /** Names of operations that are never available. */
  readonly deny: readonly string[];
  /** A filter that must match as well. */
  readonly within?: ToolsetFilter;
}

/** The properties that filters match on. */
interface Selectable {
  readonly id: string;
  readonly group: string;
}

/** Presets: operations for a task, by name. */
export const presetToolsets: Readonly<Record<string, readonly string[]>> = {
  /** Inspect the organization without changing it. */
  observe: [
    'accounts_list',
    'accounts_get',
    'integrations_list*',
    'integrations_get',
    'integrationPoints_list',
    'status_list*',
    'status_get*',
    'operations_*',
    'audit_list',
    'bridges_list',
    'bridges_get*',
  ],
  /** Connect a customer's tools. */
  onboard: [
    'accounts_*',
    'bridges_*',
    'capabilities_*',
    'credentials_*',
    'integrationPoints_*',
    'integrations_*',
    'status_get',
    'tokens_create_integration_token',
  ],
  /** Manage the organization itself: people, permissions, tokens, webhooks. */
  admin: [
    'audit_*',
    'auth_*',
    'members_*',
    'organization_*',
    'organizationWebhooks_*',
    'permissionset_*',
    'roles_*',
    'subOrgs_*',
    'tokens_*',
  ],
};

/** Whether an operation is available: `deny` wins; otherwise a group, a preset or `allow` must match. */
export function isInToolsets(
  { toolsets, allow, deny, within }: ToolsetFilter,
  { id, group }: Selectable,
): boolean {
  if (within && !isInToolsets(within, { id, group })) return false;
  if (matches(id, deny)) return false;
  if (toolsets.length === 0 && allow.length === 0) return true;
  return (
    toolsets.some((name) => name === group || matches(id, presetToolsets[name] ?? [])) || matches(id, allow)
  );
}

/** Ignores case: some groups have capitals in their tools' names. */
function matches(id: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matchesPattern(id.toLowerCase(), pattern.toLowerCase()));
}

/** Whether `deny` names a tool. */
export function isDenied(id: string, { deny, within }: ToolsetFilter): boolean {
  return matches(id, deny) || (within !== undefined && isDenied(id, within));
}

/** Whether the filter allows everything, so that it need not be checked. */
export function isEverything({ toolsets, allow, deny, within }: ToolsetFilter): boolean {
  return toolsets.length + allow.length + deny.length === 0 && (!within || isEverything(within));
}

/**
 * Names that match nothing. They are errors: a misspelt `deny` would leave a tool available.
 *
 * @param all every operation
 * @param deniable names of other tools that can be denied, but not allowed by themselves
 */
export function unknownNames(
  { toolsets, allow, deny }: ToolsetFilter,
  all: readonly Selectable[],
  deniable: readonly string[],
): string[] {
  const known = new Set([...all.map(({ group }) => group), ...Object.keys(presetToolsets)]);
  const ids = all.map(({ id }) => id);
  const matchesNone = (pattern: string, names: readonly string[]) =>
    !names.some((name) => matches(name, [pattern]));
  return [
    ...toolsets.filter((name) => !known.has(name)),
    ...allow.filter((pattern) => matchesNone(pattern, ids)),
    ...deny.filter((pattern) => matchesNone(pattern, [...ids, ...deniable])),
  ];
}
