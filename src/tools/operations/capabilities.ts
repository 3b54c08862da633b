import * as z from 'zod';
import { defineOperation } from '../define-operation.ts';
import { text } from '../schemas/fields.ts';

export const capabilitiesListConnectors = defineOperation({
  id: 'capabilities_list_connectors',
  group: 'capabilities',
  method: 'GET',
  path: '/v1/capabilities/connectors',
  effect: 'read',
  pinRule: { kind: 'global' },
  title: 'List connectors',
  summary: 'List connector categories (siem, ticketing, edr ...) with the ids of their providers.',
  query: {
    expand: z.array(z.enum(['providers'])).optional(),
  },
});

export const capabilitiesListProviders = defineOperation({
  id: 'capabilities_list_providers',
  group: 'capabilities',
  method: 'GET',
  path: '/v1/capabilities/providers',
  effect: 'read',
  pinRule: { kind: 'global' },
  title: 'List providers',
  summary: 'List providers, or search them by words. To expand one use capabilities_get_provider.',
  query: {
    expand: z.array(z.enum(['connector', 'operations', 'provider_config'])).optional(),
  },
  formatting: { search: text.optional() },
  searchNames: {
    query: [],
    name: [],
    fullname: [],
    vendor: [],
    provider: [],
    provider_id: [],
    connector: [],
    connector_id: [],
    category: [],
    categories: [],
    operation: ['operations'],
    operations: ['operations'],
    operation_id: ['operations'],
  },
});

export const capabilitiesGetProvider = defineOperation({
  id: 'capabilities_get_provider',
  group: 'capabilities',
  method: 'GET',
  path: '/v1/capabilities/providers/{provider_id}',
  effect: 'read',
  pinRule: { kind: 'global' },
  title: 'Get provider',
  summary: 'Get what a provider supports. expand provider_config for the fields that its integrations take.',
  params: { provider_id: text.describe('Such as siem_splunk') },
  query: {
    expand: z.array(z.enum(['connector', 'operations', 'request_body', 'provider_config'])).optional(),
  },
  formatting: { part: text.optional() },
});
