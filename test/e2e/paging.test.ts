import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FakeAnswer, type FakeRequest, type FakeSynqly, startFakeSynqly } from './fake-synqly.ts';
import { numbered, pagesOf, type Row, rowsOf, timeAt, type Upstream } from './paged-upstream.ts';
import { canary, type Program, startProgram } from './support.ts';

/*
 * Lists whose pages are not as one would have them: each row once, all of them or what may be missing told, and never
 * more than three requests beyond those that the rows take.
 */

let answer: (request: FakeRequest) => FakeAnswer | undefined = () => undefined;
let fake: FakeSynqly;
let full: Program;
let compact: Program;
beforeAll(async () => {
  fake = await startFakeSynqly((request) => answer(request));
  const args = ['--base-url', fake.url, '--timeout', '2', '--permissions', 'ignore'];
  full = await startProgram([...args, '--max-result-tokens', '60000'], { SYNQLY_TOKEN: canary });
  compact = await startProgram([...args, '--surface', 'compact', '--max-result-tokens', '60000'], {
    SYNQLY_TOKEN: canary,
  });
}, 60_000);
afterAll(async () => {
  await full.close();
  await compact.close();
  fake.close();
});
beforeEach(() => {
  answer = () => undefined;
});

/** Calls a list on both surfaces; both must answer alike. */
async function list(name: string, args: Record<string, unknown>, upstream: Upstream) {
  answer = pagesOf(upstream);
  fake.requests.length = 0;
  const { json, isError } = await full.call(name, { fields: ['*'], ...args });
  const requests = fake.requests.map(({ query }) => String(query));
  answer = pagesOf(upstream);
  const again = await compact.call('run_read', { operation: name, arguments: { fields: ['*'], ...args } });
  expect(again.json).toEqual(json);
  const { rows } = upstream;
  const wanted = Math.min(rows.length, Number(args.limit ?? 100));
  const pages = Math.ceil(wanted / Math.min(100, upstream.cap ?? 100));
  expect(requests.length, requests.join('\n')).toBeLessThanOrEqual(Math.max(1, pages) + 3);
  return { json, isError, rows: rowsOf(json), requests };
}

const integrations = (names: readonly string[]): Row[] =>
  names.map((name, at) => ({ id: `i${at}`, name, account_id: `a${at}` }));
const alike = (count: number, name = 'splunk') => Array.from({ length: count }, () => name);
/** Lines of an audit log: without an id. */
const lines = (times: readonly number[]): Row[] =>
  times.map((time, at) => ({ created_at: timeAt(time), path: `/v1/x/${at}`, method: 'GET' }));

const everySecond = (count: number) => Array.from({ length: count }, (_, at) => at * 1000);

