/* Sample integrations: real provider types with valid configurations, and their integration points. */
import type { Random } from '../random.ts';
import type { Customer } from './names.ts';

/** The inputs of a sample configuration. */
export interface ConfigInputs {
  readonly customer: Customer;
  readonly random: Random;
  /** A new secret; the provider rejects it if the integration is meant to fail. */
  secret(): string;
}

/** A template of a sample integration. */
export interface Recipe {
  /** Provider type; the part before its first `_` is the connector. */
  readonly type: string;
  readonly title: string;
  /** The fields of `provider_config` other than `type`. */
  fields(from: ConfigInputs): Readonly<Record<string, unknown>>;
}

const basic = ({ customer, secret }: ConfigInputs) => ({
  type: 'basic',
  username: `synqly@${customer.name}.example`,
  secret: secret(),
});
const token = ({ secret }: ConfigInputs) => ({ type: 'token', secret: secret() });
const client = ({ random, secret }: ConfigInputs) => ({
  type: 'o_auth_client',
  client_id: random.uuid(),
  client_secret: secret(),
});
const aws = ({ random, secret }: ConfigInputs) => ({
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

/** A sample integration point, with the schedules of its integrations. */
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

/** The request body of an integration point. Production allows the recipes' providers, test allows any. */
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
