import * as z from 'zod';
import { CallError } from '../../errors.ts';
import type { JsonObject } from '../../lib/json.ts';
import { mapConcurrently } from '../../lib/limit-concurrency.ts';
import { accountId, integrationId, startAfter } from '../schemas/fields.ts';
import { type AuditedChange, readChanges, readMemberNames } from './configuration-changes.ts';
import {
  defineWorkflow,
  type SuggestedCall,
  type WorkflowAnswer,
  type WorkflowRequest,
} from './define-workflow.ts';
import { type IntegrationDetails, readDetails } from './integration-details.ts';
import { type Integration, isIdle, isUnhealthy, keyOf, readIntegrations } from './integrations.ts';
import { countOf, dayMs, describeDuration, joinSentences, tally, toMinute } from './values.ts';

/** Integrations whose details are read at a time. Each takes up to three requests at a time. */
const maxAtOnce = 4;

/** How long before an integration broke a change may have caused it. */
const suspectedMs = 7 * dayMs;

/** Names, changes and errors that a text lists. */
const maxNamed = 5;
const maxChanges = 2;
const maxErrors = 3;

export const diagnoseIntegrations = defineWorkflow({
  id: 'diagnose_integrations',
  title: 'Diagnose integrations',
  summary:
    'Find the unhealthy integrations of one account or all: last error, since when, failures of the last day, credential, bridge, earlier changes.',
  input: z.strictObject({
    account_id: accountId.optional(),
    integration_id: integrationId.optional(),
    start_after: startAfter,
  }),
  reads: ['status_list', 'status_list_events'],
  alsoReads: [
    'status_get_integration_timeseries',
    'credentials_list',
    'credentials_lookup',
    'bridges_list',
    'bridges_get_status',
    'audit_list',
    'members_list',
  ],
  run: async (request) => {
    const { args } = request;
    const integrations = await readIntegrations(request);
    const wanted = ({ id, name }: Integration) =>
      args.integration_id === undefined || [id, name].includes(String(args.integration_id));
    const examined = integrations.filter(wanted);
    if (examined.length === 0 && args.integration_id !== undefined)
      throw new CallError('not_found', `Synqly has no status of an integration ${args.integration_id}.`);
    const unhealthy = examined.filter(isUnhealthy);
    return answer(request, examined, unhealthy);
  },
});

async function answer(
  request: WorkflowRequest,
  examined: readonly Integration[],
  unhealthy: readonly Integration[],
): Promise<WorkflowAnswer> {
  const { args } = request;
  const from = args.start_after === undefined ? '' : String(args.start_after);
  const listed = unhealthy.filter((one) => keyOf(one) > from);
  const incomplete = new Set<Integration>();
  let done = 0;
  const all = await mapConcurrently(
    listed,
    maxAtOnce,
    async (one): Promise<IntegrationDetails | undefined> => {
      const details = request.isOutOfTime() ? undefined : await readDetails(one, request);
      if (request.isOutOfTime()) incomplete.add(one);
      done += 1;
      request.reportProgress(done, listed.length + 1);
      return details;
    },
  );
  // The first row is shown in any case, so that each call gets further. Without any details, all rows are.
  const unread = listed.findIndex((one, index) => index > 0 && incomplete.has(one));
  const isCut = unread > 0 && all.some((details) => details !== undefined);
  const shown = isCut ? listed.slice(0, unread) : listed;
  const details = all.slice(0, shown.length);
  const changes = await describeChanges(shown, details, request);
  request.reportProgress(listed.length + 1, listed.length + 1);
  const rows = shown.map((one, index) => rowOf(one, details[index], changes.get(one)));
  return {
    summary: summarize(examined, unhealthy, all),
    columns: [
      'account',
      'integration',
      'status',
      'since',
      'error',
      'failed_24h',
      'credential',
      'bridge',
      'changes',
    ],
    rows,
    ...(incomplete.size > 0 && { unfinished: describeUnfinished(listed, shown) }),
    continueAfter: ({ account, integration }) => ({ start_after: `${account}/${integration}` }),
    next: suggestCalls(shown, request),
  };
}

function rowOf(
  one: Integration,
  details: IntegrationDetails | undefined,
  changes: string | undefined,
): JsonObject {
  const { since, sinceEarlier, error, failed, credential, bridge } = details ?? {};
  return {
    account: one.accountName,
    integration: one.name,
    status: one.status,
    since: since === undefined ? null : `${sinceEarlier ? 'before ' : ''}${toMinute(since)}`,
    error,
    failed_24h: failed,
    credential,
    bridge,
    changes,
  };
}

