import * as z from 'zod';
import { defineOperation } from '../define-operation.ts';
import { integrationSecrets, secretsWithin } from '../response-secrets.ts';
import {
  accountId,
  byPair,
  byTime,
  filter,
  integrationId,
  limit,
  order,
  publishedAs,
  startAfter,
  text,
} from '../schemas/fields.ts';

const integration = { account_id: accountId, integration_id: integrationId };

export const statusList = defineOperation({
  id: 'status_list',
  group: 'status',
  method: 'GET',
  path: '/v1/status',
  effect: 'read',
  pinRule: {
    kind: 'rows',
    account: 'account_id',
    onAccount: { filter: 'account_id[eq]' },
    onEnvironment: { filter: 'account_id[in]' },
  },
  title: 'List status',
  listing: {
    columns: [
      'account_id',
      'account.name',
      'integration_id',
      'integration.name',
      'status',
      'requests',
      'failed',
      'updated_at',
    ],
    cursor: byPair,
  },
  summary: 'List health and traffic counters of all integrations.',
  query: {
    limit,
    start_after: text.optional().describe('Last account_id,integration_id seen'),
    order,
    filter,
    expand: z.array(publishedAs(['accounts', 'integrations', 'all'], ['account', 'integration'])).optional(),
  },
  secrets: secretsWithin('result[].integration', integrationSecrets),
});

export const statusGet = defineOperation({
  id: 'status_get',
  group: 'status',
  method: 'GET',
  path: '/v1/status/{account_id}/{integration_id}',
  effect: 'read',
  pinRule: { kind: 'account', by: 'account_id', part: 'integration_id' },
  title: 'Get status',
  summary: 'Get health and traffic counters of one integration. For its errors use status_list_events.',
  params: integration,
  secrets: secretsWithin('result.integration', integrationSecrets),
});

export const statusReset = defineOperation({
  id: 'status_reset',
  group: 'status',
  method: 'PUT',
  path: '/v1/status/{account_id}/{integration_id}',
  effect: 'destroy',
  pinRule: { kind: 'account', by: 'account_id', part: 'integration_id' },
  title: 'Reset status',
  summary: 'Discard the recorded status of an integration. Final.',
  params: integration,
});

export const statusListEvents = defineOperation({
  id: 'status_list_events',
  group: 'status',
  method: 'GET',
  path: '/v1/status/{account_id}/{integration_id}/events',
  effect: 'read',
  pinRule: { kind: 'account', by: 'account_id', part: 'integration_id' },
  title: 'List status events',
  listing: {
    columns: ['created_at', 'status', 'error', 'request', 'account_id', 'integration_id'],
    cursor: byTime,
  },
  summary: 'List status events of an integration, errors included. Oldest first unless order says otherwise.',
  params: integration,
  query: { limit, start_after: startAfter, order, filter },
});

export const statusGetTimeseries = defineOperation({
  id: 'status_get_timeseries',
  group: 'status',
  method: 'GET',
  path: '/v1/status/timeseries',
  effect: 'read',
  pinRule: { kind: 'organization' },
  title: 'Get usage series',
  summary: 'Get usage of the whole organization over the last hour, step by step.',
});

export const statusGetIntegrationTimeseries = defineOperation({
  id: 'status_get_integration_timeseries',
  group: 'status',
  method: 'GET',
  path: '/v1/status/{account_id}/{integration_id}/timeseries',
  effect: 'read',
  pinRule: { kind: 'account', by: 'account_id', part: 'integration_id' },
  title: 'Get integration usage series',
  summary: 'Get recent usage of one integration, step by step.',
  params: integration,
  query: { interval: text.optional().describe('Only the value hour is documented') },
});
