/*
 * Logon, logoff and change of password. A failed logon has a success status; the outcome is in `auth_code`
 * (behaviour.md, section 5).
 */
import { checkPassword, hashPassword, never, readMemberTtl, readTokenTtl } from '../members.ts';
import type { Answer, Handlers, SandboxRequest, SandboxState, Stored } from '../model.ts';
import { badRequest, notFound } from '../problem.ts';
import { lifetimes } from '../token-service.ts';
import { laterTimestamp } from '../write.ts';

type AuthCode = 'success' | 'failure' | 'disabled' | 'expired' | 'invited' | 'locked';

/** Consecutive wrong passwords after which a member is locked. */
export const allowedFailures = 5;

/** Handlers of the auth group. */
export const authHandlers: Handlers = {
  auth_logon: (request) => {
    const state = stateOf(request);
    const { name, secret } = request.body as { name: string; secret: string };
    const member = state.collections.member.find(name);
    const [code, message] = checkLogon(state, member, secret);
    if (member && code === 'success') return { status: 200, body: { result: openSession(state, member) } };
    return { status: 200, body: { result: describeFailure(state, name, code, message) } };
  },
  auth_change_password: changePassword,
  auth_logoff: ({ state, caller }) => {
    state.tokens.remove(caller.tokenId);
    return { status: 204 };
  },
};

// The token's organization, or one of its sub-organizations.
function stateOf({ state, params }: SandboxRequest): SandboxState {
  const idOrName = params.organizationId ?? '';
  const isNamed = ({ organization }: SandboxState) =>
    organization.id === idOrName || organization.name.toLowerCase() === idOrName.toLowerCase();
  const found = [state, ...state.subStates.values()].find(isNamed);
  if (!found) throw notFound('organization', idOrName);
  return found;
}

function checkLogon(state: SandboxState, member: Stored | undefined, secret: string): [AuthCode, string] {
  const password = member && state.passwords.get(member.id);
  if (!member || !password) return ['failure', 'The name or the password is wrong.'];
  if (member.state === 'locked') return ['locked', 'The member is locked.'];
  if (password.hash !== hashPassword(secret)) {
    password.failures += 1;
    if (password.failures >= allowedFailures) {
      updateMember(state, member, { state: 'locked' });
      return ['locked', `The member was locked after ${allowedFailures} wrong passwords.`];
    }
    return ['failure', 'The name or the password is wrong.'];
  }
  if (member.state === 'disabled') return ['disabled', 'The member is disabled.'];
  if (member.state === 'invited') return ['invited', 'The member has not accepted the invitation.'];
  const isOver = Date.parse(member.expires as string) <= state.now();
  if (member.state === 'forgotten' || isOver) return ['expired', 'The password must be changed first.'];
  return ['success', ''];
}

function updateMember(state: SandboxState, member: Stored, changes: Record<string, unknown>): Stored {
  const updated_at = laterTimestamp(state, member.updated_at);
  return state.collections.member.replace({ ...member, ...changes, updated_at });
}

function openSession(state: SandboxState, member: Stored): Record<string, unknown> {
  const password = state.passwords.get(member.id);
  if (password) password.failures = 0;
  const token = state.tokens.issue({
    kind: 'organization',
    type: 'logon',
    owner: { id: state.organization.id, type: 'organization' },
    memberId: member.id,
    ttl: readTokenTtl(member.token_ttl, member.type as string),
    lifetime: lifetimes.logonObject,
    rights: { roles: member.role_binding as string[] },
  });
  return {
    auth_code: 'success',
    refresh_token_id: token.id,
    token: token.primary,
    organization: state.organization,
    member: updateMember(state, member, { last_logon: state.timestamp() }),
  };
}

// The schema requires tokens and a member even here; they are empty and reveal nothing.
function describeFailure(
  state: SandboxState,
  name: string,
  code: AuthCode,
  message: string,
): Record<string, unknown> {
  const permissions = {
    resource_id: '',
    resource_type: 'organization',
    parent_id: '',
    id: '',
    organization_id: state.organization.id,
    member_id: '',
  };
  const token = { secret: '', expires: never, permissions };
  return {
    auth_code: code,
    auth_msg: message,
    refresh_token_id: '',
    token: { access: token, refresh: token },
    organization: state.organization,
    member: {
      id: '',
      name,
      fullname: '',
      state: 'disabled',
      last_logon: never,
      ttl: '0s',
      token_ttl: '0s',
      expires: never,
      pin_expires: never,
      role_binding: [],
      type: 'personal',
      created_at: never,
      updated_at: never,
    },
  };
}

function changePassword({ state, caller, body }: SandboxRequest): Answer {
  const { old_secret, new_secret } = body as { old_secret: string; new_secret: string };
  const member = state.collections.member.find(caller.memberId);
  const password = member && state.passwords.get(member.id);
  if (!member || !password) {
    throw badRequest('The token belongs to no member, so there is no password to change.', {
      remediation: 'Log on as the member first, and use the token of that session.',
    });
  }
  if (password.hash !== hashPassword(old_secret)) {
    return {
      status: 200,
      body: { result: { auth_code: 'failure', auth_msg: 'The old password is wrong.' } },
    };
  }
  checkPassword(state, new_secret, '/new_secret');
  if (new_secret === old_secret) {
    throw badRequest('The new password is the old one.', {
      parameter: { id: '/new_secret', location: 'body' },
    });
  }
  password.hash = hashPassword(new_secret);
  const lasts = readMemberTtl(member.ttl);
  updateMember(state, member, { expires: new Date(state.now() + lasts).toISOString() });
  return { status: 200, body: { result: { auth_code: 'success' } } };
}
