import * as z from 'zod';
import { CallError } from '../../errors.ts';
import type { JsonObject } from '../../lib/json.ts';
import { mapConcurrently } from '../../lib/limit-concurrency.ts';
import { accountId, integrationId, text } from '../schemas/fields.ts';
import {
  defineWorkflow,
  type SuggestedCall,
  type WorkflowAnswer,
  type WorkflowRequest,
  type WorkflowTable,
} from './define-workflow.ts';
import { readZone, type Zone } from './time-zone.ts';
import {
  addUsage,
  changeOf,
  noUsage,
  type Periods,
  readPeriods,
  sumUsage,
  type Usage,
} from './usage-periods.ts';
import { countOf, hourMs, joinSentences, nameOf, percentOf, textOf } from './values.ts';

/** Hours of the period by default: Synqly keeps a day, of which the other half is the period before. */
const defaultHours = 12;
const maxHours = 24;

/** Integrations that are read at a time. */
const maxAtOnce = 8;

const maxBusiest = 3;

export const usageReport = defineWorkflow({
  id: 'usage_report',
  title: 'Report usage',
  summary:
    'Report the usage of an account or integration in the last hours: requests, failures, traffic and busiest hours, compared with the period before.',
  input: z.strictObject({
    account_id: accountId,
    integration_id: integrationId.optional(),
    hours: z.int().min(1).max(maxHours).optional().describe(`Default ${defaultHours}; Synqly keeps 24`),
    time_zone: text.optional().describe('Such as Europe/Berlin'),
  }),
  reads: ['integrations_list_account', 'status_get_integration_timeseries'],
  alsoReads: [],
  run: async (request) => {
    const { args, getRows } = request;
    const zone = readZone(args.time_zone);
    const account_id = args.account_id;
    const list = await getRows('integrations_list_account', { account_id }, { isNeeded: true });
    const { integration_id: wanted } = args;
    const integrations = (list ?? []).filter(
      ({ id, name }) => wanted === undefined || wanted === id || wanted === name,
    );
    if (integrations.length === 0 && wanted !== undefined)
      throw new CallError('not_found', `The account has no integration ${wanted}.`);
    const usage = await readUsage(integrations, request);
    return answerWith(usage, zone, request);
  },
});

/** The usage of one integration. */
interface IntegrationUsage {
  readonly name: string;
  /** Undefined if the timeseries was not read, or is empty. */
  readonly periods: Periods | undefined;
  readonly isRead: boolean;
  readonly isLate: boolean;
}

async function readUsage(
  integrations: readonly JsonObject[],
  request: WorkflowRequest,
): Promise<readonly IntegrationUsage[]> {
  const { args, getObject, isOutOfTime, reportProgress } = request;
  const lengthMs = Number(args.hours ?? defaultHours) * hourMs;
  let done = 0;
  return mapConcurrently(integrations, maxAtOnce, async (one): Promise<IntegrationUsage> => {
    const parts = { account_id: args.account_id, integration_id: textOf(one.id) ?? nameOf(one) };
    const found = isOutOfTime() ? undefined : await getObject('status_get_integration_timeseries', parts);
    done += 1;
    reportProgress(done, integrations.length);
    return {
      name: nameOf(one),
      periods: found && readPeriods(found, lengthMs),
      isRead: found !== undefined,
      isLate: !found && isOutOfTime(),
    };
  });
}

function answerWith(
  usage: readonly IntegrationUsage[],
  zone: Zone,
  request: WorkflowRequest,
): WorkflowAnswer {
  const read = usage.flatMap(({ periods }) => periods ?? []);
  const [first] = read;
  const total = sumUsage(read.map(({ now }) => now));
  const hasBefore = read.length > 0 && read.every(({ before }) => before !== undefined);
  const before = hasBefore ? sumUsage(read.map((one) => one.before ?? noUsage)) : undefined;
  const rows = usage
    .flatMap(({ name, periods }) => (periods ? [{ name, periods }] : []))
    .sort((one, other) => other.periods.now.requests - one.periods.now.requests)
    .map(({ name, periods }) => ({
      integration: name,
      ...describeUsage(periods, periods.now, periods.before),
    }));
  const late = usage.filter(({ isLate }) => isLate);
  return {
    summary: summarize(usage, total, before, zone),
    details: {
      period: first && {
        from: zone.write(first.from),
        to: zone.write(first.to),
        time_zone: zone.name,
        ...(before
          ? { before_from: zone.write(first.start), before_to: zone.write(first.from) }
          : { before: 'Synqly has no usage data of it' }),
        incomplete: describeIncomplete(first, before !== undefined, zone),
      },
      ...(first && rows.length > 1 && { total: describeUsage(first, total, before) }),
      busiest_hours: busiestOf(read, zone),
    },
    columns: usageColumns,
    rows,
    tables: rows.length === 1 && first ? { hours: hourTable(first, zone) } : {},
    ...(late[0] && {
      unfinished: {
        why: `No time was left for ${countOf(late.length, 'integration')}.`,
        next: { integration_id: late[0].name },
      },
    }),
    next: suggestCalls(rows, request),
  };
}

