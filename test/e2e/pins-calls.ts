import { type Planted, tokenConfig } from './pins-support.ts';
import type { Rig } from './support.ts';

type Kind = 'account' | 'environment' | 'both';

const hiddenAlways = `
  audit_list auth_logon auth_change_password auth_logoff
  integrationPoints_list integrationPoints_create integrationPoints_get integrationPoints_update
  integrationPoints_patch integrationPoints_delete
  mappings_list mappings_create mappings_get mappings_update mappings_patch mappings_delete mappings_apply
  members_list members_create members_get members_update members_patch members_delete
  operations_list
  organizationWebhooks_list organizationWebhooks_create organizationWebhooks_get organizationWebhooks_update
  organizationWebhooks_patch organizationWebhooks_delete
  organization_get organization_update organization_patch
  roles_list roles_create roles_get roles_update roles_patch roles_delete
  status_get_timeseries
  subOrgs_list subOrgs_create subOrgs_get subOrgs_delete
  tokens_create_token tokens_list tokens_create_mcp_token tokens_create_synqly_integrations_token`
  .trim()
  .split(/\s+/);

/** The operations that pins must hide, written out. */
export function hiddenUnder(kind: Kind): readonly string[] {
  return [...hiddenAlways, kind === 'environment' ? 'operations_list_execution_history' : 'accounts_create'];
}

type Arguments = Record<string, unknown>;

interface InsideCall {
  readonly tool: string;
  /** With `account_id`, which is left out where it is pinned. */
  readonly args: (planted: Planted, rig: Rig) => Arguments;
}

const rename = { patch: [{ op: 'replace', path: '/fullname', value: 'Renamed' }] };
const account = { account_id: 'quay' };
const integration = { ...account, integration_id: 'quay-siem' };
const bridge = { ...account, bridge_id: 'quay-bridge' };
const credential = { owner_id: 'quay', credential_id: 'quay-credential' };
const call = (tool: string, args: InsideCall['args'] | Arguments = {}): InsideCall => ({
  tool,
  args: typeof args === 'function' ? args : () => args,
});
const integrationToken = ({ inside }: Planted) => ({ refresh_token_id: inside.tokenId });

/** Every operation that can work inside, in an order in which each finds what it needs. */
export const insideCalls: readonly InsideCall[] = [
  call('capabilities_list_connectors'),
  call('capabilities_list_providers'),
  call('capabilities_get_provider', { provider_id: 'siem_splunk' }),
  call('meta_managementOpenapiSpec'),
  call('meta_engineOpenapiSpec'),
  call('permissionset_list'),
  call('permissionset_get', { permissionset_id: 'viewer' }),
  call('accounts_create', { name: 'quay-two' }),
  call('accounts_list', { limit: 50, total: true, filter: ['name[like]%'] }),
  call('accounts_get', account),
  call('accounts_update', { ...account, fullname: 'Quay again' }),
  call('accounts_patch', { ...account, ...rename }),
  call('bridges_list', account),
  call('bridges_create', { ...account, name: 'quay-new' }),
  call('bridges_get', bridge),
  call('bridges_get', ({ inside }) => ({ ...account, bridge_id: inside.bridgeId })),
  call('bridges_update', { ...bridge, description: 'Harbour' }),
  call('bridges_patch', { ...bridge, ...rename }),
  call('bridges_get_status', bridge),
  call('bridges_delete', { ...account, bridge_id: 'quay-doomed' }),
  call('credentials_list', { owner_id: 'quay' }),
  call('credentials_list', { owner_id: 'quay-siem' }),
  call('credentials_create', { owner_id: 'quay', name: 'new', config: tokenConfig }),
  call('credentials_create', {
    owner_id: 'quay-siem',
    owner_type: 'integration',
    name: 'new',
    config: tokenConfig,
  }),
  call('credentials_get', credential),
  call('credentials_get', ({ inside }) => ({
    owner_id: inside.integrationId,
    credential_id: inside.integrationCredentialId,
  })),
  call('credentials_update', { ...credential, config: tokenConfig }),
  call('credentials_patch', { ...credential, ...rename }),
  call('credentials_lookup', ({ inside }) => ({ credential_id: inside.credentialId })),
  call('credentials_lookup', ({ inside }) => ({ credential_id: inside.integrationCredentialId })),
  call('credentials_delete', { owner_id: 'quay', credential_id: 'quay-doomed' }),
  call('integrations_list', { expand: ['all'] }),
  call('integrations_list_account', { ...account, total: true }),
  call('integrations_verify', { ...account, provider_config: { type: 'siem_mock_siem' } }),
  call('integrations_create', { ...account, name: 'quay-new', provider_config: { type: 'siem_mock_siem' } }),
  call('integrations_get', integration),
  call('integrations_update', { ...integration, fullname: 'Siem of the quay' }),
  call('integrations_patch', { ...integration, ...rename }),
  call('integrations_delete', { ...account, integration_id: 'quay-doomed' }),
  call('status_list', { expand: ['all'] }),
  call('status_get', integration),
  call('status_list_events', integration),
  call('status_get_integration_timeseries', integration),
  call('status_reset', integration),
  call('operations_list_execution_history', { limit: 3 }),
  call('tokens_create_integration_token', { ...integration, name: 'made-inside', token_ttl: '10m' }),
  call('tokens_get', integrationToken),
  call('tokens_rotate', (planted) => ({ owner_id: 'quay-siem', ...integrationToken(planted) })),
  call('tokens_remove_secondary', integrationToken),
  call('tokens_refresh', integrationToken),
  call('tokens_reset', (planted) => ({
    owner_id: planted.inside.integrationId,
    ...integrationToken(planted),
  })),
  call('tokens_delete', (_, rig) => ({
    refresh_token_id: rig.sandbox.state.tokens.all().find(({ name }) => name === 'made-inside')?.id,
  })),
  call('accounts_delete', account),
];

