/*
 * Counters, status events and timeseries of integrations. Code that makes an integration contact its provider calls
 * `record`; code that issues it a token calls `count`. Integrations opened with `traffic` also gain background
 * requests for every five minutes of clock time; with a fixed clock none.
 */
import type { SandboxState, Usage, UsageCounters, UsageEvent, UsageOpening, UsageSeries } from './model.ts';
import {
  addSample,
  backgroundSample,
  emptySample,
  requestSample,
  type Sample,
  type Traffic,
} from './traffic.ts';

/** Smallest time step, in milliseconds. */
export const spanLength = 5 * 60_000;
const hour = 60 * 60_000;
const keptSpans = 25 * (hour / spanLength);
const keptEvents = 1000;

interface UsageRecord {
  readonly traffic: Traffic | undefined;
  readonly openedAt: number;
  changedAt: number;
  /** First span whose background traffic is not counted yet. */
  nextSpan: number;
  /** Why and since when every request fails. */
  standing: { error: string; since: number } | undefined;
  /** First span after the last recovery; earlier failures are over. */
  judgedFrom: number;
  /** Requests since tracking started; not changed by a reset. */
  running: number;
  totals: Sample;
  readonly spans: Map<number, Sample>;
  events: UsageEvent[];
}

/**
 * Keeps usage for one sandbox.
 *
 *     const usage = createUsage({ now });
 *     usage.open(integration.id);                       // new: nothing counted yet
 *     usage.open(integration.id, {                      // seeded: a day of traffic, broken for two hours
 *       since: now() - 24 * hour,
 *       traffic: { perSpan: 8, failureShare: 0.01 },
 *       failing: { error: 'provider answered 401', since: now() - 2 * hour },
 *     });
 *     usage.record(integration.id);                     // a request that worked
 *     usage.record(integration.id, 'connection reset'); // one that failed; so does what follows
 *     usage.count(integration.id);                      // one that says nothing of the provider
 */
export function createUsage(state: Pick<SandboxState, 'now'>): Usage {
  const records = new Map<string, UsageRecord>();

  function recordOf(integrationId: string): UsageRecord {
    const record = records.get(integrationId) ?? openRecord(integrationId, {});
    settle(integrationId, record, state.now());
    return record;
  }

  function openRecord(integrationId: string, opening: UsageOpening): UsageRecord {
    const openedAt = opening.since ?? state.now();
    const record: UsageRecord = {
      traffic: opening.traffic,
      openedAt,
      changedAt: openedAt,
      nextSpan: Math.ceil(openedAt / spanLength),
      standing: opening.failing && { ...opening.failing },
      judgedFrom: 0,
      running: 0,
      totals: emptySample(),
      spans: new Map(),
      events: [],
    };
    records.set(integrationId, record);
    return record;
  }

  return {
    open(integrationId, opening = {}) {
      openRecord(integrationId, opening);
    },
    close(integrationId) {
      records.delete(integrationId);
    },
    count(integrationId) {
      countRequest(integrationId, recordOf(integrationId), state.now(), false);
    },
    record(integrationId, error) {
      const record = recordOf(integrationId);
      const at = state.now();
      countRequest(integrationId, record, at, error !== undefined);
      if (error !== undefined) {
        record.standing ??= { error, since: at };
        record.standing.error = error;
        addEvent(record, at, 'error', error);
      } else if (record.standing) {
        record.standing = undefined;
        record.judgedFrom = Math.floor(at / spanLength) + 1;
        addEvent(record, at, 'ok');
      }
    },
    reset(integrationId) {
      const record = recordOf(integrationId);
      record.totals = emptySample();
      record.events = [];
      record.changedAt = state.now();
    },
    counters(integrationId) {
      return toCounters(recordOf(integrationId), state.now());
    },
    events(integrationId) {
      return recordOf(integrationId).events;
    },
    lastHour(integrationIds) {
      return toSeries(integrationIds.map(recordOf), state.now(), spanLength, hour / spanLength, '5m');
    },
    lastDay(integrationIds) {
      return toSeries(integrationIds.map(recordOf), state.now(), hour, 24, '1h');
    },
  };
}

function settle(integrationId: string, record: UsageRecord, now: number): void {
  const present = Math.floor(now / spanLength);
  if (!record.traffic || record.nextSpan >= present) return;
  for (let span = record.nextSpan; span < present; span++) {
    const start = span * spanLength;
    const standing = record.standing && start >= record.standing.since ? record.standing.error : undefined;
    const { sample, error } = backgroundSample(integrationId, span, record.traffic, standing);
    record.running += sample.succeeded + sample.failed;
    addToSpan(record, span, sample);
    if (error !== undefined) addEvent(record, start, standing === undefined ? 'degraded' : 'error', error);
  }
  record.nextSpan = present;
  record.changedAt = Math.max(record.changedAt, present * spanLength);
  for (const span of record.spans.keys()) if (span < present - keptSpans) record.spans.delete(span);
}

function countRequest(integrationId: string, record: UsageRecord, at: number, failed: boolean): void {
  record.running++;
  addToSpan(record, Math.floor(at / spanLength), requestSample(integrationId, record.running, failed));
  record.changedAt = at;
}

function addToSpan(record: UsageRecord, span: number, sample: Sample): void {
  addSample(record.totals, sample);
  const kept = record.spans.get(span);
  if (kept) addSample(kept, sample);
  else record.spans.set(span, { ...sample });
}

// Events are paged by time alone, so no two have the same.
function addEvent(record: UsageRecord, at: number, status: string, error?: string): void {
  const last = record.events.at(-1);
  const time = last ? Math.max(at, Date.parse(last.created_at) + 1) : at;
  record.events.push({
    created_at: new Date(time).toISOString(),
    status,
    request: record.running,
    ...(error !== undefined && { error }),
  });
  if (record.events.length > keptEvents) record.events.shift();
}

function toCounters(record: UsageRecord, now: number): UsageCounters {
  const { succeeded, failed, cpu_time, in_bytes, out_bytes } = record.totals;
  const requests = succeeded + failed;
  return {
    created_at: new Date(record.openedAt).toISOString(),
    updated_at: new Date(record.changedAt).toISOString(),
    status: statusOf(record, now),
    requests,
    failed,
    cpu_time,
    db_ops: 2 * requests,
    api_ops: requests,
    in_bytes,
    out_bytes,
  };
}

// The real values are not documented (`status` is free text); these four are invented.
function statusOf(record: UsageRecord, now: number): string {
  if (record.totals.succeeded + record.totals.failed === 0) return 'unknown';
  if (record.standing) return 'error';
  const recent = emptySample();
  const from = Math.max(record.judgedFrom, Math.floor((now - hour) / spanLength));
  for (const [span, sample] of record.spans) if (span >= from) addSample(recent, sample);
  return recent.failed * 10 > recent.succeeded + recent.failed ? 'degraded' : 'ok';
}

// The last step contains `now` and is not complete.
function toSeries(
  records: readonly UsageRecord[],
  now: number,
  width: number,
  steps: number,
  interval: string,
): UsageSeries {
  const last = Math.floor(now / width);
  const first = last - steps + 1;
  const sums = Array.from({ length: steps }, emptySample);
  for (const record of records)
    for (const [span, sample] of record.spans) {
      const sum = sums[Math.floor((span * spanLength) / width) - first];
      if (sum) addSample(sum, sample);
    }
  return {
    start_time: new Date(first * width).toISOString(),
    end_time: new Date(now).toISOString(),
    interval,
    series: sums.map((sum, step) => ({ created_at: new Date((first + step) * width).toISOString(), ...sum })),
  };
}
