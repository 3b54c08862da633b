import { defineOperation } from '../define-operation.ts';
import { byTime, filter, limit, order, startAfter } from '../schemas/fields.ts';

export const auditList = defineOperation({
  id: 'audit_list',
  group: 'audit',
  method: 'GET',
  path: '/v1/audit/organizations',
  effect: 'read',
  pinRule: { kind: 'organization' },
  title: 'List audit events',
  listing: {
    columns: [
      'created_at',
      'audit_type',
      'method',
      'path',
      'code',
      'status',
      'member_id',
      'account_id',
      'integration_id',
    ],
    cursor: byTime,
  },
  summary:
    'List who called which path and the outcome; fields can add body, response. Oldest first by default.',
  query: { limit, start_after: startAfter, order, filter },
  secrets: ['result[].body', 'result[].response'],
});
