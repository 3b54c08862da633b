import * as z from 'zod';
import { defineOperation } from '../define-operation.ts';
import { filter, limit, order, text, texts } from '../schemas/fields.ts';

export const operationsList = defineOperation({
  id: 'operations_list',
  group: 'operations',
  method: 'GET',
  path: '/v1/jobs',
  effect: 'read',
  pinRule: { kind: 'organization' },
  inDevelopment: true,
  title: 'List operations',
  listing: { columns: ['id', 'operation', 'status', 'account_id', 'integration_id', 'created_at', 'errors'] },
  summary: 'List asynchronous and scheduled connector operations with their state. In development.',
  query: { limit, start_after: text.optional().describe('Last id seen'), order, filter },
});

export const operationsListExecutionHistory = defineOperation({
  id: 'operations_list_execution_history',
  group: 'operations',
  method: 'GET',
  path: '/v1/jobs/history',
  effect: 'read',
  pinRule: { kind: 'rows', account: 'account_id', onAccount: { filter: 'account_id[eq]' } },
  inDevelopment: true,
  title: 'List operation runs',
  listing: {
    columns: [
      'execution_id',
      'operation',
      'status',
      'trigger_type',
      'started_at',
      'duration',
      'records_processed',
      'account_id',
      'integration_id',
      'error',
    ],
  },
  summary:
    'List past runs of operations with times, counts and errors, newest first; kept about four weeks. In development.',
  query: {
    limit: z.int().min(1).max(500).optional(),
    start_after: text.optional().describe('Cursor whose form is undocumented; filter by started_at instead'),
    order,
    filter: texts
      .optional()
      .describe(
        '[eq] on id, integration_id, account_id, execution_id, operation_id (the name); [gt gte lt lte] on started_at',
      ),
  },
});
