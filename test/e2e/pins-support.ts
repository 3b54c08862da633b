import type { Rig } from './support.ts';

/** Stands in everything that is planted outside. */
export const marker = 'marker-of-the-outside';

interface Place {
  readonly id: string;
  readonly name: string;
  readonly integration: string;
  readonly integrationId: string;
  /** Token object of the integration. */
  readonly tokenId: string;
  readonly bridgeId: string;
  readonly credentialId: string;
  readonly integrationCredentialId: string;
}

export interface Planted {
  /** In the environment test. */
  readonly inside: Place;
  /** In the environment prod. */
  readonly outside: Place;
  readonly organizationTokenId: string;
  readonly organizationId: string;
  readonly integrationPointId: string;
  readonly webhookId: string;
}

export const tokenConfig = { type: 'token', secret: 'a-planted-secret' };

/** Plants an account inside and one outside, alike but for the marker, and something of the organization's. */
export async function plant(rig: Rig): Promise<Planted> {
  const inside = await plantPlace(rig, 'quay', 'test', 'Quay');
  const outside = await plantPlace(rig, `reef-${marker}`, 'prod', marker);
  const make = async (tool: string, args: Record<string, unknown>) => {
    const { isError, json, text } = await rig.call(tool, args);
    if (isError) throw new Error(`${tool}: ${text}`);
    return json.result;
  };
  const point = await make('integrationPoints_create', {
    name: `point-${marker}`,
    connector: 'siem',
    environments: { test: ['*'] },
  });
  const webhook = await make('organizationWebhooks_create', {
    name: `hook-${marker}`,
    url: 'https://hooks.example.com/synqly',
    filters: ['all'],
    secret: { value: 'a-planted-hook-secret' },
  });
  const { state } = rig.sandbox;
  return {
    inside,
    outside,
    organizationTokenId: String(state.organization.refresh_token_id),
    organizationId: state.organization.id,
    integrationPointId: point.id,
    webhookId: webhook.id,
  };
}

async function plantPlace(rig: Rig, name: string, environment: string, fullname: string): Promise<Place> {
  const make = async (tool: string, args: Record<string, unknown>) => {
    const { isError, json, text } = await rig.call(tool, { fullname, ...args });
    if (isError) throw new Error(`${tool}: ${text}`);
    return json.result;
  };
  const { account } = await make('accounts_create', { name, environment });
  const account_id = account.id;
  const provider_config = { type: 'siem_mock_siem' };
  const { integration } = await make('integrations_create', {
    account_id,
    name: `${name}-siem`,
    provider_config,
  });
  await make('integrations_create', { account_id, name: `${name}-doomed`, provider_config });
  const { bridge } = await make('bridges_create', { account_id, name: `${name}-bridge` });
  await make('bridges_create', { account_id, name: `${name}-doomed` });
  const config = tokenConfig;
  const credential = await make('credentials_create', {
    owner_id: account_id,
    name: `${name}-credential`,
    config,
  });
  await make('credentials_create', { owner_id: account_id, name: `${name}-doomed`, config });
  const ofIntegration = await make('credentials_create', {
    owner_id: integration.id,
    owner_type: 'integration',
    name: `${name}-siem-credential`,
    config,
  });
  return {
    id: account_id,
    name,
    integration: `${name}-siem`,
    integrationId: integration.id,
    tokenId: integration.refresh_token_id,
    bridgeId: bridge.id,
    credentialId: credential.id,
    integrationCredentialId: ofIntegration.id,
  };
}