describe('equal values at the border of a page', () => {
  test('150 integrations of one name: the first 100, and a call that gives all', async () => {
    const upstream: Upstream = { rows: integrations(alike(150)), field: 'name', counts: true };
    const { rows, json } = await list('integrations_list', {}, upstream);
    expect(rows).toEqual(upstream.rows.slice(0, 100));
    expect(json.more).toMatchObject({ remaining: 50, next: { limit: 200 } });
    const all = await list('integrations_list', json.more.next, upstream);
    expect(all.rows).toEqual(upstream.rows);
    expect(all.json.more).toBeUndefined();
  });

  test.each([
    ['at the beginning', [...alike(150, 'a'), ...numbered(20)]],
    ['in the middle', [...numbered(10, 'a'), ...alike(150, 'b'), ...numbered(10, 'c')]],
    ['at the end', [...numbered(20), ...alike(150, 'z')]],
  ])('170 rows, 150 alike %s, and a limit of 170: all of them', async (_, names) => {
    const upstream: Upstream = { rows: integrations(names), field: 'name', counts: true };
    const { rows, json } = await list('integrations_list', { limit: 170 }, upstream);
    expect(rows).toEqual(upstream.rows);
    expect(json.more).toBeUndefined();
  });

  test.each(['audit_list', 'status_list_events'])('%s: 150 lines of one moment', async (name) => {
    const times = [...everySecond(60), ...Array.from({ length: 150 }, () => 90_000), ...[95_000, 96_000]];
    const args = name === 'audit_list' ? {} : { account_id: 'a', integration_id: 'i' };
    const upstream: Upstream = { rows: lines(times), field: 'created_at' };
    const { rows, json } = await list(name, { ...args, limit: 300 }, upstream);
    expect(rows).toEqual(upstream.rows);
    expect(json.more).toBeUndefined();
  });

  test('rows with equal values beyond one page are given with a note that there may be more', async () => {
    const rows = integrations([...alike(150, 'a'), ...numbered(20)]);
    const found = await list('integrations_list', { limit: 170 }, { rows, field: 'name', cap: 100 });
    expect(found.rows).toEqual([...rows.slice(0, 100), ...rows.slice(150)]);
    expect(found.json.more.why).toBe('100 rows have the same name; Synqly may have more of them.');
    expect(found.json.more.next).toContain('account_id');
  });

  test('a server that repeats the value of start_after gives each row once all the same', async () => {
    const names = [...numbered(99), ...alike(5, 'n-0099'), ...numbered(60, 'o')];
    const upstream: Upstream = { rows: integrations(names), field: 'name', after: 'inclusive' };
    const { rows, json } = await list('integrations_list', { limit: 500 }, upstream);
    expect(rows).toEqual(upstream.rows);
    expect(json.more).toBeUndefined();
  });

  test('names that differ in case only, and times that differ beyond the millisecond', async () => {
    const names = ['SAME', 'Same', ...numbered(97, 'A'), ...numbered(40, 'T')].sort();
    const rows = integrations(names);
    const found = await list('integrations_list', { limit: 500 }, { rows, field: 'name' });
    expect(found.rows).toEqual(rows);
    const moments = everySecond(150).map(timeAt);
    moments.splice(98, 2, '2026-01-01T00:01:38.123111Z', '2026-01-01T00:01:38.123999Z');
    const byTime = moments.map((created_at, at) => ({ created_at, path: `/v1/x/${at}` }));
    const events = await list('audit_list', { limit: 500 }, { rows: byTime, field: 'created_at' });
    expect(events.rows).toEqual(byTime);
  });
});

describe('an invalid page', () => {
  const rows = lines(everySecond(250));
  test.each<[string, FakeAnswer, string]>([
    ['null in place of the rows', { json: { result: null } }, 'invalid_response'],
    ['an empty object', { json: {} }, 'invalid_response'],
    ['null', { json: null }, 'invalid_response'],
    ['a text', { json: 'rows' }, 'invalid_response'],
    ['no body', { text: '' }, 'invalid_response'],
    ['HTML', { text: '<html>' }, 'invalid_response'],
    ['a 403', { status: 403, json: { message: 'no', status: 403 } }, 'forbidden'],
    ['a 500', { status: 500, json: { message: 'no', status: 500 } }, 'server_error'],
    ['nothing at all', 'hang', 'timeout'],
  ])('%s as page 2 leaves the rows of page 1, and the call to continue', async (_, page, code) => {
    const found = await list(
      'audit_list',
      { limit: 250 },
      { rows, field: 'created_at', instead: { 2: page } },
    );
    expect(found.isError).toBe(false);
    expect(found.rows).toEqual(rows.slice(0, 100));
    expect(found.json.more).toMatchObject({
      why: 'Reading stopped after 100 rows.',
      error: { code, message: expect.any(String), retry: expect.stringMatching(/^(no|safe)$/) },
      next: { limit: 250, start_after: rows[98]?.created_at },
    });
    const rest = await list('audit_list', found.json.more.next, { rows, field: 'created_at' });
    expect(rest.rows).toEqual(rows.slice(99));
  });

  test('a 429 as page 2 tells how long to wait', async () => {
    const page = { status: 429, headers: { 'retry-after': '61' }, json: { message: 'no', status: 429 } };
    const { json } = await list(
      'audit_list',
      { limit: 250 },
      { rows, field: 'created_at', instead: { 2: page } },
    );
    expect(json.more.error).toMatchObject({ code: 'rate_limited', retry: 'safe', retry_after_s: 61 });
  });

  test.each<[string, FakeAnswer]>([
    ['null in place of the rows', { json: { result: null } }],
    ['an empty object', { json: {} }],
    ['an object in place of the rows', { json: { result: {} } }],
  ])('%s as the only page is an error, paged or not', async (_, page) => {
    for (const [name, args] of [
      ['accounts_list', {}],
      ['audit_list', { order: ['created_at[desc]'] }],
      ['permissionset_list', {}],
      ['subOrgs_list', {}],
      ['operations_list', {}],
    ] as const) {
      const { json, isError } = await list(name, args, { rows: [], field: 'name', instead: { 1: page } });
      expect(isError, name).toBe(true);
      expect(json.error).toMatchObject({ code: 'invalid_response', retry: 'safe' });
    }
  });

  test('a null among the rows is left out and reported, on any page of any list', async () => {
    const instead = { 2: (page: readonly Row[]) => ({ json: { result: [null, ...page, 7] } }) };
    const found = await list('audit_list', { limit: 250 }, { rows, field: 'created_at', instead });
    expect(found.rows).toEqual(rows);
    expect(found.json.more.why).toBe("2 items of Synqly's response are not objects and were left out.");
    for (const name of ['permissionset_list', 'operations_list']) {
      const json = { result: [{ name: 'viewer', id: 'x' }, null] };
      const one = await list(name, {}, { rows: [], field: 'name', instead: { 1: { json } } });
      expect(one.rows, name).toEqual([{ name: 'viewer', id: 'x' }]);
      expect(one.json.more.why, name).toContain('1 items');
    }
  });
});

