import type { Effect } from '../tools/define-operation.ts';
import type { Permission } from '../tools/required-permission.ts';

/** The permissions of the token that calls Synqly, as Synqly reports them. */
export interface TokenPermissions {
  /** Id of the token's organization. */
  readonly organization?: string | undefined;
  /** Name, type (`adhoc`, `logon` or `default`) and expiry of the token. */
  readonly token: {
    readonly name?: string | undefined;
    readonly type?: string | undefined;
    readonly expires?: string | undefined;
  };
  readonly roles: readonly string[];
  readonly permissionSets: readonly string[];
  /** The resources that the token is limited to, such as accounts. */
  readonly resources?: object | undefined;
  /** Allowed actions by API, one map for each permission set; what any of them allows is allowed. */
  readonly actions: readonly ReadonlyMap<string, ReadonlySet<string>>[];
}

/** The permissions of a token, as far as they are known. They are read while calls already run. */
export interface PermissionsSource {
  /** The permissions by what is known now, from Synqly or stored by an earlier process; undefined if unknown. */
  readonly current: TokenPermissions | undefined;
  /** Whether this process has read them, or Synqly does not show them to this token. */
  readonly isSettled: boolean;
}

/**
 * Whether the token is allowed an action. Unknown permissions count as allowed, since Synqly itself decides each
 * call, and documents only some of its action names.
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
