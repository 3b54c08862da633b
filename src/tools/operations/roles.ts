import { defineOperation } from '../define-operation.ts';
import {
  byName,
  clearable,
  filter,
  fullname,
  limit,
  name,
  newName,
  order,
  patch,
  roleId,
  startAfter,
  text,
} from '../schemas/fields.ts';
import { grantedPermissionSet, roleScope } from '../schemas/role-scope.ts';

const role = { role_id: roleId };

export const rolesList = defineOperation({
  id: 'roles_list',
  group: 'roles',
  method: 'GET',
  path: '/v1/roles',
  effect: 'read',
  pinRule: { kind: 'organization' },
  title: 'List roles',
  listing: { columns: ['name', 'fullname', 'description', 'permission_set', 'resources'], cursor: byName },
  summary: 'List roles: each grants a permission set on resources.',
  query: { limit, start_after: startAfter, order, filter },
});

export const rolesCreate = defineOperation({
  id: 'roles_create',
  group: 'roles',
  method: 'POST',
  path: '/v1/roles',
  effect: 'create',
  pinRule: { kind: 'organization' },
  title: 'Create role',
  summary: 'Create a role that limits a permission set to chosen resources.',
  body: {
    name: newName,
    fullname,
    description: text.optional(),
    resources: roleScope.optional(),
    permission_set: grantedPermissionSet,
  },
});

export const rolesGet = defineOperation({
  id: 'roles_get',
  group: 'roles',
  method: 'GET',
  path: '/v1/roles/{role_id}',
  effect: 'read',
  pinRule: { kind: 'organization' },
  title: 'Get role',
  summary: 'Get one role.',
  params: role,
});

export const rolesUpdate = defineOperation({
  id: 'roles_update',
  group: 'roles',
  method: 'PUT',
  path: '/v1/roles/{role_id}',
  effect: 'change',
  pinRule: { kind: 'organization' },
  title: 'Update role',
  summary: 'Change the given fields of a role, for everyone who has it; null clears.',
  params: role,
  body: {
    name,
    fullname,
    description: clearable(text),
    resources: clearable(roleScope),
    permission_set: grantedPermissionSet.optional(),
  },
});

export const rolesPatch = defineOperation({
  id: 'roles_patch',
  group: 'roles',
  method: 'PATCH',
  path: '/v1/roles/{role_id}',
  effect: 'change',
  pinRule: { kind: 'organization' },
  title: 'Patch role',
  summary: 'Change a role, for everyone who has it, by JSON Patch.',
  params: role,
  body: { patch },
});

export const rolesDelete = defineOperation({
  id: 'roles_delete',
  group: 'roles',
  method: 'DELETE',
  path: '/v1/roles/{role_id}',
  effect: 'destroy',
  pinRule: { kind: 'organization' },
  title: 'Delete role',
  summary: 'Delete a role with its tokens and credentials; members with it lose access. Final.',
  params: role,
});
