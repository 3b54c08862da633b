import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { startFakeSynqly } from './fake-synqly.ts';
import { type Caller, getFrom, type Json, openCaller, rowsOf, ways } from './workflows-support.ts';

const tool = 'usage_report';
const account_id = 'aldermere-logistics';

/** Early in an hour, so that the last hour has few requests. */
const clock = Math.floor(Date.now() / 3_600_000) * 3_600_000 + 10 * 60_000;

let sandbox: Sandbox;
let series: Map<string, Json[]>;
beforeAll(async () => {
  // The clock stands still, so that the timeseries are the same in each call.
  sandbox = await startSandbox({ clock: () => clock });
  series = new Map();
  const { result } = await getFrom(sandbox, `/v1/integrations/${account_id}`);
  for (const { id, name } of result)
    series.set(name, (await getFrom(sandbox, `/v1/status/${account_id}/${id}/timeseries`)).result.series);
});
afterAll(() => sandbox.close());

const sum = (steps: Json[], ...fields: string[]) =>
  steps.reduce((all, step) => fields.reduce((part, field) => part + step[field], all), 0);

/** The percentage as a number; the report may have a decimal. */
const share = (text: string) => Number.parseFloat(text);

describe.each(ways)('usage_report on the %s surface over %s', (...way) => {
  let caller: Caller;
  const run = async (args: Record<string, unknown>): Promise<Json> => (await caller.run(tool, args)).json;
  beforeAll(async () => {
    caller = await openCaller(sandbox, way);
  });
  afterAll(() => caller.close());

  test('has the sums of the last 12 hours beside those of the 12 before', async () => {
    const { json, text } = await caller.run(tool, { account_id });
    const rows = rowsOf(json);
    expect(rows.map(({ integration }) => integration).sort()).toEqual([...series.keys()].sort());
    for (const row of rows) {
      const steps = series.get(row.integration) ?? [];
      expect(steps).toHaveLength(24);
      const [before, now] = [steps.slice(0, 12), steps.slice(12)];
      expect(row.requests).toBe(sum(now, 'succeeded', 'failed'));
      expect(row.requests_before).toBe(sum(before, 'succeeded', 'failed'));
      expect(row.failed).toBe(sum(now, 'failed'));
      expect(share(row.failed_share)).toBeCloseTo((row.failed / row.requests) * 100, -0.3);
      // The last hour is not over, so that sums do not compare.
      const hours = (clock % 3_600_000) / 3_600_000 + 11;
      const change = (row.requests / hours / (row.requests_before / 12) - 1) * 100;
      expect(Math.abs(Number.parseFloat(row.change_per_hour) - change)).toBeLessThanOrEqual(0.51);
      expect(share(row.received)).toBeCloseTo(sum(now, 'in_bytes') / 1e6, 1);
    }
    const at = (time: number) => new Date(time).toISOString().slice(0, 16).replace('T', ' ');
    const lastHour = clock - (clock % 3_600_000);
    expect(json.period).toEqual({
      from: at(lastHour - 11 * 3_600_000),
      to: at(clock),
      time_zone: 'UTC',
      before_from: at(lastHour - 23 * 3_600_000),
      before_to: at(lastHour - 11 * 3_600_000),
      incomplete: `The hour from ${at(lastHour)} is not over: requests are of 11.2 hours, requests_before of 12. change_per_hour allows for it.`,
    });
    const all = [...series.values()].flat();
    expect(json.total.requests + json.total.requests_before).toBe(sum(all, 'succeeded', 'failed'));
    expect(rows.map(({ requests }) => requests)).toEqual(
      rows.map(({ requests }) => requests).sort((one, other) => other - one),
    );
    console.log(`${tool}: ${encode(text).length} tokens`);
    expect(encode(text).length).toBeLessThan(600);
  });

  test('names the busiest hours in the time zone of the caller', async () => {
    const json = await run({ account_id, time_zone: 'Asia/Kolkata' });
    const steps = [...(series.values().next().value ?? [])].slice(12);
    const counts = steps.map((step, index) => {
      const requests = [...series.values()].reduce(
        (all, own) => all + sum([own[12 + index]], 'succeeded', 'failed'),
        0,
      );
      const time = new Date(Date.parse(step.created_at) + 5.5 * 3_600_000).toISOString();
      return { text: `${time.slice(0, 10)} ${time.slice(11, 16)}: ${requests} requests`, requests };
    });
    counts.sort((one, other) => other.requests - one.requests);
    expect(json.busiest_hours[0]).toBe(counts[0]?.text);
    expect(json.busiest_hours).toHaveLength(3);
    expect(json.period.time_zone).toBe('Asia/Kolkata');
    const { error } = await run({ account_id, time_zone: 'Middle/Earth' });
    expect(error).toMatchObject({ code: 'invalid_arguments', arguments: [{ argument: 'time_zone' }] });
  });

  test('has one integration by the hour', async () => {
    const json = await run({ account_id, integration_id: 'siem-splunk', hours: 6 });
    expect(rowsOf(json).map(({ integration }) => integration)).toEqual(['siem-splunk']);
    const steps = (series.get('siem-splunk') ?? []).slice(-6);
    expect(rowsOf(json.hours).map(({ requests, failed }) => [requests, failed])).toEqual(
      steps.map((step) => [sum([step], 'succeeded', 'failed'), step.failed]),
    );
    expect((await run({ account_id, integration_id: 'absent' })).error.code).toBe('not_found');
  });

  test('says that there is nothing before a whole day', async () => {
    const json = await run({ account_id, hours: 24 });
    expect(json.period.before).toBe('Synqly has no usage data of it');
    expect(json.period.incomplete).toMatch(/ is not over: requests are of 23\.2 hours\.$/);
    expect(json.total).not.toHaveProperty('requests_before');
    expect(json.total.requests).toBe(sum([...series.values()].flat(), 'succeeded', 'failed'));
    expect((await run({ account_id, hours: 25 })).error.code).toBe('invalid_arguments');
  });
});

