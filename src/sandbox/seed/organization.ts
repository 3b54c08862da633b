/* The sample organization itself: settings, members, roles, integration points, mappings, webhooks. */
import { addBuiltinRoles } from '../builtin-roles.ts';
import { addMember } from '../members.ts';
import type { SandboxState, Stored } from '../model.ts';
import type { Person, SeedContext } from './actor.ts';
import { organization, people, seedPassword } from './names.ts';
import { pointBody, points } from './providers.ts';

const hour = 3600_000;

/** The callers of the sample history. */
export interface SeedActors {
  readonly administrator: Person;
  readonly provisioner: Person;
  readonly support: Person;
  readonly manager: Person;
}

/** Configures the organization. Returns its callers. */
export function configureOrganization({ state }: SeedContext): void {
  const named = state.newNamed(organization);
  const { id } = state.organization;
  const token = state.tokens.issueDefault({ id, type: 'organization', name: organization.name });
  state.organization = {
    ...named,
    id,
    refresh_token_id: token.id,
    organization_type: 'root',
    contact: organization.contact,
    reply_to: `no-reply@${organization.domain}`,
    options: {
      invite_duration: '168h',
      forgot_duration: '24h',
      password_duration: '4320h',
      minimum_password_length: 10,
    },
    state: 'enabled',
  } as Stored;
  addBuiltinRoles(state);
}

/** Adds members, roles, integration points, mappings and webhooks. */
export function addOrganizationObjects(stage: SeedContext): SeedActors {
  const { state, act, advance } = stage;
  addCustomRoles(stage);
  const members = people.map(({ name, fullname, roles, state: memberState }, index) => {
    advance(hour);
    const member = addMember(state, {
      name: `${name}@${organization.domain}`,
      fullname,
      secret: seedPassword,
      role_binding: roles,
      options: {
        ttl: '8760h',
        token_ttl: '8h',
        ...(memberState !== 'enabled' && { options: [memberState] }),
      },
    });
    return toPerson(member, index);
  });
  const service = addMember(state, {
    name: 'ci-provisioner',
    fullname: 'CI provisioner',
    secret: seedPassword,
    role_binding: ['administrator'],
    type: 'service',
    options: { ttl: '43800h', token_ttl: '720h' },
  });
  const [administrator, , support, manager] = members as [Person, Person, Person, Person];
  const cast = {
    administrator,
    support,
    manager,
    provisioner: { memberId: service.id, address: '198.51.100.20', userAgent: 'kestrelmoor-ci/3.4 (go)' },
  };
  for (const point of points) {
    advance(hour);
    act('integrationPoints_create', {}, pointBody(point), administrator);
  }
  addMappings(stage, administrator);
  addWebhooks(stage, administrator);
  return cast;
}

function toPerson(member: Stored, index: number): Person {
  const agent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/139.0 Safari/537.36';
  return { memberId: member.id, address: `192.0.2.${10 + index}`, userAgent: agent };
}

function addCustomRoles({ state }: SeedContext): void {
  const add = (name: string, fullname: string, description: string, more: Record<string, unknown>) =>
    state.collections.role.add({ ...state.newNamed({ name, fullname }), description, ...more });
  add('support-prod', 'Support, production', 'Reads everything of production accounts.', {
    resources: { accounts: { ids: ['*'], environments: ['prod'] } },
    permission_set: 'viewer',
  });
  add('emea-accounts', 'Accounts of EMEA', 'Looks after the accounts labelled region:eu.', {
    resources: { accounts: { ids: ['*'], labels: ['region:eu'] } },
    permission_set: 'account-manager',
  });
  add('ticketing-viewer', 'Ticketing viewer', 'Reads ticketing integrations.', {
    resources: { integrations: { categories: ['ticketing'] } },
    permission_set: 'viewer',
  });
}

function addMappings({ act, advance }: SeedContext, administrator: Person): void {
  const mappings = [
    { name: 'severity-to-priority', fullname: 'Severity to priority', data: '{"priority":"$.severity"}' },
    {
      name: 'device-owner',
      fullname: 'Device owner',
      data: '{"device.owner":"$.assigned_user.email","device.id":"$.device_id"}',
    },
  ];
  for (const mapping of mappings) {
    advance(hour);
    act('mappings_create', {}, mapping, administrator);
  }
}

function addWebhooks({ act, advance, state }: SeedContext, administrator: Person): void {
  const webhooks = [
    { name: 'crm-sync', environment: 'prod', filters: ['account_create', 'account_delete'] },
    { name: 'ops-alerts', environment: 'prod', filters: ['integration_update', 'integration_delete'] },
    { name: 'staging-all', environment: 'test', filters: ['all'] },
  ];
  for (const webhook of webhooks) {
    advance(hour);
    const url = `https://hooks.${organization.domain}/synqly/${webhook.name}`;
    const secret = { value: makeSigningSecret(state) };
    act('organizationWebhooks_create', {}, { ...webhook, url, secret }, administrator);
  }
}

function makeSigningSecret(state: SandboxState): string {
  return state.newSecret(24);
}
