import * as z from 'zod';
import { abbreviated, text, texts } from './fields.ts';

/* Fields that integrations and integration points share. */

/** Mappings to run after connector operations of one integration. */
export const mappingChain = z.strictObject({ mappings: texts, operation_ids: texts });

/** Mapping chains that an integration point hands to its integrations. */
export const mappingChainTemplate = z.strictObject({
  providers: texts.min(1),
  mappings: texts,
  operation_ids: texts,
});

const additionalMappingFields = {
  resource: z.enum([
    'alerts',
    'applications',
    'audit_logs',
    'comments',
    'devices',
    'events',
    'evidence',
    'findings',
    'groups',
    'investigations',
    'iocs',
    'log_providers',
    'posture_scores',
    'projects',
    'scans',
    'scan_activities',
    'threats',
    'tickets',
    'users',
    'compliance',
    'cloudresourceinventory',
  ]),
  actions: z.array(z.enum(['query', 'read', 'create', 'update', 'delete', 'patch'])).min(1),
  source: text,
  destination: text,
  literal: z.boolean().nullish(),
  data_type: z.enum(['string', 'number', 'datetime', 'boolean', 'array', 'any']),
};

/** A provider field to copy into `custom_fields`. */
export const additionalMapping = z.strictObject(additionalMappingFields);

/** The same for integration points, with what the end user may change. */
export const additionalMappingTemplate = z.strictObject({
  providers: texts.min(1),
  mapping_type: z.enum(['recommended', 'optional', 'fixed']).nullish(),
  ...additionalMappingFields,
});

/** A connector operation to run at intervals. */
export const operationSchedule = z.strictObject({
  operation: abbreviated(
    z.enum([
      'appsec_query_findings',
      'assets_query_alerts',
      'assets_query_devices',
      'assets_query_utilization',
      'assets_query_vulnerabilities',
      'cloudsecurity_query_cloud_resource_inventory',
      'cloudsecurity_query_compliance_findings',
      'cloudsecurity_query_events',
      'cloudsecurity_query_ioms',
      'cloudsecurity_query_threats',
      'edr_query_alerts',
      'edr_query_applications',
      'edr_query_endpoints',
      'edr_query_iocs',
      'edr_query_posture_score',
      'edr_query_threatevents',
      'identity_query_audit_log',
      'identity_query_groups',
      'identity_query_groups_enriched',
      'identity_query_users',
      'identity_query_users_enriched',
      'siem_query_events',
      'siem_query_investigations',
      'vulnerabilities_query_assets',
      'vulnerabilities_query_findings',
      'vulnerabilities_query_scans',
    ]),
    'Such as edr_query_alerts',
  ),
  enabled: z.boolean(),
  frequency: z.strictObject({
    type: z.literal('periodic'),
    value: text.describe('Such as 30m or 1d; 5m at least'),
  }),
  filters: texts.nullish(),
  backfill_from_time: text.nullish().describe('RFC 3339 or a span such as 7d'),
  incremental_config: abbreviated(
    z.strictObject({ mode: z.enum(['incremental', 'full_snapshot']), time_filter_field: text.nullish() }),
    '{mode: incremental|full_snapshot, time_filter_field?}',
  ).nullish(),
});

/* Their shapes in words, for abbreviated(). */

export const mappingChainShape = '{mappings: [mapping_id:version], operation_ids}';
export const mappingChainTemplateShape =
  '{providers: [id or *], mappings: [mapping_id:version], operation_ids}';

const extraFieldShape =
  'resource: such as devices, actions: [query|read|create|update|delete|patch], source: dotted path, destination: path in custom_fields, literal?, data_type: string|number|datetime|boolean|array|any';
export const additionalMappingShape = `{${extraFieldShape}}`;
export const additionalMappingTemplateShape = `{providers: [id or *], mapping_type?: recommended|optional|fixed, ${extraFieldShape}}`;
