import * as z from 'zod';
import type { JsonObject } from '../../lib/json.ts';
import { mapConcurrently } from '../../lib/limit-concurrency.ts';
import { accountId } from '../schemas/fields.ts';
import {
  type AccountParts,
  bridgeTable,
  credentialTable,
  type Parts,
  pointTable,
  roleTable,
  tokenTable,
} from './account-tables.ts';
import { readBridgeState, selectBridges } from './bridges.ts';
import {
  defineWorkflow,
  type SuggestedCall,
  type WorkflowAnswer,
  type WorkflowRequest,
} from './define-workflow.ts';
import { isHealthy, isIdle } from './integrations.ts';
import { reachOf } from './resources.ts';
import {
  countOf,
  dayMs,
  joinSentences,
  nameOf,
  numberOf,
  objectOf,
  percentOf,
  textOf,
  timeOf,
  toMinute,
} from './values.ts';

/** Integrations of which the credentials and the token are read at a time. */
const maxAtOnce = 4;

/** Until when something expires soon. */
const soonMs = 30 * dayMs;

export const accountOverview = defineWorkflow({
  id: 'account_overview',
  title: 'Show account overview',
  summary:
    'Show an account: integrations with status, credentials and tokens with expiry, bridges, and the roles and integration points that concern it.',
  input: z.strictObject({ account_id: accountId }),
  reads: ['accounts_get', 'integrations_list_account'],
  alsoReads: [
    'status_list',
    'credentials_list',
    'bridges_list',
    'bridges_get_status',
    'tokens_get',
    'tokens_list',
    'roles_list',
    'integrationPoints_list',
  ],
  run: async (request) => {
    const { getObject, getRows, args } = request;
    const account = await getObject('accounts_get', { account_id: args.account_id }, { isNeeded: true });
    const id = textOf(account?.id) ?? String(args.account_id);
    const needed = { isNeeded: true };
    const [integrations = [], statuses, credentials, bridges, roles, points, tokens] = await Promise.all([
      getRows('integrations_list_account', { account_id: id }, needed),
      getRows('status_list', { filter: [`account_id[eq]${id}`] }),
      getRows('credentials_list', { owner_id: id }),
      getRows('bridges_list', { account_id: id }),
      getRows('roles_list', {}),
      getRows('integrationPoints_list', {}),
      getRows('tokens_list', {}),
    ]);
    const states = await readStates(bridges ?? [], id, request);
    let done = 0;
    const parts = await mapConcurrently(integrations, maxAtOnce, async (one): Promise<Parts> => {
      const read = await readParts(one, request);
      done += 1;
      request.reportProgress(done, integrations.length);
      return read;
    });
    const read = {
      account: objectOf(account),
      integrations,
      statuses,
      credentials,
      bridges,
      states,
      roles,
      points,
      tokens,
      parts,
    };
    return answerWith(read, request.now);
  },
});

async function readStates(
  bridges: readonly JsonObject[],
  accountId: string,
  request: WorkflowRequest,
): Promise<ReadonlyMap<string, string>> {
  const states = await mapConcurrently(bridges, maxAtOnce, ({ id }) =>
    readBridgeState(accountId, String(id), request),
  );
  return new Map(bridges.map(({ id }, index) => [String(id), states[index] ?? 'unknown']));
}

async function readParts({ id, refresh_token_id }: JsonObject, request: WorkflowRequest): Promise<Parts> {
  const missing = { mayBeMissing: true };
  const [credentials, token] = await Promise.all([
    request.getRows('credentials_list', { owner_id: String(id) }, { ...missing, maxRows: 100 }),
    textOf(refresh_token_id) === undefined
      ? undefined
      : request.getObject('tokens_get', { refresh_token_id: String(refresh_token_id) }, missing),
  ]);
  return { credentials, token };
}

function answerWith(read: AccountParts, now: number): WorkflowAnswer {
  const { account, integrations, points } = read;
  const pointNames = new Map((points ?? []).map(({ id, name }) => [id, name]));
  const rows = integrations.map((one): JsonObject => {
    const status = statusOf(one, read);
    const [requests, failed] = [numberOf(status?.requests), numberOf(status?.failed)];
    return {
      integration: one.name,
      provider: one.provider_type,
      integration_point: pointNames.get(one.integration_point_id) ?? one.integration_point_id,
      status: status?.status,
      requests: status && requests,
      failed: percentOf(failed, requests),
      bridge: bridgeOf(one, read),
    };
  });
  return {
    summary: summarize(read, now),
    details: { account: describeAccount(account) },
    columns: ['integration', 'provider', 'integration_point', 'status', 'requests', 'failed', 'bridge'],
    rows,
    tables: {
      credentials: credentialTable(read, now),
      bridges: bridgeTable(read),
      tokens: tokenTable(read, now),
      roles: roleTable(read),
      integration_points: pointTable(read),
    },
    next: suggestCalls(read),
  };
}