/** What the last hour lacks, and how far the two periods differ in length because of it. */
function describeIncomplete(
  { from, to, start, steps }: Periods,
  hasBefore: boolean,
  zone: Zone,
): string | undefined {
  const last = steps.at(-1);
  const hoursBefore = (from - start) / hourMs;
  const hours = (to - from) / hourMs;
  if (!last || hours >= hoursBefore) return undefined;
  const running = `The hour from ${zone.write(last.at)} is not over`;
  const length = countOf(Number(hours.toFixed(1)), 'hour');
  return hasBefore
    ? `${running}: requests are of ${length}, requests_before of ${hoursBefore}. change_per_hour allows for it.`
    : `${running}: requests are of ${length}.`;
}

const usageColumns = [
  'integration',
  'requests',
  'requests_before',
  'change_per_hour',
  'failed',
  'failed_share',
  'failed_share_before',
  'received',
  'sent',
];

function describeUsage(periods: Periods, now: Usage, before: Usage | undefined): JsonObject {
  return {
    requests: now.requests,
    ...(before && {
      requests_before: before.requests,
      change_per_hour: describeChange(periods, now, before),
    }),
    failed: now.failed,
    failed_share: percentOf(now.failed, now.requests),
    ...(before && { failed_share_before: percentOf(before.failed, before.requests) }),
    received: describeBytes(now.inBytes),
    sent: describeBytes(now.outBytes),
  };
}

/** `+12 %` */
function describeChange(periods: Periods, now: Usage, before: Usage): string | undefined {
  const percent = changeOf(periods, now, before);
  return percent === undefined ? undefined : `${percent > 0 ? '+' : ''}${percent} %`;
}

/** `11.4 MB`, in powers of 1,000. */
function describeBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const amount = bytes / 1000 ** step;
  return `${step === 0 ? amount : amount.toFixed(1)} ${units[step]}`;
}

function summarize(
  usage: readonly IntegrationUsage[],
  total: Usage,
  before: Usage | undefined,
  zone: Zone,
): string {
  if (usage.length === 0) return 'The account has no integrations.';
  const counted = usage.filter(({ periods }) => periods !== undefined);
  const [one] = counted;
  const empty = usage.filter(({ isRead, periods }) => isRead && !periods).length;
  const unread = usage.filter(({ isRead }) => !isRead).length;
  const sentences = [
    one?.periods && `${whoOf(usage, counted)}, ${describeTotal(one.periods, total, zone)}.`,
    one?.periods && before && `The period before: ${describeBefore(one.periods, total, before)}.`,
    empty > 0 && `Synqly has no data of ${countOf(empty, 'integration')}.`,
    unread > 0 && `The usage of ${countOf(unread, 'integration')} was not read.`,
  ];
  return joinSentences(sentences);
}

function whoOf(usage: readonly IntegrationUsage[], counted: readonly IntegrationUsage[]): string {
  const [one, ...others] = counted;
  if (one && others.length === 0) return one.name;
  const all = countOf(usage.length, 'integration');
  return counted.length === usage.length ? all : `${counted.length} of ${all}`;
}

function describeTotal({ from, to }: Periods, total: Usage, zone: Zone): string {
  const share = percentOf(total.failed, total.requests);
  return [
    `${zone.write(from)} to ${zone.write(to)} (${zone.name}): ${countOf(total.requests, 'request')}`,
    ...(share === undefined ? [] : [`${total.failed} failed (${share})`]),
    `${describeBytes(total.inBytes)} received, ${describeBytes(total.outBytes)} sent`,
  ].join('; ');
}

function describeBefore(periods: Periods, total: Usage, before: Usage): string {
  const share = percentOf(before.failed, before.requests);
  const change = describeChange(periods, total, before);
  return [
    countOf(before.requests, 'request'),
    ...(share === undefined ? [] : [`${share} failed`]),
    ...(change === undefined ? [] : [`requests an hour are now ${change}`]),
  ].join('; ');
}

/** The steps with the most requests of all integrations together. */
function busiestOf(read: readonly Periods[], zone: Zone): readonly string[] | undefined {
  const steps = new Map<number, Usage>();
  for (const { steps: own } of read)
    for (const { at, usage } of own) steps.set(at, addUsage(steps.get(at) ?? noUsage, usage));
  const busiest = [...steps].filter(([, { requests }]) => requests > 0);
  busiest.sort(([one, left], [other, right]) => right.requests - left.requests || one - other);
  if (busiest.length === 0) return undefined;
  return busiest
    .slice(0, maxBusiest)
    .map(([at, { requests }]) => `${zone.write(at)}: ${countOf(requests, 'request')}`);
}

function hourTable({ steps }: Periods, zone: Zone): WorkflowTable {
  const rows = steps.map(({ at, usage }) => ({
    from: zone.write(at),
    requests: usage.requests,
    failed: usage.failed,
  }));
  return { columns: ['from', 'requests', 'failed'], rows };
}

function suggestCalls(rows: readonly JsonObject[], { args }: WorkflowRequest): SuggestedCall[] {
  const { account_id } = args;
  const failing = rows.some(({ failed }) => Number(failed) > 0);
  return [
    ...(failing
      ? [
          {
            tool: 'diagnose_integrations',
            arguments: { account_id },
            why: 'whether the failures continue',
          },
        ]
      : []),
    ...(rows.length > 1
      ? [
          {
            tool: 'usage_report',
            arguments: { account_id, integration_id: rows[0]?.integration },
            why: 'the busiest integration, hour by hour',
          },
        ]
      : []),
  ];
}
