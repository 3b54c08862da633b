import { defineOperation } from '../define-operation.ts';
import { text } from '../schemas/fields.ts';

/** Arguments that select the part of a document to show. */
const formatting = {
  operation: text.optional().describe('Id, METHOD /path or tag'),
  schema: text.optional(),
  search: text.optional(),
};

export const metaManagementOpenapiSpec = defineOperation({
  id: 'meta_managementOpenapiSpec',
  group: 'meta',
  method: 'GET',
  path: '/v1/meta/openapi/management',
  effect: 'read',
  pinRule: { kind: 'global' },
  title: 'Get Management OpenAPI document',
  summary: 'Outline the OpenAPI document of the Management API, or return one part.',
  formatting,
});

export const metaEngineOpenapiSpec = defineOperation({
  id: 'meta_engineOpenapiSpec',
  group: 'meta',
  method: 'GET',
  path: '/v1/meta/openapi/engine',
  effect: 'read',
  pinRule: { kind: 'global' },
  title: 'Get Engine OpenAPI document',
  summary: 'Outline the OpenAPI document of the Connector (Engine) APIs, or return one part.',
  formatting,
});
