import * as z from 'zod';
import { defineOperation } from '../define-operation.ts';
import { credentialConfig } from '../schemas/credential-config.ts';
import {
  byName,
  clearable,
  credentialId,
  expires,
  filter,
  fullname,
  limit,
  name,
  newName,
  order,
  secretPatch,
  startAfter,
  text,
} from '../schemas/fields.ts';

const ownerId = text.describe('Account, integration, integration point or webhook');
const credential = { owner_id: text, credential_id: credentialId };
const ownerType = z.enum(['account', 'integration', 'integration_point', 'organization_webhook']);

export const credentialsList = defineOperation({
  id: 'credentials_list',
  group: 'credentials',
  method: 'GET',
  path: '/v1/credentials/{owner_id}',
  effect: 'read',
  pinRule: { kind: 'owner', by: 'owner_id' },
  title: 'List credentials',
  listing: {
    columns: ['id', 'name', 'fullname', 'owner_type', 'config.type', 'expires', 'managed'],
    cursor: byName,
  },
  summary: 'List the credentials of an owner: kind and expiry, never the secret.',
  params: { owner_id: ownerId },
  query: { limit, start_after: startAfter, order, filter },
});

export const credentialsCreate = defineOperation({
  id: 'credentials_create',
  group: 'credentials',
  method: 'POST',
  path: '/v1/credentials/{owner_id}',
  effect: 'create',
  pinRule: { kind: 'owner', by: 'owner_id', type: 'owner_type' },
  title: 'Create credential',
  summary: 'Store a credential; integrations refer to it by id.',
  params: { owner_id: ownerId },
  body: {
    name: newName,
    fullname,
    config: credentialConfig.optional(),
    owner_type: ownerType.optional().describe('Kind of owner; default account'),
    expires: expires.optional(),
  },
});

export const credentialsGet = defineOperation({
  id: 'credentials_get',
  group: 'credentials',
  method: 'GET',
  path: '/v1/credentials/{owner_id}/{credential_id}',
  effect: 'read',
  pinRule: { kind: 'owner', by: 'owner_id', part: 'credential_id' },
  title: 'Get credential',
  summary: 'Get one credential without its secret.',
  params: credential,
});

export const credentialsUpdate = defineOperation({
  id: 'credentials_update',
  group: 'credentials',
  method: 'PUT',
  path: '/v1/credentials/{owner_id}/{credential_id}',
  effect: 'change',
  pinRule: { kind: 'owner', by: 'owner_id', part: 'credential_id' },
  title: 'Update credential',
  summary:
    'Change the given fields of a credential; null clears. config is always needed, as the stored secret cannot be read back.',
  params: credential,
  body: {
    name,
    fullname,
    config: credentialConfig,
    expires: clearable(expires),
  },
});

export const credentialsPatch = defineOperation({
  id: 'credentials_patch',
  group: 'credentials',
  method: 'PATCH',
  path: '/v1/credentials/{owner_id}/{credential_id}',
  effect: 'change',
  pinRule: { kind: 'owner', by: 'owner_id', part: 'credential_id' },
  title: 'Patch credential',
  summary: 'Change a credential by JSON Patch, such as its name without touching the secret.',
  params: credential,
  body: { patch: secretPatch },
});

export const credentialsDelete = defineOperation({
  id: 'credentials_delete',
  group: 'credentials',
  method: 'DELETE',
  path: '/v1/credentials/{owner_id}/{credential_id}',
  effect: 'destroy',
  pinRule: { kind: 'owner', by: 'owner_id', part: 'credential_id' },
  title: 'Delete credential',
  summary: 'Delete a credential; integrations that use it can no longer authenticate. Final.',
  params: credential,
});

export const credentialsLookup = defineOperation({
  id: 'credentials_lookup',
  group: 'credentials',
  method: 'GET',
  path: '/v1/credentials/lookup/{credential_id}',
  effect: 'read',
  pinRule: { kind: 'found', by: 'credential_id' },
  title: 'Look up credential',
  summary: 'Find a credential and its owner by credential id alone.',
  params: { credential_id: credentialId },
});
