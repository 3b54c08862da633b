import { fitsPattern } from '../lib/wildcard.ts';

/** Which operations are served; everything where nothing is named. */
export interface ToolsetFilter {
  /** Groups and presets. */
  readonly toolsets: readonly string[];
  /** Names of further operations, with `*` for any characters. */
  readonly allow: readonly string[];
  /** Names that are not served, whatever else is said. */
  readonly deny: readonly string[];
  /** A wider selection that this one narrows: what that leaves out stays out. */
  readonly within?: ToolsetFilter;
}

/** What selection goes by. */
interface Selectable {
  readonly id: string;
  readonly group: string;
}

/** Operations for a purpose, by name. */
export const presetToolsets: Readonly<Record<string, readonly string[]>> = {
  /** Find out how things are, without changing them. */
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
  /** The organization itself: people, rights, tokens, webhooks. */
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

/** Whether an operation is served. What is denied is not; else what a group, a preset or a name allows is. */
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

/** In whatever case: some groups have capitals in their tools' names. */
function matches(id: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => fitsPattern(id.toLowerCase(), pattern.toLowerCase()));
}

/** Whether names are selected at all: without, nothing has to be looked at. */
export function isEverything({ toolsets, allow, deny, within }: ToolsetFilter): boolean {
  return toolsets.length + allow.length + deny.length === 0 && (!within || isEverything(within));
}

/**
 * Names that select nothing, which are mistakes: a tool that was meant to be denied would be served.
 *
 * @param all every operation
 */
export function unknownNames({ toolsets, allow, deny }: ToolsetFilter, all: readonly Selectable[]): string[] {
  const known = new Set([...all.map(({ group }) => group), ...Object.keys(presetToolsets)]);
  const isIdle = (pattern: string) => !all.some(({ id }) => matches(id, [pattern]));
  return [...toolsets.filter((name) => !known.has(name)), ...[...allow, ...deny].filter(isIdle)];
}