function summarize(
  examined: readonly Integration[],
  unhealthy: readonly Integration[],
  details: readonly (IntegrationDetails | undefined)[],
): string {
  const idle = examined.filter((one) => one.hasStatus && isIdle(one));
  const unknown = examined.filter(({ hasStatus }) => !hasStatus);
  const known = examined.length - unknown.length;
  const statuses = tally(unhealthy.map(({ status }) => status));
  const errors = tally(details.flatMap((one) => one?.error ?? [])).filter(([, count]) => count > 1);
  const isAre = unhealthy.length === 1 ? 'is' : 'are';
  const sentences = [
    examined.length === 0 && 'Synqly has no status of any integration.',
    unhealthy.length === 0 &&
      known > 0 &&
      `None of ${countOf(known, 'integration')}${unknown.length > 0 ? ' whose status is known' : ''} is unhealthy.`,
    unhealthy.length > 0 &&
      `${unhealthy.length} of ${countOf(examined.length, 'integration')} ${isAre} not healthy: ${statuses.map(([status, count]) => `${count} ${status}`).join(', ')}.`,
    unknown.length > 0 && `The status of ${unknown.length} is not known: ${listKeys(unknown)}.`,
    idle.length > 0 && `${idle.length} had no requests: ${listKeys(idle)}.`,
    errors.length > 0 &&
      `Most frequent: ${errors
        .slice(0, maxErrors)
        .map(([error, count]) => `${error} (${count})`)
        .join('; ')}.`,
  ];
  return joinSentences(sentences);
}

function listKeys(integrations: readonly Integration[]): string {
  const keys = integrations.slice(0, maxNamed).map(keyOf);
  return `${keys.join(', ')}${integrations.length > keys.length ? ' and others' : ''}`;
}

function describeUnfinished(
  listed: readonly Integration[],
  shown: readonly Integration[],
): WorkflowAnswer['unfinished'] & {} {
  const [last, [first]] = [shown.at(-1), listed];
  const count = listed.length - shown.length;
  if (last && count > 0)
    return { why: `No time was left for ${count} more.`, next: { start_after: keyOf(last) } };
  return {
    why: 'No time was left for all details.',
    next: { integration_id: first?.name ?? '' },
  };
}

function suggestCalls([first, ...others]: readonly Integration[], request: WorkflowRequest): SuggestedCall[] {
  if (!first) return [];
  const account = request.args.account_id === undefined ? { account_id: first.accountName } : {};
  const events = { account_id: first.accountName, integration_id: first.name };
  return [
    {
      tool: 'status_list_events',
      arguments: { ...events, order: ['created_at[desc]'], limit: 20 },
      why: others.length > 0 ? 'the events of one integration' : 'the events of the integration',
    },
    ...(account.account_id === undefined
      ? []
      : [{ tool: 'account_overview', arguments: account, why: 'the account and its objects' }]),
  ];
}

/** The changes to each integration and its credentials, around the time at which it broke. */
async function describeChanges(
  integrations: readonly Integration[],
  details: readonly (IntegrationDetails | undefined)[],
  request: WorkflowRequest,
): Promise<ReadonlyMap<Integration, string>> {
  const described = new Map<Integration, string>();
  if (integrations.length === 0) return described;
  const starts = details.map((one) => one?.since ?? request.now);
  const changes = await readChanges(
    request,
    ['integrations_get', 'credentials_get'],
    Math.min(...starts, request.now) - suspectedMs,
  );
  const found = integrations.map((one, index) => {
    const from = (starts[index] ?? request.now) - suspectedMs;
    return changes.filter((change) => change.at >= from && isAbout(change, one, details[index]));
  });
  const isEmpty = found.every((some) => some.length === 0);
  const names = isEmpty ? new Map<string, string>() : await readMemberNames(request);
  for (const [index, one] of integrations.entries()) {
    const some = found[index] ?? [];
    const since = details[index]?.since;
    const texts = some.slice(-maxChanges).map((change) => describeChange(change, since, names));
    const more = some.length - texts.length;
    if (more > 0) texts.unshift(`${more} earlier changes`);
    if (texts.length > 0) described.set(one, texts.join('; '));
  }
  return described;
}

function describeChange(
  { at, kind, verb, memberId }: AuditedChange,
  since: number | undefined,
  names: ReadonlyMap<string, string>,
): string {
  const by = memberId === undefined ? '' : ` by ${names.get(memberId) ?? memberId}`;
  const distance =
    since === undefined ? '' : `, ${describeDuration(since - at)} ${at <= since ? 'before' : 'after'}`;
  return `${kind.slice(0, -1)} ${verb} ${toMinute(at)}${by}${distance}`;
}

/** Whether a change is about an integration, or a credential that it uses. */
function isAbout(
  { kind, steps, integrationId: id }: AuditedChange,
  one: Integration,
  details: IntegrationDetails | undefined,
): boolean {
  if (id !== undefined) return id === one.id;
  const [owner = '', object] = steps;
  if (kind === 'integrations')
    return (
      [one.accountId, one.accountName].includes(owner) &&
      object !== undefined &&
      [one.id, one.name].includes(object)
    );
  const isOwn = owner === one.id;
  return object === undefined ? isOwn : isOwn || (details?.credentialIds.includes(object) ?? false);
}
