import { expect, test } from 'vitest';
import { createUsage, spanLength } from '../../src/sandbox/usage.ts';

const start = Date.parse('2026-11-02T09:02:00Z');
const minute = 60_000;
const hour = 60 * minute;

function createClock() {
  let time = start;
  return {
    now: () => time,
    advance: (by: number) => {
      time += by;
    },
  };
}

function sum(series: readonly Readonly<Record<string, string | number>>[], field: string): number {
  return series.reduce((total, step) => total + Number(step[field]), 0);
}

test('a new integration has no past', () => {
  const usage = createUsage(createClock());
  usage.open('a');
  expect(usage.counters('a')).toMatchObject({ requests: 0, failed: 0, cpu_time: 0, status: 'unknown' });
  expect(usage.events('a')).toEqual([]);
  expect(sum(usage.lastDay(['a']).series, 'succeeded')).toBe(0);
});

test('a request moves counters and timeseries at once', () => {
  const usage = createUsage(createClock());
  usage.open('a');
  usage.record('a');
  usage.record('a');
  const counters = usage.counters('a');
  expect(counters).toMatchObject({ requests: 2, failed: 0, status: 'ok', db_ops: 4, api_ops: 2 });
  expect(counters.in_bytes).toBeGreaterThan(0);
  expect(usage.lastHour(['a']).series.at(-1)).toMatchObject({ succeeded: 2, failed: 0 });
  expect(usage.lastDay(['a']).series.at(-1)).toMatchObject({ succeeded: 2 });
});

test('a failure shows as an event, and so does the recovery', () => {
  const clock = createClock();
  const usage = createUsage(clock);
  usage.open('a');
  usage.record('a', '401 Unauthorized');
  expect(usage.counters('a').status).toBe('error');
  clock.advance(minute);
  usage.record('a');
  expect(usage.counters('a').failed).toBe(1);
  expect(usage.events('a')).toEqual([
    { created_at: '2026-11-02T09:02:00.000Z', status: 'error', error: '401 Unauthorized', request: 1 },
    { created_at: '2026-11-02T09:03:00.000Z', status: 'ok', request: 2 },
  ]);
});

test('no two events share a time, as they are paged by it', () => {
  const usage = createUsage(createClock());
  usage.open('a');
  for (let number = 0; number < 3; number++) usage.record('a', 'refused');
  const times = usage.events('a').map((event) => event.created_at);
  expect(new Set(times).size).toBe(3);
  expect(times).toEqual([...times].sort());
});

test('a reset clears counters and events, and leaves the timeseries', () => {
  const usage = createUsage(createClock());
  usage.open('a');
  usage.record('a', 'refused');
  usage.reset('a');
  expect(usage.counters('a')).toMatchObject({ requests: 0, failed: 0, in_bytes: 0, status: 'unknown' });
  expect(usage.events('a')).toEqual([]);
  expect(sum(usage.lastDay(['a']).series, 'failed')).toBe(1);
});

test('a seeded day is the same each time, and the clock alone adds to it', () => {
  const clock = createClock();
  const opening = { since: start - 24 * hour, traffic: { perSpan: 8, failureShare: 0.02 } };
  const [first, second] = [createUsage(clock), createUsage(clock)];
  first.open('a', opening);
  second.open('a', opening);
  const before = first.counters('a');
  expect(before).toEqual(second.counters('a'));
  expect(before.requests).toBeGreaterThan(1000);
  expect(first.counters('a')).toEqual(before);
  clock.advance(hour);
  expect(first.counters('a').requests).toBeGreaterThan(before.requests);
  const whole = first.lastDay(['a']).series.slice(0, -1);
  expect(whole.every((step) => Number(step.succeeded) > 0)).toBe(true);
});

test('background traffic follows the provider: it fails while it refuses and recovers after', () => {
  const clock = createClock();
  const usage = createUsage(clock);
  usage.open('a', {
    since: start - 24 * hour,
    traffic: { perSpan: 8, failureShare: 0 },
    failing: { error: '401 Unauthorized', since: start - 2 * hour },
  });
  const { failed, status } = usage.counters('a');
  expect(status).toBe('error');
  expect(failed).toBeGreaterThan(20);
  expect(
    usage
      .lastHour(['a'])
      .series.slice(0, -1)
      .every((step) => step.succeeded === 0),
  ).toBe(true);
  usage.record('a');
  clock.advance(hour);
  expect(usage.counters('a')).toMatchObject({ failed, status: 'ok' });
});

test('the hour has steps of five minutes, the day steps of an hour, both up to now', () => {
  const usage = createUsage(createClock());
  const lastHour = usage.lastHour(['a', 'b']);
  expect(lastHour).toMatchObject({
    start_time: '2026-11-02T08:05:00.000Z',
    end_time: '2026-11-02T09:02:00.000Z',
    interval: '5m',
  });
  expect(lastHour.series).toHaveLength(hour / spanLength);
  const lastDay = usage.lastDay(['a']);
  expect(lastDay).toMatchObject({ start_time: '2026-11-01T10:00:00.000Z', interval: '1h' });
  expect(lastDay.series).toHaveLength(24);
});

test('the organization’s series is the sum of its integrations', () => {
  const usage = createUsage(createClock());
  usage.open('a');
  usage.open('b');
  usage.record('a');
  usage.record('b', 'refused');
  expect(usage.lastHour(['a', 'b']).series.at(-1)).toMatchObject({ succeeded: 1, failed: 1 });
  usage.close('b');
  expect(usage.lastHour(['a', 'b']).series.at(-1)).toMatchObject({ succeeded: 1, failed: 0 });
});

test('a request that does not reach the provider counts, and says nothing of its health', () => {
  const usage = createUsage(createClock());
  usage.open('a');
  usage.record('a', '401 Unauthorized');
  usage.count('a');
  expect(usage.counters('a')).toMatchObject({ requests: 2, failed: 1, status: 'error' });
});
