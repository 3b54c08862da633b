import type { Program, ToolAnswer } from './support.ts';

/** Results of earlier steps by tool name. */
type Earlier = Readonly<Record<string, ToolAnswer>>;

interface Step {
  readonly tool: string;
  readonly args?: Record<string, unknown> | ((earlier: Earlier) => Record<string, unknown>);
}

const account = { account_id: 'tern-freight' };
const integration = { ...account, integration_id: 'tern-splunk' };
const splunk = {
  type: 'siem_splunk',
  search_service_url: 'https://splunk.tern.example.com:8089',
  search_service_credential: { type: 'token', secret: 'splunk-search-secret' },
};
const rename = (fullname: string) => ({ patch: [{ op: 'replace', path: '/fullname', value: fullname }] });
const password = 'correct-horse-battery-9';

/** Every operation once, each building on those before it. */
export const steps: readonly Step[] = [
  { tool: 'organization_get' },
  {
    tool: 'organization_update',
    args: { contact: 'platform@example.com', options: { minimum_password_length: 12 } },
  },
  { tool: 'organization_patch', args: rename('Renamed organization') },
  { tool: 'permissionset_list' },
  { tool: 'permissionset_get', args: { permissionset_id: 'viewer' } },
  { tool: 'capabilities_list_connectors', args: { expand: ['providers'] } },
  { tool: 'capabilities_list_providers' },
  { tool: 'capabilities_get_provider', args: { provider_id: 'siem_splunk', expand: ['provider_config'] } },
  { tool: 'meta_managementOpenapiSpec' },
  { tool: 'meta_engineOpenapiSpec' },

  {
    tool: 'accounts_create',
    args: { name: 'tern-freight', fullname: 'Tern Freight', environment: 'test', labels: ['trial'] },
  },
  {
    tool: 'accounts_list',
    args: { filter: ['environment[eq]test'], order: ['name[desc]'], limit: 5, total: true },
  },
  { tool: 'accounts_get', args: account },
  { tool: 'accounts_update', args: { ...account, labels: null } },
  { tool: 'accounts_patch', args: { ...account, ...rename('Tern Freight Ltd') } },

  {
    tool: 'integrationPoints_create',
    args: { name: 'logs', connector: 'siem', environments: { test: ['*'], prod: ['siem_splunk'] } },
  },
  { tool: 'integrationPoints_list', args: { total: true } },
  { tool: 'integrationPoints_get', args: { integration_point_id: 'logs' } },
  {
    tool: 'integrationPoints_update',
    args: { integration_point_id: 'logs', description: 'Where the logs are' },
  },
  { tool: 'integrationPoints_patch', args: { integration_point_id: 'logs', ...rename('Your logs') } },

  {
    tool: 'credentials_create',
    args: { owner_id: 'tern-freight', name: 'splunk', config: { type: 'token', secret: 'first-secret' } },
  },
  { tool: 'credentials_list', args: { owner_id: 'tern-freight' } },
  { tool: 'credentials_get', args: { owner_id: 'tern-freight', credential_id: 'splunk' } },
  {
    tool: 'credentials_lookup',
    args: (earlier) => ({ credential_id: earlier.credentials_create?.json.result.id }),
  },
  {
    tool: 'credentials_update',
    args: {
      owner_id: 'tern-freight',
      credential_id: 'splunk',
      config: { type: 'token', secret: 'second-secret' },
    },
  },
  {
    tool: 'credentials_patch',
    args: { owner_id: 'tern-freight', credential_id: 'splunk', ...rename('Splunk search') },
  },

  { tool: 'bridges_create', args: { ...account, name: 'depot', labels: ['hamburg'] } },
  { tool: 'bridges_list', args: account },
  { tool: 'bridges_get', args: { ...account, bridge_id: 'depot' } },
  { tool: 'bridges_update', args: { ...account, bridge_id: 'depot', description: 'Depot network' } },
  { tool: 'bridges_patch', args: { ...account, bridge_id: 'depot', ...rename('Depot') } },
  { tool: 'bridges_get_status', args: { ...account, bridge_id: 'depot' } },

  { tool: 'mappings_create', args: { name: 'hosts', data: '{"host": "$.hostname"}' } },
  { tool: 'mappings_list', args: { total: true } },
  { tool: 'mappings_get', args: { mapping_id: 'hosts' } },
  { tool: 'mappings_update', args: { mapping_id: 'hosts', fullname: 'Host names' } },
  { tool: 'mappings_patch', args: { mapping_id: 'hosts', ...rename('Hosts') } },
  { tool: 'mappings_apply', args: { mappings: ['hosts'], data: { hostname: 'db1' } } },

  {
    tool: 'integrations_verify',
    args: { ...account, integration_point_id: 'logs', provider_config: splunk },
  },
  {
    tool: 'integrations_create',
    args: { ...account, name: 'tern-splunk', integration_point_id: 'logs', provider_config: splunk },
  },
  { tool: 'integrations_list', args: { filter: ['name[like]tern%'], expand: ['accounts'] } },
  { tool: 'integrations_list_account', args: { ...account, total: true } },
  { tool: 'integrations_get', args: integration },
  { tool: 'integrations_update', args: { ...integration, fullname: 'Splunk of Tern' } },
  { tool: 'integrations_patch', args: { ...integration, ...rename('Splunk') } },
  { tool: 'tokens_create_integration_token', args: { ...integration, token_ttl: '30m' } },

  { tool: 'status_list', args: { expand: ['integrations'] } },
  { tool: 'status_get', args: integration },
  { tool: 'status_list_events', args: integration },
  { tool: 'status_get_timeseries' },
  { tool: 'status_get_integration_timeseries', args: integration },
  { tool: 'status_reset', args: integration },
  { tool: 'operations_list' },
  { tool: 'operations_list_execution_history', args: { limit: 3 } },

  {
    tool: 'organizationWebhooks_create',
    args: {
      name: 'hook',
      url: 'https://hooks.example.com/synqly',
      filters: ['all'],
      secret: { value: 'hook-secret' },
    },
  },
  { tool: 'organizationWebhooks_list' },
  { tool: 'organizationWebhooks_get', args: { webhook_id: 'hook' } },
  {
    tool: 'organizationWebhooks_update',
    args: { webhook_id: 'hook', filters: ['account_create', 'integration_create'] },
  },
  { tool: 'organizationWebhooks_patch', args: { webhook_id: 'hook', ...rename('Hook') } },
  { tool: 'organizationWebhooks_delete', args: { webhook_id: 'hook' } },

  {
    tool: 'roles_create',
    args: {
      name: 'test-viewer',
      permission_set: 'viewer',
      resources: { accounts: { ids: ['*'], environments: ['test'] } },
    },
  },
  { tool: 'roles_list' },
  { tool: 'roles_get', args: { role_id: 'test-viewer' } },
  { tool: 'roles_update', args: { role_id: 'test-viewer', description: 'Reads test accounts' } },
  { tool: 'roles_patch', args: { role_id: 'test-viewer', ...rename('Test viewer') } },

  {
    tool: 'members_create',
    args: { name: 'ines@example.com', secret: password, role_binding: ['test-viewer'], type: 'personal' },
  },
  { tool: 'members_list' },
  { tool: 'members_get', args: { member_id: 'ines@example.com' } },
  { tool: 'members_update', args: { member_id: 'ines@example.com', nickname: 'Ines' } },
  { tool: 'members_patch', args: { member_id: 'ines@example.com', ...rename('Ines Tern') } },
  {
    tool: 'auth_logon',
    args: (earlier) => ({
      organization_id: earlier.organization_get?.json.result.id,
      name: 'ines@example.com',
      secret: password,
    }),
  },
  { tool: 'members_delete', args: { member_id: 'ines@example.com' } },
  { tool: 'roles_delete', args: { role_id: 'test-viewer' } },

  {
    tool: 'tokens_create_token',
    args: {
      name: 'reporting',
      permission_set: 'viewer',
      resources: { accounts: { ids: ['*'] } },
      token_ttl: '2h',
    },
  },
  { tool: 'tokens_list' },
  { tool: 'tokens_get', args: (earlier) => tokenOf(earlier) },
  { tool: 'tokens_rotate', args: (earlier) => ({ ...ownerOf(earlier), ...tokenOf(earlier) }) },
  { tool: 'tokens_remove_secondary', args: (earlier) => tokenOf(earlier) },
  { tool: 'tokens_refresh', args: (earlier) => tokenOf(earlier) },
  { tool: 'tokens_reset', args: (earlier) => ({ ...ownerOf(earlier), ...tokenOf(earlier) }) },
  { tool: 'tokens_delete', args: (earlier) => tokenOf(earlier) },
  {
    tool: 'tokens_create_mcp_token',
    args: { scope: { type: 'management', environment: 'test' }, token_ttl: '1h' },
  },
  { tool: 'tokens_create_synqly_integrations_token', args: { token_ttl: '1h' } },

  { tool: 'subOrgs_create', args: { name: 'tern-group', contact: 'it@example.com' } },
  { tool: 'subOrgs_list' },
  { tool: 'subOrgs_get', args: { organization_id: 'tern-group' } },
  { tool: 'subOrgs_delete', args: { organization_id: 'tern-group' } },

  { tool: 'integrations_delete', args: integration },
  { tool: 'credentials_delete', args: { owner_id: 'tern-freight', credential_id: 'splunk' } },
  { tool: 'bridges_delete', args: { ...account, bridge_id: 'depot' } },
  { tool: 'mappings_delete', args: { mapping_id: 'hosts' } },
  { tool: 'integrationPoints_delete', args: { integration_point_id: 'logs' } },
  { tool: 'accounts_delete', args: account },
  { tool: 'audit_list', args: { limit: 5, order: ['created_at[desc]'] } },
];

/** What a member does with a token of their own; it ends that token, so it needs a program of its own. */
export const memberSteps: readonly Step[] = [
  { tool: 'auth_change_password', args: { old_secret: password, new_secret: 'staple-battery-horse-4' } },
  { tool: 'auth_logoff' },
];

function tokenOf(earlier: Earlier) {
  return { refresh_token_id: earlier.tokens_create_token?.json.result.id };
}

function ownerOf(earlier: Earlier) {
  return { owner_id: earlier.tokens_create_token?.json.result.owner_id };
}

/** Runs steps in order and gives each tool's last answer. */
export async function runSteps(program: Program, list: readonly Step[]): Promise<Record<string, ToolAnswer>> {
  const answers: Record<string, ToolAnswer> = {};
  for (const { tool, args } of list) {
    answers[tool] = await program.call(tool, typeof args === 'function' ? args(answers) : args);
  }
  return answers;
}

export const memberPassword = password;
