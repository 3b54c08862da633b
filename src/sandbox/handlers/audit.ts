/* The audit log of the organization. */
import type { Handlers } from '../model.ts';
import { listPage } from '../query.ts';

/** Handlers of the audit group. */
export const auditHandlers: Handlers = {
  audit_list: (request) => {
    const records = request.state.audit.filter((record) => inReach(request, record));
    return { status: 200, body: listPage(records, request, { cursor: 'created_at', fixedOrder: true }) };
  },
};

function inReach(
  request: Parameters<NonNullable<Handlers[string]>>[0],
  record: Record<string, unknown>,
): boolean {
  if (record.account_id === undefined) return true;
  const account = request.state.collections.account.find(String(record.account_id));
  return account === undefined || request.reaches('account', account);
}
