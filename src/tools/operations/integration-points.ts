import * as z from 'zod';
import { defineOperation } from '../define-operation.ts';
import {
  abbreviated,
  byName,
  category,
  clearable,
  filter,
  fullname,
  integrationPointId,
  limit,
  name,
  newName,
  order,
  patch,
  startAfter,
  text,
  texts,
  total,
} from '../schemas/fields.ts';
import {
  additionalMappingTemplate,
  additionalMappingTemplateShape,
  mappingChainTemplate,
  mappingChainTemplateShape,
  operationSchedule,
} from '../schemas/integration.ts';

const point = { integration_point_id: integrationPointId };
const environments = z
  .strictObject({ test: texts.nullish(), prod: texts.nullish() })
  .describe('Allowed provider ids; [*] allows all; none if missing or empty');
const mappings = z.array(mappingChainTemplate);
const additionalMappings = z.array(additionalMappingTemplate);
const schedules = z.array(operationSchedule);
const asAbove = 'As in integrationPoints_create';

export const integrationPointsList = defineOperation({
  id: 'integrationPoints_list',
  group: 'integration-points',
  method: 'GET',
  path: '/v1/integration-points',
  effect: 'read',
  pinRule: { kind: 'organization' },
  title: 'List integration points',
  listing: { columns: ['name', 'fullname', 'connector', 'environments'], cursor: byName },
  summary: 'List integration points: templates with connector, allowed providers and defaults.',
  query: { limit, start_after: startAfter, order, filter, total },
});

export const integrationPointsCreate = defineOperation({
  id: 'integrationPoints_create',
  group: 'integration-points',
  method: 'POST',
  path: '/v1/integration-points',
  effect: 'create',
  pinRule: { kind: 'organization' },
  title: 'Create integration point',
  summary: 'Create an integration point for one connector.',
  body: {
    name: newName,
    fullname: fullname.describe('Title for end users'),
    description: text.optional(),
    connector: category,
    environments,
    mappings: abbreviated(mappings, `Items: ${mappingChainTemplateShape}`).optional(),
    additional_mappings: abbreviated(
      additionalMappings,
      `Items: ${additionalMappingTemplateShape}`,
    ).optional(),
    scheduled_operations: abbreviated(
      schedules,
      'As in integrations_create; copied to new integrations',
    ).optional(),
  },
});

export const integrationPointsGet = defineOperation({
  id: 'integrationPoints_get',
  group: 'integration-points',
  method: 'GET',
  path: '/v1/integration-points/{integration_point_id}',
  effect: 'read',
  pinRule: { kind: 'organization' },
  title: 'Get integration point',
  summary: 'Get one integration point.',
  params: point,
});

export const integrationPointsUpdate = defineOperation({
  id: 'integrationPoints_update',
  group: 'integration-points',
  method: 'PUT',
  path: '/v1/integration-points/{integration_point_id}',
  effect: 'change',
  pinRule: { kind: 'organization' },
  title: 'Update integration point',
  summary:
    'Change the given fields of an integration point; null clears. Existing integrations do not change.',
  params: point,
  body: {
    name,
    fullname: clearable(text),
    description: clearable(text),
    connector: category.optional(),
    environments: environments.optional(),
    mappings: clearable(abbreviated(mappings, asAbove)),
    additional_mappings: clearable(abbreviated(additionalMappings, asAbove)),
    scheduled_operations: clearable(abbreviated(schedules, asAbove)),
  },
});

export const integrationPointsPatch = defineOperation({
  id: 'integrationPoints_patch',
  group: 'integration-points',
  method: 'PATCH',
  path: '/v1/integration-points/{integration_point_id}',
  effect: 'change',
  pinRule: { kind: 'organization' },
  title: 'Patch integration point',
  summary: 'Change an integration point by JSON Patch.',
  params: point,
  body: { patch },
});

export const integrationPointsDelete = defineOperation({
  id: 'integrationPoints_delete',
  group: 'integration-points',
  method: 'DELETE',
  path: '/v1/integration-points/{integration_point_id}',
  effect: 'destroy',
  pinRule: { kind: 'organization' },
  title: 'Delete integration point',
  summary: 'Delete an integration point. Final. Delete or move its integrations first.',
  params: point,
});