describe('rows without an id', () => {
  test('250 audit lines, limit 150', async () => {
    const rows = lines(everySecond(250));
    const { rows: found, json } = await list('audit_list', { limit: 150 }, { rows, field: 'created_at' });
    expect(found).toEqual(rows.slice(0, 150));
    expect(json.more.next.start_after).toBe(rows[148]?.created_at);
  });

  test('identical lines are all kept', async () => {
    const twin = { created_at: timeAt(99_000), path: '/v1/twin', method: 'GET' };
    const rows = [...lines(everySecond(98)), twin, twin, twin, twin, ...lines([100_000, 101_000])];
    const { rows: found, json } = await list('audit_list', { limit: 300 }, { rows, field: 'created_at' });
    expect(found).toEqual(rows);
    expect(json.more).toBeUndefined();
  });

  test('a name that is null, at the border of a page', async () => {
    const rows = integrations(numbered(150)).map((row, at) => (at === 99 ? { ...row, name: null } : row));
    const found = await list('integrations_list', { limit: 300 }, { rows, field: 'name' });
    expect(found.rows.map(({ id }) => id).sort()).toEqual(rows.map(({ id }) => id).sort());
  });

  test('rows whose counters change between pages are not given twice', async () => {
    const rows = numbered(150).map((name) => ({ account_id: name, integration_id: 'x', requests: 0 }));
    let count = 0;
    answer = ({ query }) => {
      const after = query.get('start_after') ?? '';
      const limit = Number(query.get('limit'));
      const behind = rows.filter((row) => `${row.account_id},x` > after).slice(0, limit);
      count += 1;
      return { json: { result: behind.map((row) => ({ ...row, requests: count })) } };
    };
    const { json } = await full.call('status_list', { limit: 300 });
    expect(rowsOf(json).map((row) => row.account_id)).toEqual(numbered(150));
    expect(json.more).toBeUndefined();
  });
});

