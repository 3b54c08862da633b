import * as z from 'zod';
import { defineOperation } from '../define-operation.ts';
import { refreshTokenSecrets, secretsWithin, tokenSecrets } from '../response-secrets.ts';
import {
  accountId,
  byName,
  environment,
  filter,
  fullname,
  integrationId,
  limit,
  name,
  newName,
  order,
  startAfter,
  text,
  texts,
  tokenId,
  tokenTtl,
} from '../schemas/fields.ts';
import { grantedPermissionSet, roleScope } from '../schemas/role-scope.ts';

const token = { refresh_token_id: tokenId };
const ownedToken = { owner_id: text.describe('Organization or integration'), refresh_token_id: tokenId };

const mcpTokenScope = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('management'),
      environment: environment.optional(),
      account_id: text.optional().describe('Overrides environment; recommended in production'),
    }),
    z.strictObject({
      type: z.literal('integration-usage'),
      account_id: text,
      restrict_to_connector_operations: texts.optional(),
    }),
    z.strictObject({ type: z.literal('developer'), account_id: text }),
  ])
  .describe('Tools it allows: management, connectors of an account, or creating and using its integrations');

export const tokensCreateToken = defineOperation({
  id: 'tokens_create_token',
  group: 'tokens',
  method: 'POST',
  path: '/v1/tokens',
  effect: 'create',
  pinRule: { kind: 'organization' },
  title: 'Create organization token',
  summary:
    'Create a Management API token limited to resources and a permission set; it cannot exceed the token in use. The bearer is result.primary.access.secret.',
  body: {
    name: newName,
    fullname,
    resources: roleScope,
    permission_set: grantedPermissionSet,
    token_ttl: tokenTtl('24h'),
  },
  returnsSecret: true,
  secrets: secretsWithin('result', refreshTokenSecrets),
});

export const tokensList = defineOperation({
  id: 'tokens_list',
  group: 'tokens',
  method: 'GET',
  path: '/v1/tokens',
  effect: 'read',
  pinRule: { kind: 'organization' },
  title: 'List tokens',
  listing: {
    columns: ['id', 'name', 'fullname', 'owner_type', 'owner_id', 'token_type', 'member_id', 'expires'],
    cursor: byName,
  },
  summary: 'List the refresh token objects of the owner of the token in use.',
  query: { limit, start_after: startAfter, order, filter },
  secrets: secretsWithin('result[]', refreshTokenSecrets),
});

export const tokensCreateMcpToken = defineOperation({
  id: 'tokens_create_mcp_token',
  group: 'tokens',
  method: 'POST',
  path: '/v1/tokens/mcp',
  effect: 'create',
  pinRule: { kind: 'organization' },
  title: 'Create MCP token',
  summary: 'Create a token for MCP servers; the Management API itself refuses it.',
  body: {
    token_ttl: text.optional().describe('Such as 30m; default 1h, at most 24h'),
    scope: mcpTokenScope,
  },
  returnsSecret: true,
  secrets: secretsWithin('result', tokenSecrets),
});

export const tokensCreateIntegrationToken = defineOperation({
  id: 'tokens_create_integration_token',
  group: 'tokens',
  method: 'POST',
  path: '/v1/tokens/{account_id}/{integration_id}',
  effect: 'create',
  pinRule: { kind: 'account', by: 'account_id', part: 'integration_id' },
  title: 'Create integration token',
  summary: 'Create a token for the Connector APIs of one integration; the Management API refuses it.',
  params: { account_id: accountId, integration_id: integrationId },
  body: { name, token_ttl: tokenTtl('10m') },
  returnsSecret: true,
  secrets: secretsWithin('result', tokenSecrets),
});

export const tokensCreateSynqlyIntegrationsToken = defineOperation({
  id: 'tokens_create_synqly_integrations_token',
  group: 'tokens',
  method: 'POST',
  path: '/v1/tokens/synqly-integrations',
  effect: 'create',
  pinRule: { kind: 'organization' },
  inDevelopment: true,
  title: 'Create Synqly-integrations token',
  summary: "Create a token for Synqly's own integrations, such as exports of status events. In development.",
  body: { token_ttl: tokenTtl('24h') },
  returnsSecret: true,
  secrets: secretsWithin('result.token', refreshTokenSecrets),
});

export const tokensDelete = defineOperation({
  id: 'tokens_delete',
  group: 'tokens',
  method: 'DELETE',
  path: '/v1/tokens/{refresh_token_id}',
  effect: 'destroy',
  pinRule: { kind: 'token', by: 'refresh_token_id' },
  title: 'Delete token',
  summary: 'Revoke an ad hoc token; both its pairs stop working at once. Final.',
  params: token,
  // The fields needed to create a similar token.
  deletedFields: [
    'id',
    'name',
    'fullname',
    'owner_type',
    'token_ttl',
    'primary.access.permissions.adhoc_role',
  ],
});

export const tokensGet = defineOperation({
  id: 'tokens_get',
  group: 'tokens',
  method: 'GET',
  path: '/v1/tokens/{refresh_token_id}/info',
  effect: 'read',
  pinRule: { kind: 'token', by: 'refresh_token_id' },
  title: 'Get token',
  summary: 'Get one refresh token object.',
  params: token,
  secrets: secretsWithin('result', refreshTokenSecrets),
});

export const tokensReset = defineOperation({
  id: 'tokens_reset',
  group: 'tokens',
  method: 'PUT',
  path: '/v1/tokens/{owner_id}/{refresh_token_id}/reset',
  effect: 'destroy',
  pinRule: { kind: 'token', by: 'refresh_token_id', owner: 'owner_id' },
  idempotent: false,
  title: 'Reset token',
  summary: 'Issue a new pair and revoke all former ones at once. To overlap use tokens_rotate.',
  params: ownedToken,
  returnsSecret: true,
  secrets: secretsWithin('result', refreshTokenSecrets),
});

export const tokensRotate = defineOperation({
  id: 'tokens_rotate',
  group: 'tokens',
  method: 'PUT',
  path: '/v1/tokens/{owner_id}/{refresh_token_id}/rotate',
  effect: 'change',
  pinRule: { kind: 'token', by: 'refresh_token_id', owner: 'owner_id' },
  idempotent: false,
  title: 'Rotate token',
  summary:
    'Issue a new primary pair; the former one keeps working as secondary, the former secondary is revoked.',
  params: ownedToken,
  returnsSecret: true,
  secrets: secretsWithin('result', refreshTokenSecrets),
});

export const tokensRefresh = defineOperation({
  id: 'tokens_refresh',
  group: 'tokens',
  method: 'PUT',
  path: '/v1/tokens/{refresh_token_id}/refresh',
  effect: 'change',
  pinRule: { kind: 'token', by: 'refresh_token_id' },
  idempotent: false,
  title: 'Refresh token',
  summary: 'Holders issue a new primary pair; the former one becomes secondary. Admins use tokens_rotate.',
  params: token,
  returnsSecret: true,
  secrets: secretsWithin('result', refreshTokenSecrets),
});

export const tokensRemoveSecondary = defineOperation({
  id: 'tokens_remove_secondary',
  group: 'tokens',
  method: 'DELETE',
  path: '/v1/tokens/{refresh_token_id}/secondary',
  effect: 'destroy',
  pinRule: { kind: 'token', by: 'refresh_token_id' },
  title: 'Remove secondary pair',
  summary: 'Revoke the former pair that a rotation or refresh left working. Final.',
  params: token,
});
