import type { JsonObject } from '../../lib/json.ts';
import { hourMs, numberOf, objectsOf, timeOf } from './values.ts';

/** Sums of a part of a timeseries. */
export interface Usage {
  readonly requests: number;
  readonly failed: number;
  readonly inBytes: number;
  readonly outBytes: number;
}

export const noUsage: Usage = { requests: 0, failed: 0, inBytes: 0, outBytes: 0 };

export function addUsage(one: Usage, other: Usage): Usage {
  return {
    requests: one.requests + other.requests,
    failed: one.failed + other.failed,
    inBytes: one.inBytes + other.inBytes,
    outBytes: one.outBytes + other.outBytes,
  };
}

export function sumUsage(all: readonly Usage[]): Usage {
  return all.reduce(addUsage, noUsage);
}

interface Step {
  readonly at: number;
  readonly usage: Usage;
}

/** The last part of a timeseries, and the part of the same length before it. */
export interface Periods {
  readonly from: number;
  /** When the last step was counted, which is not complete. */
  readonly to: number;
  /** The beginning of the period before. */
  readonly start: number;
  readonly now: Usage;
  /** Undefined if the timeseries does not reach back that far. */
  readonly before: Usage | undefined;
  readonly steps: readonly Step[];
}

/** Divides a timeseries of Synqly. Its last step is not complete, and belongs to the period. */
export function readPeriods(timeseries: JsonObject, lengthMs: number): Periods | undefined {
  const steps = objectsOf(timeseries.series).flatMap(readStep);
  const [first, last] = [steps[0], steps.at(-1)];
  if (!first || !last) return undefined;
  const width = steps.length > 1 ? (last.at - first.at) / (steps.length - 1) : hourMs;
  const end = last.at + width;
  const from = Math.max(first.at, end - lengthMs);
  const start = from - (end - from);
  const within = (since: number, until: number) => steps.filter(({ at }) => at >= since && at < until);
  const sum = (some: readonly Step[]) => sumUsage(some.map(({ usage }) => usage));
  const period = within(from, end);
  return {
    from,
    to: Math.min(end, Math.max(last.at, timeOf(timeseries.end_time) ?? end)),
    start,
    now: sum(period),
    before: first.at <= start ? sum(within(start, from)) : undefined,
    steps: period,
  };
}

/**
 * By how many percent the requests an hour differ from those of the period before. The hours of the last step that are still
 * to come have no requests yet. Undefined if either period is too short to tell.
 */
export function changeOf(
  { from, to, start }: Pick<Periods, 'from' | 'to' | 'start'>,
  now: Usage,
  before: Usage,
): number | undefined {
  const [length, lengthBefore] = [to - from, from - start];
  if (before.requests === 0 || length < lengthBefore * minShare) return undefined;
  const perHour = now.requests / length;
  return Math.round((perHour / (before.requests / lengthBefore) - 1) * 100);
}

/** The part of a period that must be over for a comparison with the period before. */
const minShare = 0.1;

function readStep(step: JsonObject): readonly Step[] {
  const at = timeOf(step.created_at);
  if (at === undefined) return [];
  const failed = numberOf(step.failed);
  const requests = numberOf(step.succeeded) + failed;
  const usage = { requests, failed, inBytes: numberOf(step.in_bytes), outBytes: numberOf(step.out_bytes) };
  return [{ at, usage }];
}