test('what has no time is left out, and named', async () => {
  sandbox.faults.add({ route: 'status_get_integration_timeseries', delay: 3_000 });
  const caller = await openCaller(sandbox, ['full', 'stdio'], ['--timeout', '1']);
  const { json, isError } = await caller.run(tool, { account_id });
  sandbox.faults.clear();
  expect(isError).toBe(false);
  expect(json.more.why).toBe('No time was left for 3 integrations.');
  const rest = await caller.run(tool, json.more.next);
  expect(rowsOf(rest.json)).toHaveLength(1);
  await caller.close();
});

test('says which integrations were not read, or have no data', async () => {
  const { result } = await getFrom(sandbox, `/v1/integrations/${account_id}`);
  const [empty, failing] = result.map(({ id }: Json) => `/v1/status/${account_id}/${id}/timeseries`);
  let emptied = [empty];
  let failed = [failing];
  const api = await startFakeSynqly(({ path }) => {
    const isOf = (paths: string[]) => paths.some((one) => path.endsWith(one.split('/').slice(-2).join('/')));
    if (isOf(emptied)) return { json: { result: { series: [] } } };
    return isOf(failed) ? { status: 403, json: { message: 'no', status: 403 } } : undefined;
  }, sandbox.baseUrl);
  const caller = await openCaller({ baseUrl: api.url, token: sandbox.token }, ['full', 'stdio']);
  const { json } = await caller.run(tool, { account_id });
  expect(rowsOf(json)).toHaveLength(1);
  expect(json.summary).toContain(`${result[2].name}, `);
  expect(json.summary).toContain(
    'Synqly has no data of 1 integration. The usage of 1 integration was not read.',
  );
  emptied = [];
  failed = result.map(({ id }: Json) => `${id}/timeseries`);
  const none = await caller.run(tool, { account_id });
  expect(none.json.summary).toBe('The usage of 3 integrations was not read.');
  expect(none.json.not_read).toHaveLength(1);
  await caller.close();
  api.close();
});

test('tells apart the hours that occur twice where clocks are set back', async () => {
  const fall = await startSandbox({ clock: '2026-10-25T05:30:00Z' });
  const caller = await openCaller(fall, ['full', 'stdio']);
  const args = { account_id, integration_id: 'siem-splunk', time_zone: 'Europe/Berlin' };
  const { json } = await caller.run(tool, args);
  const times = rowsOf(json.hours).map(({ from }) => from);
  expect(times).toContain('2026-10-25 01:00');
  expect(times).toContain('2026-10-25 02:00 UTC+02:00');
  expect(times).toContain('2026-10-25 02:00 UTC+01:00');
  expect(times).toContain('2026-10-25 03:00');
  expect(new Set(times).size).toBe(12);
  await caller.close();
  await fall.close();
});