describe('a server that does not go on from start_after', () => {
  test.each([
    ['accounts_list', 250, 300],
    ['accounts_list', 250, 100],
    ['integrations_list', 250, 1000],
    ['integrations_list', 30, 100],
  ])('%s of %i rows, limit %i: each row once, and that there may be more', async (name, count, limit) => {
    const upstream: Upstream = {
      rows: integrations(numbered(count)),
      field: 'name',
      after: 'ignored',
      cap: 100,
    };
    const { rows, json } = await list(name, { limit }, upstream);
    expect(rows).toEqual(upstream.rows.slice(0, Math.min(100, count)));
    expect(json.more).toBeDefined();
  });

  test('a continued call is not sent in a circle', async () => {
    const upstream: Upstream = { rows: integrations(numbered(250)), field: 'name', after: 'ignored' };
    const args = { limit: 50, start_after: 'n-0049' };
    const { json } = await list('accounts_list', args, upstream);
    expect(json.more.why).toContain('did not continue from start_after');
    expect(typeof json.more.next).toBe('string');
  });
});

describe('pages that are cut below limit', () => {
  test.each([
    [100, 250, 250],
    [50, 250, 250],
    [37, 250, 100],
    [20, 60, 1000],
    [10, 100, 40],
  ])('pages of %i, %i rows, limit %i: as many as wanted', async (cap, count, limit) => {
    const upstream: Upstream = { rows: integrations(numbered(count)), field: 'name', cap };
    for (const name of ['accounts_list', 'integrations_list']) {
      const { rows, json } = await list(name, { limit }, upstream);
      const all = upstream.rows.slice(0, limit);
      if (json.more === undefined) expect(rows).toEqual(all);
      else expect(rows).toEqual(all.slice(0, rows.length));
      expect(json.more === undefined, name).toBe(rows.length === count);
      expect(rows.length, name).toBeGreaterThanOrEqual(Math.min(all.length, 6 * cap));
    }
  });

  test.each([
    ['accounts_list', { order: ['name[desc]'], limit: 250 }],
    ['audit_list', { order: ['created_at[desc]'], limit: 200 }],
    ['operations_list', { limit: 250 }],
    ['operations_list_execution_history', { limit: 500 }],
  ])('%s with %j, whose pages cannot be followed, says that rows may be missing', async (name, args) => {
    for (const cap of [100, 50]) {
      const upstream: Upstream = { rows: integrations(numbered(250)), field: 'name', cap };
      const { rows, json } = await list(name, args, upstream);
      expect(rows).toHaveLength(cap);
      expect(json.more.why).toContain('may have cut the list');
      expect(typeof json.more.next).toBe('string');
    }
  });

  test('an ordered list is known to be complete when Synqly counts', async () => {
    const upstream: Upstream = { rows: integrations(numbered(60)), field: 'name', counts: true };
    const { rows, json } = await list('accounts_list', { order: ['name[desc]'], limit: 250 }, upstream);
    expect(rows).toHaveLength(60);
    expect(json.more).toBeUndefined();
  });

  test('a list without pages is complete, however long it is', async () => {
    const upstream: Upstream = { rows: integrations(numbered(120)), field: 'name' };
    answer = () => ({ json: { result: upstream.rows } });
    const { json } = await full.call('permissionset_list', { fields: ['name'] });
    expect(json.rows).toHaveLength(120);
    expect(json.more).toBeUndefined();
  });
});

