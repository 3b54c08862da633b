import type { Group, Operation } from './define-operation.ts';

/** The API under which a permission set names the actions of a group (Synqly Management API, schema ApiPermissionMap). */
const apis: Readonly<Partial<Record<Group, string>>> = {
  accounts: 'accounts',
  audit: 'audit',
  auth: 'auth',
  bridges: 'bridges',
  credentials: 'credentials',
  'integration-points': 'integration_points',
  integrations: 'integrations',
  mappings: 'mappings',
  members: 'members',
  operations: 'operations',
  organization: 'organizations',
  'organization-webhooks': 'webhooks',
  'permission-sets': 'permission_set',
  roles: 'roles',
  status: 'status',
  'sub-orgs': 'suborgs',
  tokens: 'tokens',
};

/** Actions with another name than their operation; undefined if the API has no action for it. */
const renamedActions: Readonly<Record<string, string | undefined>> = {
  bridges_get_status: 'status',
  operations_list_execution_history: 'list_history',
  status_get_timeseries: 'timeseries',
  status_get_integration_timeseries: 'integration_timeseries',
  tokens_create_token: 'create',
  tokens_create_integration_token: 'create_integration',
  tokens_create_synqly_integrations_token: 'create_synqly_integrations',
  tokens_create_mcp_token: undefined,
};

/** The entry of a permission set that allows an operation. */
export interface Permission {
  readonly api: string;
  readonly action: string;
}

/** The permission that an operation requires; undefined if none is known, as for reference data. */
export function permissionOf({ id, group }: Pick<Operation, 'id' | 'group'>): Permission | undefined {
  const api = apis[group];
  const action = id in renamedActions ? renamedActions[id] : id.slice(id.indexOf('_') + 1);
  return api === undefined || action === undefined ? undefined : { api, action };
}