type OutsideCalls = (planted: Planted, kind: Kind) => Arguments[];

/** Arguments that name the outside account, under an environment pin; under an account pin they name its parts. */
const byAccount =
  (more: Arguments = {}): OutsideCalls =>
  ({ outside }) =>
    [outside.id, outside.name].map((account_id) => ({ account_id, ...more }));

/** The outside account with its part, and the outside part with the inside account. */
const byPart =
  (part: 'integration_id' | 'bridge_id', more: Arguments = {}): OutsideCalls =>
  ({ inside, outside }, kind) => {
    const id = part === 'bridge_id' ? outside.bridgeId : outside.integrationId;
    const name = part === 'bridge_id' ? `${outside.name}-bridge` : outside.integration;
    const accounts = [outside.id, outside.name].map((account_id) => ({ account_id, [part]: id, ...more }));
    const here = kind === 'environment' ? { account_id: inside.id } : {};
    return [...accounts, { ...here, [part]: id, ...more }, { ...here, [part]: name, ...more }];
  };

const owned =
  (more: Arguments = {}): OutsideCalls =>
  ({ outside, integrationPointId, webhookId }) =>
    [
      outside.id,
      outside.name,
      outside.integrationId,
      outside.integration,
      integrationPointId,
      webhookId,
      'lookup',
    ].map((owner_id) => ({ owner_id, ...more }));

const ofCredential = (more: Arguments = {}): OutsideCalls => {
  return (planted, kind) => [
    ...owned({ credential_id: planted.outside.credentialId, ...more })(planted, kind),
    ...owned({ credential_id: planted.outside.integrationCredentialId, ...more })(planted, kind),
  ];
};

const tokens: OutsideCalls = ({ outside, organizationTokenId }) =>
  [outside.tokenId, organizationTokenId].map((refresh_token_id) => ({ refresh_token_id }));
const ownedTokens: OutsideCalls = (planted, kind) => {
  const { inside, outside, organizationId } = planted;
  const foreign = [outside.integrationId, outside.integration, organizationId];
  return [
    ...foreign.map((owner_id) => ({ owner_id, refresh_token_id: inside.tokenId })),
    ...[inside.integrationId, ...foreign].flatMap((owner_id) =>
      tokens(planted, kind).map((token) => ({ owner_id, ...token })),
    ),
  ];
};