const describeAccount = ({
  id,
  name,
  fullname,
  environment,
  labels,
  created_at,
}: JsonObject): JsonObject => ({
  id,
  name,
  fullname,
  environment,
  ...(Array.isArray(labels) && labels.length > 0 && { labels }),
  created_at: toMinute(created_at),
});

function summarize(read: AccountParts, now: number): string {
  const { account, integrations, statuses, credentials, bridges, states, parts, roles } = read;
  const health = unhealthyOf(read);
  const withStatus = integrations.filter((one) => statusOf(one, read) !== undefined).length;
  const lists = [credentials, ...parts.map((one) => one.credentials)];
  const all = lists.flatMap((list) => list ?? []);
  const isPartial = lists.some((list) => list === undefined);
  const tokens = parts.flatMap(({ token }): JsonObject[] => (token ? [token] : []));
  const expiring = [...all, ...tokens].filter(({ expires }) => {
    const time = timeOf(expires);
    return time !== undefined && time < now + soonMs;
  });
  const offline = [...states.values()].filter((state) => state === 'not connected').length;
  const reach = (roles ?? []).filter((role) => reachOf(role.resources, account) !== undefined).length;
  const sentences = [
    `${textOf(account.fullname) ?? nameOf(account)} (${account.environment ?? 'prod'}) has ${countOf(integrations.length, 'integration')}${isPartial ? '' : `, ${countOf(all.length, 'credential')}`}${bridges ? `, ${countOf(bridges.length, 'bridge')}` : ''}.`,
    health.length > 0 &&
      `Not healthy: ${health.map(({ integration, status }) => `${integration} (${status})`).join(', ')}.`,
    withStatus > 0 && health.length === 0 && 'No integration whose status is known is unhealthy.',
    statuses &&
      withStatus < integrations.length &&
      `The status of ${countOf(integrations.length - withStatus, 'integration')} is not known.`,
    expiring.length > 0 &&
      `${countOf(expiring.length, 'credential or token', 'credentials or tokens')} expired or will within 30 days.`,
    offline > 0 && `${countOf(offline, 'bridge')} not connected.`,
    roles && `${countOf(reach, 'role')} can reach it.`,
  ];
  return joinSentences(sentences);
}

/** The integrations that have traffic and are not healthy. */
function unhealthyOf(read: AccountParts) {
  return read.integrations.flatMap((one) => {
    const row = statusOf(one, read);
    const status = textOf(row?.status);
    if (!row || status === undefined) return [];
    const state = { status, requests: numberOf(row.requests) };
    return isHealthy(state) || isIdle(state) ? [] : [{ integration: nameOf(one), status }];
  });
}

/** The status of an integration; undefined if there is none. */
function statusOf({ id }: JsonObject, { statuses }: AccountParts): JsonObject | undefined {
  const row = statuses?.find(({ integration_id }) => integration_id === id);
  return textOf(row?.status) === undefined ? undefined : row;
}

/** The names of the bridges that an integration may go through. */
function bridgeOf(integration: JsonObject, { bridges }: AccountParts): string | undefined {
  const selected = bridges && selectBridges(integration, bridges);
  if (!selected) return undefined;
  return selected.length > 0 ? selected.map(({ name }) => name).join(', ') : 'no such bridge';
}

function suggestCalls(read: AccountParts): SuggestedCall[] {
  const account_id = String(read.account.name ?? read.account.id);
  return [
    ...(unhealthyOf(read).length > 0
      ? [{ tool: 'diagnose_integrations', arguments: { account_id }, why: 'why they are not healthy' }]
      : []),
    { tool: 'usage_report', arguments: { account_id }, why: 'the traffic of the account' },
    {
      tool: 'who_changed',
      arguments: { type: 'account', object: account_id },
      why: 'who changed the account',
    },
  ];
}
