/*
 * Roles: a permission set and the resources it covers, bound to members by name.
 */
import { isBuiltinRole } from '../builtin-roles.ts';
import type { Answer, Handlers, SandboxRequest, Stored, World } from '../model.ts';
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
  roles_list: (request) => ({ status: 200, body: listPage(request.world.collections.role.all(), request) }),
  roles_create: ({ world, body }) => {
    const { description, resources, permission_set, ...named } = body as NewRole;
    const role = {
      ...world.newNamed(named),
      ...(description !== undefined && { description }),
      ...(resources !== undefined && { resources }),
      permission_set,
    };
    return { status: 200, body: { result: world.collections.role.add(role) } };
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
    endTokensOf(request.world, role.name);
    unbind(request.world, role.name);
    request.world.collections.role.remove(role.id);
    return { status: 204 };
  },
};

function roleOf({ world, params }: SandboxRequest): Stored {
  return world.collections.role.get(params.roleId ?? '');
}

function ownRoleOf(request: SandboxRequest): Stored {
  const role = roleOf(request);
  if (!isBuiltinRole(role.name)) return role;
  throw forbidden(`The role ${role.name} is built in and cannot be changed.`, {
    remediation: 'Create a role of your own.',
  });
}

function writing({ world }: SandboxRequest) {
  return { world, validateAs: 'UpdateRoleRequest' };
}

function change({ world }: SandboxRequest, current: Stored, wanted: Stored): Answer {
  const bound = membersWith(world, current.name);
  if (wanted.name !== current.name && bound.length > 0) {
    throw conflict(`The role ${current.name} is bound to members by its name, which cannot change now.`, {
      remediation: 'Create a role of the new name, bind the members to it, and delete this one.',
      resources: bound.map(({ id }) => ({ type: 'member', id, rel: 'affected' })),
    });
  }
  return { status: 200, body: { result: world.collections.role.replace(wanted) } };
}

function membersWith(world: World, roleName: string): Stored[] {
  return world.collections.member
    .all()
    .filter((member) => (member.role_binding as string[]).includes(roleName));
}

function unbind(world: World, roleName: string): void {
  for (const member of membersWith(world, roleName)) {
    const left = (member.role_binding as string[]).filter((name) => name !== roleName);
    world.collections.member.replace({
      ...member,
      role_binding: left,
      updated_at: laterTimestamp(world, member.updated_at),
    });
  }
}

function endTokensOf(world: World, roleName: string): void {
  for (const token of world.tokens.all()) {
    const { access } = token.primary as { access: { permissions: { role_binding?: string[] } } };
    if (access.permissions.role_binding?.includes(roleName)) world.tokens.remove(token.id);
  }
}
