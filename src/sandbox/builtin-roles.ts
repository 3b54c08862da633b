/*
 * The built-in roles (schema BuiltinRoles); every organization has them, and they cannot be changed.
 */
import type { SandboxState } from './model.ts';

const builtin = [
  { name: 'root_administrator', fullname: 'Root administrator', permission_set: 'administrator' },
  { name: 'administrator', fullname: 'Administrator', permission_set: 'administrator' },
  { name: 'viewer', fullname: 'Viewer', permission_set: 'viewer' },
  { name: 'member', fullname: 'Member', permission_set: 'member' },
] as const;

/** Whether a role is a built-in one. */
export function isBuiltinRole(name: string): boolean {
  return builtin.some((role) => role.name === name);
}

/** Adds the built-in roles to a new organization. */
export function addBuiltinRoles(state: SandboxState): void {
  for (const { name, fullname, permission_set } of builtin) {
    state.collections.role.add({ ...state.newNamed({ name, fullname }), permission_set });
  }
}
