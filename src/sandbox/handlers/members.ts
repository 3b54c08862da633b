/*
 * Members: people and service accounts that can log on.
 */
import { addMember, checkMember, type NewMember } from '../members.ts';
import type { Answer, Handlers, SandboxRequest, Stored } from '../model.ts';
import { allows } from '../permissions.ts';
import { notFound } from '../problem.ts';
import { listPage } from '../query.ts';
import { applyPatch, replaceWhole } from '../write.ts';

/** Handlers of the members group. */
export const membersHandlers: Handlers = {
  members_list: (request) => ({
    status: 200,
    body: listPage(request.state.collections.member.all(), request),
  }),
  members_create: ({ state, body }) => ({
    status: 200,
    body: { result: { member: addMember(state, body as NewMember) } },
  }),
  members_get: (request) => ({ status: 200, body: { result: memberOf(request) } }),
  members_update: (request) =>
    change(request, replaceWhole(memberOf(request), request.body, writing(request))),
  members_patch: (request) => change(request, applyPatch(memberOf(request), request.body, writing(request))),
  members_delete: (request) => {
    const { state } = request;
    const { id } = memberOf(request);
    state.tokens.removeOf(id);
    state.passwords.delete(id);
    state.collections.member.remove(id);
    return { status: 204 };
  },
};

// The permission set `member` allows access to the own profile only.
function memberOf({ state, params, caller, operationId }: SandboxRequest): Stored {
  const idOrName = params.memberId ?? '';
  const member = state.collections.member.get(idOrName);
  const allowing = caller.grants.filter((grant) => allows(grant.permissionSet, operationId));
  const ownOnly = allowing.every((grant) => grant.permissionSet === 'member');
  if (ownOnly && member.id !== caller.memberId) throw notFound('member', idOrName);
  return member;
}

function writing({ state }: SandboxRequest) {
  return { state, validateAs: 'UpdateMemberRequest' };
}

function change({ state }: SandboxRequest, wanted: Stored): Answer {
  checkMember(state, wanted);
  const password = state.passwords.get(wanted.id);
  if (password && wanted.state === 'enabled') password.failures = 0;
  return { status: 200, body: { result: state.collections.member.replace(wanted) } };
}
