/*
 * The fixed permission sets, and the API and action of each operation (behaviour.md, section 10; schema
 * ApiPermissionMap). The actions of each set are not published: the lists follow its purpose.
 */
import { operationFact } from './facts.ts';
import type { Grant } from './model.ts';

type Actions = readonly string[];

/** A permission set in the shape of schema PermissionSet. */
export interface PermissionSet {
  readonly name: string;
  readonly description: string;
  readonly resource_restrictions?: readonly ('accounts' | 'integrations')[];
  readonly permissions: Readonly<Record<string, { readonly actions: Actions }>>;
}

const all: Actions = ['*'];
const reading: Actions = ['list', 'get'];
const limitableResources = ['accounts', 'integrations'] as const;

/** All permission sets, in the order of the fact sheet. */
export const permissionSets: readonly PermissionSet[] = [
  defineSet('administrator', 'Everything.', limitableResources, { all }),
  defineSet('viewer', 'Reading everything.', limitableResources, { all: ['read'], auth: all }),
  defineSet('member', 'The own profile, logon, and basic status.', undefined, {
    auth: all,
    members: ['get'],
    organizations: ['get'],
    status: reading,
  }),
  defineSet(
    'account-manager',
    'Accounts with their integrations, credentials and bridges.',
    limitableResources,
    {
      accounts: all,
      auth: all,
      bridges: all,
      credentials: all,
      integrations: all,
      integration_points: reading,
      mappings: reading,
      organizations: ['get'],
      permission_set: reading,
      status: all,
      tokens: ['list', 'create', 'create_integration', 'get', 'refresh'],
    },
  ),
  defineSet(
    'connect-ui',
    'What Connect UI needs to set up the integrations of an account.',
    limitableResources,
    {
      accounts: ['get'],
      auth: ['logoff'],
      bridges: reading,
      credentials: all,
      integrations: ['list', 'list_account', 'create', 'get', 'update', 'patch', 'delete', 'verify'],
      integration_points: reading,
      organizations: ['get'],
      status: ['get', 'list_events'],
      tokens: ['refresh'],
    },
  ),
  defineSet('token-issuer', 'Issuing integration tokens.', limitableResources, {
    accounts: reading,
    auth: ['logoff'],
    integrations: ['list', 'list_account', 'get'],
    tokens: ['create_integration', 'refresh'],
  }),
  defineSet(
    'mcp-integrations-use-only',
    'Reading accounts and integrations, and using connectors.',
    limitableResources,
    {
      accounts: reading,
      auth: ['logoff'],
      integrations: ['list', 'list_account', 'get'],
    },
  ),
  defineSet('mcp-management', 'Creating and changing integrations, without connectors.', limitableResources, {
    accounts: all,
    auth: ['logoff'],
    bridges: reading,
    credentials: all,
    integrations: all,
    integration_points: all,
    mappings: reading,
    organizations: ['get'],
    status: all,
    webhooks: reading,
  }),
];

/** The action of an operation; undefined if any valid token may call it. */
export function actionOf(operationId: string): { api: string; action: string } | undefined {
  const [group = '', ...rest] = operationId.split('_');
  const api = apis[group];
  return api === undefined ? undefined : { api, action: renamed[operationId] ?? rest.join('_') };
}

const apis: Readonly<Record<string, string>> = {
  accounts: 'accounts',
  audit: 'audit',
  auth: 'auth',
  bridges: 'bridges',
  credentials: 'credentials',
  integrationPoints: 'integration_points',
  integrations: 'integrations',
  mappings: 'mappings',
  members: 'members',
  operations: 'operations',
  organization: 'organizations',
  organizationWebhooks: 'webhooks',
  permissionset: 'permission_set',
  roles: 'roles',
  status: 'status',
  subOrgs: 'suborgs',
  tokens: 'tokens',
};

// The fact sheet has no action for MCP tokens; creating one counts as creating a token.
const renamed: Readonly<Record<string, string>> = {
  bridges_get_status: 'status',
  operations_list_execution_history: 'list_history',
  status_get_integration_timeseries: 'integration_timeseries',
  status_get_timeseries: 'timeseries',
  tokens_create_integration_token: 'create_integration',
  tokens_create_mcp_token: 'create',
  tokens_create_synqly_integrations_token: 'create_synqly_integrations',
  tokens_create_token: 'create',
};

/** Whether a permission set allows an operation. */
export function allows(permissionSet: string, operationId: string): boolean {
  const wanted = actionOf(operationId);
  if (!wanted) return true;
  const permissions = permissionSets.find((set) => set.name === permissionSet)?.permissions ?? {};
  const everywhere = permissions.all?.actions ?? [];
  const here = permissions[wanted.api]?.actions ?? [];
  return (
    everywhere.includes('*') ||
    here.includes('*') ||
    here.includes(wanted.action) ||
    (everywhere.includes('read') && readsOnly(operationId))
  );
}

/** Whether any of the grants allows an operation. */
export function isPermitted(grants: readonly Grant[], operationId: string): boolean {
  return grants.some((grant) => allows(grant.permissionSet, operationId));
}

// Running a mapping is a POST but changes nothing.
function readsOnly(operationId: string): boolean {
  return operationId === 'mappings_apply' || operationFact(operationId).method === 'GET';
}

function defineSet(
  name: string,
  description: string,
  restrictions: PermissionSet['resource_restrictions'],
  actions: Readonly<Record<string, Actions>>,
): PermissionSet {
  return {
    name,
    description,
    ...(restrictions && { resource_restrictions: restrictions }),
    permissions: Object.fromEntries(Object.entries(actions).map(([api, list]) => [api, { actions: list }])),
  };
}
