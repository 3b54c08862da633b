import * as z from 'zod';
import { defineOperation } from '../define-operation.ts';
import {
  byName,
  filter,
  fullname,
  limit,
  mappingId,
  name,
  newName,
  openObject,
  order,
  patch,
  startAfter,
  text,
  texts,
  total,
} from '../schemas/fields.ts';

const mapping = { mapping_id: mappingId };
const transform = text.describe('The transform');

export const mappingsList = defineOperation({
  id: 'mappings_list',
  group: 'mappings',
  method: 'GET',
  path: '/v1/mappings',
  effect: 'read',
  pinRule: { kind: 'organization' },
  inDevelopment: true,
  title: 'List mappings',
  listing: { columns: ['name', 'fullname', 'updated_at'], cursor: byName },
  summary: 'List data mappings without their transform. In development.',
  query: { limit, start_after: startAfter, order, filter, total },
});

export const mappingsCreate = defineOperation({
  id: 'mappings_create',
  group: 'mappings',
  method: 'POST',
  path: '/v1/mappings',
  effect: 'create',
  pinRule: { kind: 'organization' },
  inDevelopment: true,
  title: 'Create mapping',
  summary: 'Store a data mapping: a transform of connector data. In development.',
  body: { name: newName, fullname, data: transform },
});

export const mappingsGet = defineOperation({
  id: 'mappings_get',
  group: 'mappings',
  method: 'GET',
  path: '/v1/mappings/{mapping_id}',
  effect: 'read',
  pinRule: { kind: 'organization' },
  inDevelopment: true,
  title: 'Get mapping',
  summary: 'Get one mapping with its transform. In development.',
  params: mapping,
});

export const mappingsUpdate = defineOperation({
  id: 'mappings_update',
  group: 'mappings',
  method: 'PUT',
  path: '/v1/mappings/{mapping_id}',
  effect: 'change',
  pinRule: { kind: 'organization' },
  inDevelopment: true,
  title: 'Update mapping',
  summary: 'Change the given fields of a mapping. In development.',
  params: mapping,
  body: { name, fullname, data: transform.optional() },
});

export const mappingsPatch = defineOperation({
  id: 'mappings_patch',
  group: 'mappings',
  method: 'PATCH',
  path: '/v1/mappings/{mapping_id}',
  effect: 'change',
  pinRule: { kind: 'organization' },
  inDevelopment: true,
  title: 'Patch mapping',
  summary: 'Change a mapping by JSON Patch. In development.',
  params: mapping,
  body: { patch },
});

export const mappingsDelete = defineOperation({
  id: 'mappings_delete',
  group: 'mappings',
  method: 'DELETE',
  path: '/v1/mappings/{mapping_id}',
  effect: 'destroy',
  pinRule: { kind: 'organization' },
  inDevelopment: true,
  title: 'Delete mapping',
  summary: 'Delete a mapping. Final. In development.',
  params: mapping,
});

export const mappingsApply = defineOperation({
  id: 'mappings_apply',
  group: 'mappings',
  method: 'POST',
  path: '/v1/mappings/apply',
  effect: 'read',
  pinRule: { kind: 'organization' },
  inDevelopment: true,
  title: 'Test mappings',
  summary: 'Run a chain of mappings on sample data; nothing is stored. In development.',
  query: { include_raw_data: z.boolean().optional().describe('Return the input too') },
  body: { mappings: texts.describe('Applied in order'), data: openObject },
});
