import { defineOperation } from './operation.ts';

export const metaManagementOpenapiSpec = defineOperation({
  id: 'meta_managementOpenapiSpec',
  group: 'meta',
  method: 'GET',
  path: '/v1/meta/openapi/management',
  effect: 'read',
  reach: { kind: 'global' },
  title: 'Get Management OpenAPI document',
  summary: "Get the vendor's OpenAPI document of the Management API. Very large.",
});

export const metaEngineOpenapiSpec = defineOperation({
  id: 'meta_engineOpenapiSpec',
  group: 'meta',
  method: 'GET',
  path: '/v1/meta/openapi/engine',
  effect: 'read',
  reach: { kind: 'global' },
  title: 'Get Engine OpenAPI document',
  summary: "Get the vendor's OpenAPI document of the Connector (Engine) APIs. Very large.",
});