const step = (op: string, path: string, more: Arguments = {}) => ({ patch: [{ op, path, ...more }] });
const moves = (field: string, value: unknown) => [
  step('replace', field, { value }),
  step('add', field, { value }),
  step('add', field.toUpperCase(), { value }),
  step('remove', field),
  step('move', '/fullname', { from: field }),
  step('copy', field, { from: '/fullname' }),
  step('replace', '', { value: {} }),
  step('copy', '', { from: '/labels' }),
  step('add', field.slice(1), { value }),
];
/** Steps that would take an object that is inside out. */
const movingOut =
  (here: Arguments, fields: readonly string[], value: (planted: Planted) => unknown): OutsideCalls =>
  (planted, kind) => {
    const { account_id, ...rest } = here;
    const shown = kind === 'environment' ? here : rest;
    return fields.flatMap((field) => moves(field, value(planted)).map((patch) => ({ ...shown, ...patch })));
  };
const all =
  (...lists: OutsideCalls[]): OutsideCalls =>
  (planted, kind) =>
    lists.flatMap((list) => list(planted, kind));

const outsideId = ({ outside }: Planted) => outside.id;
const provider_config = { type: 'siem_mock_siem' };

/** Calls that must be refused before anything is changed, by operation. */
export const outsideCalls: Readonly<Record<string, OutsideCalls>> = {
  accounts_create: () => [{ name: 'escaped', environment: 'prod' }],
  accounts_get: byAccount(),
  accounts_update: all(byAccount({ fullname: 'X' }), (_, kind) =>
    kind === 'account' ? [] : [{ ...(kind === 'environment' && account), environment: 'prod' }],
  ),
  accounts_patch: all(
    byAccount(rename),
    movingOut(account, ['/id', '/organization_id'], outsideId),
    (planted, kind) =>
      kind === 'account' ? [] : movingOut(account, ['/environment'], () => 'prod')(planted, kind),
  ),
  accounts_delete: byAccount(),
  bridges_list: byAccount(),
  bridges_create: byAccount({ name: 'x' }),
  bridges_get: byPart('bridge_id'),
  bridges_update: byPart('bridge_id', { description: 'x' }),
  bridges_patch: all(byPart('bridge_id', rename), movingOut(bridge, ['/id', '/account_id'], outsideId)),
  bridges_delete: byPart('bridge_id'),
  bridges_get_status: byPart('bridge_id'),
  credentials_list: owned(),
  credentials_create: all(
    owned({ config: tokenConfig }),
    owned({ config: tokenConfig, owner_type: 'integration' }),
    owned({ config: tokenConfig, owner_type: 'integration_point' }),
    owned({ config: tokenConfig, owner_type: 'organization_webhook' }),
    ({ inside }) =>
      ['integration', 'integration_point', 'organization_webhook'].map((owner_type) => ({
        owner_id: inside.id,
        owner_type,
        config: tokenConfig,
      })),
  ),
  credentials_get: ofCredential(),
  credentials_update: ofCredential({ config: tokenConfig }),
  credentials_patch: all(
    ofCredential(rename),
    movingOut(credential, ['/account_id', '/owner_type', '/integration_id'], outsideId),
  ),
  credentials_delete: ofCredential(),
  credentials_lookup: ({ outside }) =>
    [outside.credentialId, outside.integrationCredentialId].map((credential_id) => ({ credential_id })),
  integrations_list_account: byAccount(),
  integrations_create: byAccount({ name: 'x', provider_config }),
  integrations_get: byPart('integration_id'),
  integrations_update: byPart('integration_id', { fullname: 'x' }),
  integrations_patch: all(
    byPart('integration_id', rename),
    movingOut(integration, ['/id', '/account_id', '/refresh_token_id'], outsideId),
  ),
  integrations_delete: byPart('integration_id'),
  integrations_verify: byAccount({ provider_config }),
  status_get: byPart('integration_id'),
  status_reset: byPart('integration_id'),
  status_list_events: byPart('integration_id'),
  status_get_integration_timeseries: byPart('integration_id'),
  tokens_create_integration_token: byPart('integration_id'),
  tokens_delete: tokens,
  tokens_get: tokens,
  tokens_refresh: tokens,
  tokens_remove_secondary: tokens,
  tokens_reset: ownedTokens,
  tokens_rotate: ownedTokens,
};
