import * as z from 'zod';
import { CallError } from '../../errors.ts';
import type { JsonObject } from '../../lib/json.ts';
import { accountId, integrationId, text } from '../schemas/fields.ts';
import {
  defineWorkflow,
  type SuggestedCall,
  type WorkflowAnswer,
  type WorkflowRequest,
  type WorkflowTable,
} from './define-workflow.ts';
import { inTurns } from './in-turns.ts';
import { addUsage, noUsage, type Periods, readPeriods, sumUsage, type Usage } from './usage-periods.ts';
import { countOf, hourMs, percentOf } from './values.ts';

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
    'Report the usage of an account or integration: requests, failures, traffic and busiest hours of the last hours, beside the same time before.',
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

/** Writes times in a time zone. */
interface Zone {
  readonly name: string;
  /** `2026-08-31 14:00` */
  write(time: number): string;
}

/** @throws CallError `invalid_arguments` for an unknown time zone */
function readZone(given: unknown): Zone {
  const name = given === undefined ? 'UTC' : String(given);
  try {
    // The Swedish form of a time is that of ISO 8601.
    const format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: name,
      dateStyle: 'short',
      timeStyle: 'short',
    });
    return { name, write: (time) => format.format(time) };
  } catch {
    throw new CallError('invalid_arguments', 'Invalid arguments for usage_report.', {
      arguments: [
        { argument: 'time_zone', problem: 'must be the name of a time zone, such as Europe/Berlin' },
      ],
    });
  }
}

/** The usage of one integration; undefined if it was not read. */
interface IntegrationUsage {
  readonly name: string;
  readonly periods: Periods | undefined;
  readonly isLate: boolean;
}

async function readUsage(
  integrations: readonly JsonObject[],
  request: WorkflowRequest,
): Promise<readonly IntegrationUsage[]> {
  const { args, getObject, isOutOfTime, reportProgress } = request;
  const lengthMs = Number(args.hours ?? defaultHours) * hourMs;
  let done = 0;
  return inTurns(integrations, maxAtOnce, async ({ id, name }): Promise<IntegrationUsage> => {
    const parts = { account_id: args.account_id, integration_id: String(id) };
    const found = isOutOfTime() ? undefined : await getObject('status_get_integration_timeseries', parts);
    done += 1;
    reportProgress(done, integrations.length);
    return {
      name: String(name),
      periods: found && readPeriods(found, lengthMs),
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
    .map(({ name, periods }) => ({ integration: name, ...describeUsage(periods.now, periods.before) }));
  const late = usage.filter(({ isLate }) => isLate);
  return {
    summary: summarize(usage, total, before),
    details: {
      period: first && {
        from: zone.write(first.from),
        to: zone.write(first.to),
        time_zone: zone.name,
        ...(before
          ? { before_from: zone.write(first.from - (first.end - first.from)) }
          : { before: 'Synqly keeps no data of it' }),
      },
      ...(rows.length > 1 && { total: describeUsage(total, before) }),
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

const usageColumns = [
  'integration',
  'requests',
  'requests_before',
  'change',
  'failed',
  'failed_share',
  'failed_share_before',
  'received',
  'sent',
];

function describeUsage(now: Usage, before: Usage | undefined): JsonObject {
  return {
    requests: now.requests,
    ...(before && { requests_before: before.requests, change: changeOf(now.requests, before.requests) }),
    failed: now.failed,
    failed_share: percentOf(now.failed, now.requests),
    ...(before && { failed_share_before: percentOf(before.failed, before.requests) }),
    received: describeBytes(now.inBytes),
    sent: describeBytes(now.outBytes),
  };
}

function changeOf(now: number, before: number): string | undefined {
  if (before === 0) return undefined;
  const percent = Math.round(((now - before) / before) * 100);
  return `${percent > 0 ? '+' : ''}${percent} %`;
}

/** `11.4 MB`, in powers of 1,000. */
function describeBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const amount = bytes / 1000 ** step;
  return `${step === 0 ? amount : amount.toFixed(1)} ${units[step]}`;
}

function summarize(usage: readonly IntegrationUsage[], total: Usage, before: Usage | undefined): string {
  if (usage.length === 0) return 'The account has no integrations.';
  const share = percentOf(total.failed, total.requests);
  const change = before && changeOf(total.requests, before.requests);
  const shareBefore = before && percentOf(before.failed, before.requests);
  const [only, ...others] = usage;
  const who = others.length === 0 ? only?.name : countOf(usage.length, 'integration');
  return [
    `${who}: ${countOf(total.requests, 'request')}`,
    ...(share === undefined ? [] : [`${share} failed`]),
    `${describeBytes(total.inBytes)} received, ${describeBytes(total.outBytes)} sent`,
    ...(change === undefined
      ? []
      : [
          `requests ${change} against the period before${shareBefore === undefined ? '' : `, of which ${shareBefore} failed`}`,
        ]),
  ]
    .join('; ')
    .concat('.');
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
            why: 'whether what failed is still failing',
          },
        ]
      : []),
    ...(rows.length > 1
      ? [
          {
            tool: 'usage_report',
            arguments: { account_id, integration_id: rows[0]?.integration },
            why: 'the busiest integration by the hour',
          },
        ]
      : []),
  ];
}
