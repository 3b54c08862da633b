import * as z from 'zod';
import { defineOperation } from '../define-operation.ts';
import {
  byName,
  environment,
  expires,
  filter,
  fullname,
  limit,
  name,
  order,
  patch,
  secret,
  startAfter,
  text,
  webhookId,
} from '../schemas/fields.ts';

const webhook = { webhook_id: webhookId };
const filters = z
  .array(
    z.enum([
      'all',
      'account_create',
      'account_delete',
      'account_update',
      'integration_create',
      'integration_delete',
      'integration_update',
      'operation_complete',
    ]),
  )
  .describe('Events to send');
const eventEnvironment = environment.optional().describe('Send only events of accounts in this environment');

export const organizationWebhooksList = defineOperation({
  id: 'organizationWebhooks_list',
  group: 'organization-webhooks',
  method: 'GET',
  path: '/v1/organization/webhooks',
  effect: 'read',
  pinRule: { kind: 'organization' },
  title: 'List webhooks',
  listing: { columns: ['name', 'fullname', 'environment', 'filters', 'url'], cursor: byName },
  summary: 'List the webhooks that report account and integration events.',
  query: { limit, start_after: startAfter, order, filter },
});

export const organizationWebhooksCreate = defineOperation({
  id: 'organizationWebhooks_create',
  group: 'organization-webhooks',
  method: 'POST',
  path: '/v1/organization/webhooks',
  effect: 'create',
  pinRule: { kind: 'organization' },
  title: 'Create webhook',
  summary: 'Register a URL that Synqly calls on chosen events, signed with the secret (HMAC-SHA256).',
  body: {
    name,
    fullname,
    environment: eventEnvironment,
    filters,
    url: text,
    secret: z.strictObject({ value: secret(text), expires: expires.optional() }),
  },
});

export const organizationWebhooksGet = defineOperation({
  id: 'organizationWebhooks_get',
  group: 'organization-webhooks',
  method: 'GET',
  path: '/v1/organization/webhooks/{webhook_id}',
  effect: 'read',
  pinRule: { kind: 'organization' },
  title: 'Get webhook',
  summary: 'Get one webhook.',
  params: webhook,
});

export const organizationWebhooksUpdate = defineOperation({
  id: 'organizationWebhooks_update',
  group: 'organization-webhooks',
  method: 'PUT',
  path: '/v1/organization/webhooks/{webhook_id}',
  effect: 'change',
  pinRule: { kind: 'organization' },
  title: 'Update webhook',
  summary: 'Change the given fields of a webhook. For a new secret use credentials_update on credential_id.',
  params: webhook,
  body: {
    name,
    fullname,
    environment: eventEnvironment,
    filters: filters.optional(),
    url: text.optional(),
    credential_id: text.optional().describe('Credential with the signing secret'),
  },
});

export const organizationWebhooksPatch = defineOperation({
  id: 'organizationWebhooks_patch',
  group: 'organization-webhooks',
  method: 'PATCH',
  path: '/v1/organization/webhooks/{webhook_id}',
  effect: 'change',
  pinRule: { kind: 'organization' },
  title: 'Patch webhook',
  summary: 'Change a webhook by JSON Patch.',
  params: webhook,
  body: { patch },
});

export const organizationWebhooksDelete = defineOperation({
  id: 'organizationWebhooks_delete',
  group: 'organization-webhooks',
  method: 'DELETE',
  path: '/v1/organization/webhooks/{webhook_id}',
  effect: 'destroy',
  pinRule: { kind: 'organization' },
  title: 'Delete webhook',
  summary: 'Delete a webhook; its URL gets no more events. Final.',
  params: webhook,
});
