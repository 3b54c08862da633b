/* Roles: a permission set and the resources it covers, assigned to members by name. */
import { isBuiltinRole } from '../builtin-roles.ts';
import type { Answer, Handlers, SandboxRequest, SandboxState, Stored } from '../model.ts';
import { conflict, forbidden } from '../problem.ts';
import { listPage } from '../query.ts';
import { applyPatch, laterTimestamp, replaceWhole } from '../write.ts';

interface NewRole {
  readonly name?: string;
  readonly fullname?: string;
  readonly description?: string;
  readonly resources?: unknown;
  readonly permission_set: string;
}

/** Handlers of the roles group. */
export const rolesHandlers: Handlers = {
  roles_list: (request) => ({ status: 200, body: listPage(request.state.collections.role.all(), request) }),
  roles_create: ({ state, body }) => {
    const { description, resources, permission_set, ...named } = body as NewRole;
    const role = {
      ...state.newNamed(named),
      ...(description !== undefined && { description }),
      ...(resources !== undefined && { resources }),
      permission_set,
    };
    return { status: 200, body: { result: state.collections.role.add(role) } };
  },
  roles_get: (request) => ({ status: 200, body: { result: roleOf(request) } }),
  roles_update: (request) => {
    const current = ownRoleOf(request);
    return change(request, current, replaceWhole(current, request.body, writing(request)));
  },
  roles_patch: (request) => {
    const current = ownRoleOf(request);
    return change(request, current, applyPatch(current, request.body, writing(request)));
  },
  roles_delete: (request) => {
    const role = ownRoleOf(request);
    endTokensOf(request.state, role.name);
    removeFromMembers(request.state, role.name);
    request.state.collections.role.remove(role.id);
    return { status: 204 };
  },
};

function roleOf({ state, params }: SandboxRequest): Stored {
  return state.collections.role.get(params.roleId ?? '');
}

function ownRoleOf(request: SandboxRequest): Stored {
  const role = roleOf(request);
  if (!isBuiltinRole(role.name)) return role;
  throw forbidden(`The role ${role.name} is built in and cannot be changed.`, {
    remediation: 'Create a role of your own.',
  });
}

function writing({ state }: SandboxRequest) {
  return { state, validateAs: 'UpdateRoleRequest' };
}

function change({ state }: SandboxRequest, current: Stored, wanted: Stored): Answer {
  const bound = membersWith(state, current.name);
  if (wanted.name !== current.name && bound.length > 0) {
    throw conflict(`The role ${current.name} is bound to members by its name, which cannot change now.`, {
      remediation: 'Create a role of the new name, bind the members to it, and delete this one.',
      resources: bound.map(({ id }) => ({ type: 'member', id, rel: 'affected' })),
    });
  }
  return { status: 200, body: { result: state.collections.role.replace(wanted) } };
}

function membersWith(state: SandboxState, roleName: string): Stored[] {
  return state.collections.member
    .all()
    .filter((member) => (member.role_binding as string[]).includes(roleName));
}

function removeFromMembers(state: SandboxState, roleName: string): void {
  for (const member of membersWith(state, roleName)) {
    const left = (member.role_binding as string[]).filter((name) => name !== roleName);
    state.collections.member.replace({
      ...member,
      role_binding: left,
      updated_at: laterTimestamp(state, member.updated_at),
    });
  }
}

function endTokensOf(state: SandboxState, roleName: string): void {
  for (const token of state.tokens.all()) {
    const { access } = token.primary as { access: { permissions: { role_binding?: string[] } } };
    if (access.permissions.role_binding?.includes(roleName)) state.tokens.remove(token.id);
  }
}
