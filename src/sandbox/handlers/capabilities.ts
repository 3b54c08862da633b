/*
 * Capabilities: connectors and providers, from the provider sheet. Vendor names, descriptions, filters and the
 * supported writes are invented.
 */
import {
  bodySchemaName,
  type ConnectorOperation,
  isSupported,
  listConnectorOperations,
} from '../connector-operations.ts';
import { bodySchema } from '../engine-document.ts';
import type { Handlers, SandboxRequest } from '../model.ts';
import { notFound } from '../problem.ts';
import type { ProviderFact } from '../provider-facts.ts';
import { providerConfigSchema } from '../provider-schema.ts';
import { findProvider, listCategories, listProviders } from '../providers.ts';

type Fields = Record<string, unknown>;

/** Handlers of the capabilities group. */
export const capabilitiesHandlers: Handlers = {
  capabilities_list_connectors: (request) => {
    const expand = expansion(request);
    const result = listCategories().map((category) => describeConnector(category, expand.has('providers')));
    return { status: 200, body: { result } };
  },
  capabilities_list_providers: (request) => {
    const expand = expansion(request);
    return { status: 200, body: { result: listProviders().map((one) => describeProvider(one, expand)) } };
  },
  capabilities_get_provider: (request) => {
    const id = request.params.providerId ?? '';
    const provider = findProvider(id);
    if (!provider)
      throw notFound('provider', id, { remediation: 'capabilities_list_providers names all providers.' });
    return { status: 200, body: { result: describeProvider(provider, expansion(request)) } };
  },
};

const connectors: Readonly<Record<string, readonly [fullname: string, description: string]>> = {
  appsec: ['Application Security', 'Findings, applications and scans of application security tools.'],
  assets: ['Assets', 'Devices, software and their vulnerabilities from asset inventories.'],
  chat: ['Chat', 'Conversations, messages and members of chat services.'],
  cloudsecurity: ['Cloud Security', 'Events, threats, compliance findings and inventory of cloud accounts.'],
  custom: ['Custom', 'Providers defined by the organization itself.'],
  edr: ['Endpoint Detection and Response', 'Endpoints, alerts, indicators and response actions.'],
  emailsecurity: ['Email Security', 'Email events and threats.'],
  endpointmanagement: ['Endpoint Management', 'Managed devices, their applications and remote actions.'],
  identity: ['Identity', 'Users, groups and audit logs of identity providers.'],
  incidentresponse: ['Incident Response', 'Escalation policies and who is on call.'],
  networksecurity: ['Network Security', 'Traffic events of networks.'],
  notifications: ['Notifications', 'Messages sent to people and channels.'],
  siem: ['SIEM', 'Events, alerts and investigations of SIEM systems.'],
  sink: ['Sink', 'Events written to data lakes, queues and receivers.'],
  storage: ['Storage', 'Files in object storage.'],
  ticketing: ['Ticketing', 'Tickets, comments, attachments and projects.'],
  vulnerabilities: ['Vulnerabilities', 'Assets, findings and scans of vulnerability scanners.'],
};

// Products whose vendor is not the first word of their title.
const vendors: readonly (readonly [pattern: RegExp, vendor: string])[] = [
  [/^(Amazon|AWS) /, 'Amazon Web Services'],
  [/^(Azure|Microsoft) /, 'Microsoft'],
  [/^Jira /, 'Atlassian'],
  [/^Palo Alto /, 'Palo Alto Networks'],
  [/^Generic /, 'Generic'],
  [/^Elastic/, 'Elastic'],
  [/^HCL /, 'HCL Software'],
  [/^Sumo /, 'Sumo Logic'],
  [/^incident\.io/, 'incident.io'],
];

function expansion({ query }: SandboxRequest): ReadonlySet<string> {
  return new Set(query.expand);
}

function describeConnector(category: string, withProviders: boolean): Fields {
  const [fullname, description] = connectors[category] ?? [category, `The ${category} connector.`];
  const providers = listProviders().filter((provider) => provider.category === category);
  return {
    id: category,
    name: category,
    connector: category,
    fullname,
    description,
    provider_ids: providers.map(({ id }) => id),
    ...(withProviders && { providers: providers.map(describeBase) }),
    release: { availability: 'generally-available' },
  };
}

function describeBase(provider: ProviderFact): Fields {
  const { id, title, category, mock, guide } = provider;
  const [connector = category] = connectors[category] ?? [];
  const subject = mock
    ? `Canned data that stands in for ${title}; needs no credential.`
    : `${title} as a provider of the ${connector} connector.`;
  return {
    id,
    name: id,
    fullname: mock ? `${title} (mock)` : title,
    vendor: vendors.find(([pattern]) => pattern.test(title))?.[1] ?? title.split(' ')[0] ?? title,
    description: guide ? `${subject} Setup: ${guide}` : subject,
    connector_id: category,
    release: { availability: 'generally-available', environments: ['test', 'prod'] },
  };
}

function describeProvider(provider: ProviderFact, expand: ReadonlySet<string>): Fields {
  const withBodies = expand.has('request_body');
  const operations = listConnectorOperations().filter(({ category }) => category === provider.category);
  return {
    ...describeBase(provider),
    ...(expand.has('connector') && { connector: describeConnector(provider.category, false) }),
    ...((expand.has('operations') || withBodies) && {
      operations: operations.map((one) => describeOperation(provider, one, withBodies)),
    }),
    ...(expand.has('provider_config') && { provider_config: providerConfigSchema(provider) }),
  };
}

function describeOperation(provider: ProviderFact, operation: ConnectorOperation, withBody: boolean): Fields {
  const reference = { $ref: `#/components/schemas/${bodySchemaName(operation)}` };
  return {
    id: operation.id,
    name: operation.name,
    fullname: operation.fullname,
    description: `${operation.fullname} by way of ${provider.title}.`,
    request_method: operation.method,
    request_path: operation.path,
    supported: isSupported(provider, operation),
    ...(operation.name.startsWith('query_') && listOptions),
    ...(operation.hasBody && {
      request_body: { required: true, schema: withBody ? bodySchema(operation) : reference },
    }),
  };
}

const listOptions = {
  filters: [
    { name: 'id', type: 'string', operators: ['eq', 'in'] },
    { name: 'created_at', type: 'datetime', operators: ['gt', 'gte', 'lt', 'lte'] },
  ],
  orders: [{ name: 'created_at', directions: ['asc', 'desc'] }],
};
