/*
 * Integrations to invent: real provider types with configurations that fit them, and the integration
 * points they are made with.
 */
import type { Random } from '../random.ts';
import type { Customer } from './names.ts';

/** What a configuration is made from. */
export interface Ingredients {
  readonly customer: Customer;
  readonly random: Random;
  /** A new secret; one that the provider refuses when the integration is to fail. */
  secret(): string;
}

/** An integration that can be invented. */
export interface Recipe {
  /** Provider type; what stands before its first `_` is the connector. */
  readonly type: string;
  readonly title: string;
  /** The fields of `provider_config` beside `type`. */
  fields(from: Ingredients): Readonly<Record<string, unknown>>;
}

const basic = ({ customer, secret }: Ingredients) => ({
  type: 'basic',
  username: `synqly@${customer.name}.example`,
  secret: secret(),
});
const token = ({ secret }: Ingredients) => ({ type: 'token', secret: secret() });
const client = ({ random, secret }: Ingredients) => ({
  type: 'o_auth_client',
  client_id: random.uuid(),
  client_secret: secret(),
});
const aws = ({ random, secret }: Ingredients) => ({
  type: 'aws',
  access_key_id: `AKIA${Buffer.from(random.bytes(8)).toString('hex').toUpperCase()}`,
  secret_access_key: secret(),
});

/** Recipes for production accounts. */
export const recipes: readonly Recipe[] = [
  {
    type: 'ticketing_jira',
    title: 'Jira',
    fields: (from) => ({
      url: `https://${from.customer.name}.atlassian.example`,
      default_project: 'SEC',
      credential: basic(from),
    }),
  },
  {
    type: 'siem_splunk',
    title: 'Splunk',
    fields: (from) => ({
      search_service_url: `https://splunk.${from.customer.name}.example:8089`,
      search_service_credential: token(from),
      index: 'security',
    }),
  },
  {
    type: 'edr_crowdstrike',
    title: 'CrowdStrike Falcon',
    fields: (from) => ({ url: 'https://api.us-2.crowdstrike.com', credential: client(from) }),
  },
  {
    type: 'vulnerabilities_tenable_cloud',
    title: 'Tenable',
    fields: (from) => ({ credential: token(from) }),
  },
  {
    type: 'identity_okta',
    title: 'Okta',
    fields: (from) => ({ url: `https://${from.customer.name}.okta.example`, credential: token(from) }),
  },
  {
    type: 'assets_axonius',
    title: 'Axonius',
    fields: (from) => ({ url: `https://axonius.${from.customer.name}.example`, credential: basic(from) }),
  },
  {
    type: 'ticketing_servicenow',
    title: 'ServiceNow',
    fields: (from) => ({ url: `https://${from.customer.name}.service-now.example`, credential: basic(from) }),
  },
  {
    type: 'edr_sentinelone',
    title: 'SentinelOne',
    fields: (from) => ({ url: `https://${from.customer.name}.sentinelone.example`, credential: token(from) }),
  },
  {
    type: 'vulnerabilities_qualys_cloud',
    title: 'Qualys VMDR',
    fields: (from) => ({ url: 'https://qualysapi.qg2.apps.qualys.com', credential: basic(from) }),
  },
  {
    type: 'siem_elasticsearch',
    title: 'Elastic',
    fields: (from) => ({
      url: `https://elastic.${from.customer.name}.example:9200`,
      credential: token(from),
    }),
  },
  {
    type: 'identity_entra_id',
    title: 'Entra ID',
    fields: (from) => ({ tenant_id: from.random.uuid(), credential: client(from) }),
  },
  {
    type: 'notifications_slack',
    title: 'Slack',
    fields: (from) => ({ channel: '#security', credential: token(from) }),
  },
  {
    type: 'cloudsecurity_aws',
    title: 'AWS',
    fields: (from) => ({ region: 'eu-west-1', credential: aws(from) }),
  },
];

/** Recipes for test accounts: canned data, no credentials. */
export const testRecipes: readonly Recipe[] = [
  { type: 'ticketing_mock_ticketing', title: 'Test tickets', fields: () => ({}) },
  { type: 'siem_mock_siem', title: 'Test SIEM', fields: () => ({}) },
  { type: 'edr_crowdstrike_mock', title: 'CrowdStrike mock', fields: () => ({ dataset: 'basic_v0' }) },
  { type: 'identity_okta_mock', title: 'Okta mock', fields: () => ({ dataset: 'basic_v0' }) },
];

/** The connector of a recipe. */
export function connectorOf({ type }: Recipe): string {
  return type.split('_', 1)[0] ?? type;
}

const every = (operation: string, value: string, filters?: readonly string[]) => ({
  operation,
  enabled: true,
  frequency: { type: 'periodic', value },
  ...(filters && { filters }),
});

/** An integration point to invent, with what its integrations run on a schedule. */
export interface PointPlan {
  readonly connector: string;
  readonly fullname: string;
  readonly description?: string;
  readonly schedules?: readonly unknown[];
}

export const points: readonly PointPlan[] = [
  { connector: 'ticketing', fullname: 'Ticketing', description: 'Where findings become tickets.' },
  { connector: 'siem', fullname: 'SIEM', schedules: [every('siem_query_investigations', '1h')] },
  {
    connector: 'edr',
    fullname: 'Endpoint protection',
    description: 'Alerts and inventory of endpoints.',
    schedules: [every('edr_query_alerts', '30m', ['severity[gte]high']), every('edr_query_endpoints', '1d')],
  },
  {
    connector: 'vulnerabilities',
    fullname: 'Vulnerability scanner',
    schedules: [every('vulnerabilities_query_findings', '4h')],
  },
  {
    connector: 'identity',
    fullname: 'Identity provider',
    schedules: [every('identity_query_users', '1d')],
  },
  {
    connector: 'assets',
    fullname: 'Asset inventory',
    schedules: [every('assets_query_devices', '4h')],
  },
  { connector: 'notifications', fullname: 'Notifications' },
  { connector: 'cloudsecurity', fullname: 'Cloud security' },
];

/** The body that creates an integration point. Production allows the recipes' providers, tests any. */
export function pointBody({ connector, fullname, description, schedules }: PointPlan): unknown {
  const fitting = recipes.filter((recipe) => connectorOf(recipe) === connector);
  return {
    name: connector,
    fullname,
    ...(description && { description }),
    connector,
    environments: { test: ['*'], prod: fitting.map(({ type }) => type) },
    ...(schedules && { scheduled_operations: schedules }),
  };
}
