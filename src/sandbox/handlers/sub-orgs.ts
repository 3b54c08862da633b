/* Sub-organizations of a root organization. Each has a separate state, which its tokens select. */
import { addBuiltinRoles } from '../builtin-roles.ts';
import { addMember, type NewMember } from '../members.ts';
import type { Answer, Handlers, SandboxRequest, SandboxState, Stored } from '../model.ts';
import { forbidden, notFound } from '../problem.ts';
import { covers } from '../reach.ts';
import { createState } from '../state.ts';

interface NewOrganization {
  readonly name?: string;
  readonly fullname?: string;
  readonly contact?: string;
  readonly reply_to?: string;
  readonly picture?: string;
  readonly member?: NewMember;
}

/** Handlers of the sub-organizations group. */
export const subOrgsHandlers: Handlers = {
  subOrgs_list: (request) => {
    refuseStandard(request);
    const organizations = request.state.collections.sub_org.all();
    return { status: 200, body: { result: organizations.filter((one) => inReach(request, one)) } };
  },
  subOrgs_create: (request) => {
    refuseStandard(request);
    return create(request.state, request.body as NewOrganization);
  },
  subOrgs_get: (request) => ({ status: 200, body: { result: organizationOf(request) } }),
  subOrgs_delete: (request) => {
    const { id } = organizationOf(request);
    request.state.subStates.delete(id);
    request.state.collections.sub_org.remove(id);
    return { status: 204 };
  },
};

function create(state: SandboxState, given: NewOrganization): Answer {
  const { name, fullname, member: newMember, ...settings } = given;
  const { contact, reply_to, picture } = settings;
  const added = state.collections.sub_org.add({
    ...state.newNamed({ name, fullname }),
    refresh_token_id: '',
    organization_type: 'standard',
    ...(contact !== undefined && { contact }),
    ...(reply_to !== undefined && { reply_to }),
    ...(picture !== undefined && { picture }),
  });
  const sub = openSubState(state, added.id);
  try {
    const member = newMember && addMember(sub, newMember, '/member');
    const token = sub.tokens.issueDefault({ id: added.id, type: 'organization', name: added.name });
    sub.organization = { ...added, refresh_token_id: token.id };
    state.subStates.set(added.id, sub);
    const result = { organization: sub.organization, token: token.primary, ...(member && { member }) };
    return { status: 200, body: { result } };
  } catch (error) {
    state.collections.sub_org.remove(added.id);
    throw error;
  }
}

// The organization object is in the parent state's collection, which keeps its name unique.
function openSubState(state: SandboxState, id: string): SandboxState {
  const sub = createState({ seed: Number.parseInt(id.slice(0, 8), 16), clock: state.now });
  Object.defineProperty(sub, 'organization', {
    get: () => state.collections.sub_org.get(id),
    set: (organization: Stored) => state.collections.sub_org.replace(organization),
  });
  addBuiltinRoles(sub);
  return sub;
}

function organizationOf(request: SandboxRequest): Stored {
  refuseStandard(request);
  const idOrName = request.params.organizationId ?? '';
  const organization = request.state.collections.sub_org.get(idOrName);
  if (!inReach(request, organization)) throw notFound('sub_org', idOrName);
  return organization;
}

function inReach({ caller, state }: SandboxRequest, organization: Stored): boolean {
  return covers(caller.grants, 'organization', organization, state);
}

function refuseStandard({ state }: SandboxRequest): void {
  if (state.organization.organization_type === 'root') return;
  throw forbidden('Only a root organization has organizations below it.', {
    remediation: 'Use a token of the root organization.',
  });
}