describe('requests', () => {
  test('of an ordinary list are one', async () => {
    for (const count of [1, 2, 3, 7, 12, 19]) {
      const upstream: Upstream = { rows: integrations(numbered(count)), field: 'name' };
      const { requests, json } = await list('integrations_list', {}, upstream);
      expect(requests).toHaveLength(1);
      expect(json.more).toBeUndefined();
    }
  });

  test('of a short list are two where more than a page was wanted: pages may be as short as that', async () => {
    for (const cap of [1, 2, 3, 7, 12, 19]) {
      const upstream: Upstream = { rows: integrations(numbered(40)), field: 'name', cap };
      const { requests, rows, json } = await list('accounts_list', { limit: 150 }, upstream);
      expect(rows).toEqual(upstream.rows.slice(0, rows.length));
      expect(rows.length).toBeGreaterThan(cap);
      expect(requests.length).toBeLessThanOrEqual(Math.ceil(rows.length / cap) + 3);
      if (rows.length < 40) expect(json.more.next.start_after).toBe(rows.at(-1)?.name);
      const whole: Upstream = { rows: upstream.rows.slice(0, cap), field: 'name' };
      const short = await list('accounts_list', { limit: 150 }, whole);
      expect(short.rows).toEqual(whole.rows);
      expect(short.json.more).toBeUndefined();
      expect(short.requests.length).toBeLessThanOrEqual(2);
    }
  });

  test('a server that lists the newest first, and takes start_after for the oldest to give, is not read to its end', async () => {
    const rows = integrations(numbered(250)).toReversed();
    answer = ({ query }) => {
      const behind = rows.filter(({ name }) => String(name) > (query.get('start_after') ?? ''));
      return { json: { result: behind.slice(0, Number(query.get('limit'))) } };
    };
    const { json } = await full.call('accounts_list', { limit: 300, fields: ['name'] });
    expect(json.rows).toHaveLength(100);
    expect(json.more.why).toContain('did not continue from start_after');
    // Newest first by itself is an order like any other.
    answer = ({ query }) => {
      const before = query.get('start_after');
      const behind = rows.filter(({ name }) => before === null || String(name) < before);
      return { json: { result: behind.slice(0, Number(query.get('limit'))) } };
    };
    const whole = await full.call('accounts_list', { limit: 300, fields: ['name'] });
    expect(whole.json.rows).toHaveLength(250);
    expect(whole.json.more).toBeUndefined();
  });

  test('a total that counts the rows of a page alone does not end a list', async () => {
    const rows = integrations(numbered(250));
    answer = (request) => {
      const { result } = (pagesOf({ rows, field: 'name', cap: 100 })(request) as { json: { result: Row[] } })
        .json;
      return { json: { result, total: result.length } };
    };
    const { json } = await full.call('accounts_list', { limit: 300, total: true, fields: ['name'] });
    expect(json.rows).toHaveLength(250);
  });

  test('that are repeated count as well', async () => {
    const failing: FakeAnswer = { status: 503, json: { message: 'busy', status: 503 } };
    const upstream: Upstream = {
      rows: integrations(numbered(30)),
      field: 'name',
      instead: { 2: failing, 3: failing, 4: failing, 5: failing, 6: failing },
    };
    const { rows, json } = await list('accounts_list', {}, upstream);
    expect(rows).toEqual(upstream.rows);
    expect(json.more.error.code).toBe('gateway_error');
  });

  test('reported as progress increase', async () => {
    answer = pagesOf({ rows: integrations(alike(400)), field: 'name' });
    const seen: number[] = [];
    await full.client.callTool({ name: 'integrations_list', arguments: { limit: 1000 } }, undefined, {
      onprogress: ({ progress }) => seen.push(progress),
    });
    expect(seen.length).toBeGreaterThan(0);
    expect(seen).toEqual([...new Set(seen)].sort((one, other) => one - other));
  });
});

describe('expand', () => {
  test.each([
    ['integrations_list', {}, ['account', 'accounts', 'integration_point', 'integration_points', 'all']],
    [
      'integrations_list_account',
      { account_id: 'a' },
      ['account', 'accounts', 'integration_point', 'integration_points', 'all'],
    ],
    ['status_list', {}, ['account', 'accounts', 'integration', 'integrations', 'all']],
  ])('%s takes singular and plural, as text too', async (name, args, values) => {
    answer = () => ({ json: { result: [{ id: 'i', name: 'n', account_id: 'a', integration_id: 'i' }] } });
    for (const value of values) {
      for (const expand of [[value], JSON.stringify([value]), value]) {
        fake.requests.length = 0;
        const { isError } = await full.call(name, { ...args, expand });
        expect(isError, `${value}`).toBe(false);
        expect(fake.requests[0]?.query.getAll('expand')).toEqual([value]);
      }
    }
    const { json } = await full.call(name, { ...args, expand: ['everything'] });
    expect(json.error.code).toBe('invalid_arguments');
  });

  test('is published as before', async () => {
    const { tools } = await full.client.listTools();
    const properties = tools.find(({ name }) => name === 'status_list')?.inputSchema.properties;
    expect(properties?.expand).toMatchObject({ items: { enum: ['accounts', 'integrations', 'all'] } });
  });
});
