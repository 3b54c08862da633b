import type { Effect } from '../tools/define-operation.ts';
import type { Permission } from '../tools/required-permission.ts';

/** What the token that calls Synqly may do, as Synqly tells it. */
export interface TokenPermissions {
  /** Id of the token's organization. */
  readonly organization?: string | undefined;
  /** Name and end of the token. */
  readonly token: { readonly name?: string | undefined; readonly expires?: string | undefined };
  readonly roles: readonly string[];
  readonly permissionSets: readonly string[];
  /** Which accounts and the like it is limited to, where it is. */
  readonly resources?: object | undefined;
  /** Allowed actions by API, one map for each permission set; what any of them allows is allowed. */
  readonly actions: readonly ReadonlyMap<string, ReadonlySet<string>>[];
}

/**
 * Whether the token may do something, as far as is known: what is unknown counts as allowed, since Synqly itself
 * decides about each call, and its names of actions are only in part documented.
 */
export function isPermitted(
  permissions: TokenPermissions | undefined,
  permission: Permission | undefined,
  effect: Effect,
): boolean {
  if (!permissions || !permission) return true;
  return permissions.actions.some((allowed) => {
    const everywhere = allowed.get('all');
    const here = allowed.get(permission.api);
    const all = everywhere?.has('*') || (everywhere?.has('read') && effect === 'read');
    return Boolean(all || here?.has('*') || here?.has(permission.action));
  });
}
