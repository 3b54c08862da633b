import type { JsonObject } from '../../lib/json.ts';
import type { WorkflowRequest } from './define-workflow.ts';
import { countOf, numberOf, objectOf, textOf } from './values.ts';

/** An integration with its status. */
export interface Integration {
  readonly id: string;
  readonly name: string;
  readonly accountId: string;
  readonly accountName: string;
  readonly status: string;
  /** Whether the response has a status. */
  readonly hasStatus: boolean;
  readonly requests: number;
  readonly failed: number;
  /** The integration itself; empty if the status is all that was returned. */
  readonly object: JsonObject;
}

/** The status of integrations, by account and name: those of `account_id`, or all. @throws CallError */
export async function readIntegrations({
  args,
  getObject,
  getRows,
  noteNotRead,
}: WorkflowRequest): Promise<readonly Integration[]> {
  const account =
    args.account_id === undefined
      ? undefined
      : await getObject('accounts_get', { account_id: args.account_id }, { isNeeded: true });
  const filter = account && [`account_id[eq]${textOf(account.id) ?? args.account_id}`];
  const expand = ['accounts', 'integrations'];
  const rows = await getRows('status_list', { expand, ...(filter && { filter }) }, { isNeeded: true });
  const isNamed = (row: JsonObject) => textOf(row.integration_id) !== undefined;
  const unnamed = (rows ?? []).filter((row) => !isNamed(row)).length;
  if (unnamed > 0) noteNotRead('status_list', `${countOf(unnamed, 'row')} without an integration`);
  const found = (rows ?? []).filter(isNamed).map(readIntegration);
  return found.sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
}

/** The name of an integration among those of all accounts: the order of the rows, and the value of `start_after`. */
export const keyOf = ({ accountName, name }: Pick<Integration, 'accountName' | 'name'>): string =>
  `${accountName}/${name}`;

function readIntegration(row: JsonObject): Integration {
  const [id, accountId] = [String(row.integration_id), textOf(row.account_id) ?? 'unknown'];
  const object = objectOf(row.integration);
  return {
    id,
    name: textOf(object.name) ?? id,
    accountId,
    accountName: textOf(objectOf(row.account).name) ?? accountId,
    status: textOf(row.status) ?? 'unknown',
    hasStatus: textOf(row.status) !== undefined,
    requests: numberOf(row.requests),
    failed: numberOf(row.failed),
    object,
  };
}

/** The API does not list the values of a status. Any other than these is reported. */
const healthyStatus = /^(ok|okay|healthy|active|up|good|normal|success|succeeded|connected|running)$/i;
const failingStatus = /err|fail|degrad|down|unhealthy|broken|disconnect|invalid|expired/i;

/** Whether the status of an integration says that it has to be looked into. */
export function isUnhealthy(one: Integration): boolean {
  return one.hasStatus && !isHealthy(one) && !isIdle(one);
}

export function isHealthy({ status }: Pick<Integration, 'status'>): boolean {
  return healthyStatus.test(status.trim());
}

/** Whether an integration has had no requests, so that nothing is known of its health. */
export function isIdle(one: Pick<Integration, 'status' | 'requests'>): boolean {
  return one.requests === 0 && !isHealthy(one) && !failingStatus.test(one.status);
}
