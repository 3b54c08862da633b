import { defineOperation } from '../define-operation.ts';
import { permissionSet } from '../schemas/role-scope.ts';

export const permissionsetList = defineOperation({
  id: 'permissionset_list',
  group: 'permission-sets',
  method: 'GET',
  path: '/v1/permissionsets',
  effect: 'read',
  pinRule: { kind: 'global' },
  title: 'List permission sets',
  listing: { columns: ['name', 'description'] },
  summary: 'List the fixed permission sets for roles and tokens, with the actions each allows.',
});

export const permissionsetGet = defineOperation({
  id: 'permissionset_get',
  group: 'permission-sets',
  method: 'GET',
  path: '/v1/permissionsets/{permissionset_id}',
  effect: 'read',
  pinRule: { kind: 'global' },
  title: 'Get permission set',
  summary: 'Get the actions that one permission set allows for each API.',
  params: { permissionset_id: permissionSet },
});
