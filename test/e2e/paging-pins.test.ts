import { afterEach, describe, expect, test } from 'vitest';
import { type FakeAnswer, type FakeRequest, type FakeSynqly, startFakeSynqly } from './fake-synqly.ts';
import { numbered, pagesOf, type Row, rowsOf, type Upstream } from './paged-upstream.ts';
import { canary, type Program, startProgram } from './support.ts';

/* What is read page by page beside lists: proofs of pins, the server's own token, and completion. */

let fake: FakeSynqly;
let program: Program;
afterEach(async () => {
  await program?.close();
  fake?.close();
});

async function open(answer: (request: FakeRequest) => FakeAnswer | undefined, ...args: string[]) {
  fake = await startFakeSynqly(answer);
  const known = args.includes('--permissions') ? args : [...args, '--permissions', 'ignore'];
  program = await startProgram(['--base-url', fake.url, '--timeout', '5', ...known], {
    SYNQLY_TOKEN: canary,
  });
}

const asked = (path: string) => fake.requests.filter((request) => request.path === path).length;

/** A list by name whose pages are found by its path. */
const paged = (lists: Readonly<Record<string, Upstream>>) => {
  const pages = new Map(Object.entries(lists).map(([path, upstream]) => [path, pagesOf(upstream)]));
  return (request: FakeRequest) => pages.get(request.path)?.(request);
};
const named = (names: readonly string[], more: Row = {}): Row[] =>
  names.map((name, at) => ({ id: `id-${name}-${at}`, name, ...more }));

describe('a bridge of the pinned account', () => {
  const account = { id: 'acme', name: 'acme', environment: 'test' };
  const bridges = '/v1/bridges/acme';
  const answering = (upstream: Upstream) => {
    const list = paged({ [bridges]: upstream });
    return (request: FakeRequest): FakeAnswer | undefined => {
      if (request.path === '/v1/accounts/acme') return { json: { result: account } };
      if (request.path.startsWith(`${bridges}/`)) return { json: { result: { id: 'x', name: 'x' } } };
      return list(request);
    };
  };

  test.each<[string, Partial<Upstream>]>([
    ['start_after is ignored', { after: 'ignored', cap: 100 }],
    ['start_after is ignored, and pages are short', { after: 'ignored', cap: 20 }],
    ['its value comes again', { after: 'inclusive' }],
    ['pages are cut', { cap: 50 }],
  ])('that does not exist is refused after a few requests when %s', async (_, how) => {
    await open(answering({ rows: named(numbered(300)), field: 'name', ...how }), '--account', 'acme');
    const { json } = await program.call('bridges_get', { bridge_id: 'nowhere' });
    expect(json.error.code).toBe('outside_pin');
    expect(asked(bridges)).toBeLessThanOrEqual(300 / (how.cap ?? 100) + 3);
    expect(asked(`${bridges}/nowhere`)).toBe(0);
  });

  test.each([100, 50])('on a late page is found where pages hold %i', async (cap) => {
    const rows = named(numbered(180)).map((row, at) => (at === 99 ? { name: row.name } : row));
    await open(answering({ rows, field: 'name', cap }), '--account', 'acme');
    const { isError } = await program.call('bridges_get', { bridge_id: 'n-0170' });
    expect(isError).toBe(false);
    expect(asked(`${bridges}/id-n-0170-170`)).toBe(1);
  });

  test('is not looked up in an answer without a list', async () => {
    const instead = { 1: { json: { result: null } } };
    await open(answering({ rows: [], field: 'name', instead }), '--account', 'acme');
    const { json } = await program.call('bridges_get', { bridge_id: 'n-0170' });
    expect(json.error.code).toBe('invalid_response');
  });
});

describe('a list that is narrowed to the accounts of an environment', () => {
  const accounts = (count: number) => named(numbered(count), { environment: 'test' });
  const integrations = (owners: readonly Row[]) =>
    owners.map(({ id }, at) => ({ id: `i${at}`, name: `i-${String(at).padStart(4, '0')}`, account_id: id }));

  test('holds the rows of all of them when pages are short', async () => {
    const owners = accounts(80);
    await open(
      paged({
        '/v1/accounts': { rows: owners, field: 'name', cap: 50 },
        '/v1/integrations': { rows: integrations(owners), field: 'name', cap: 50 },
      }),
      '--environment',
      'test',
    );
    const { json } = await program.call('integrations_list', {});
    expect(rowsOf(json)).toHaveLength(80);
    expect(json.more).toBeUndefined();
    expect(fake.requests.find(({ path }) => path === '/v1/integrations')?.query.getAll('filter')).toEqual([
      `account_id[in]${owners.map(({ id }) => id).join(',')}`,
    ]);
  });

  test.each<[string, Partial<Upstream>]>([
    ['start_after is ignored', { after: 'ignored', cap: 50 }],
    ['a page is broken', { instead: { 2: { json: {} } }, cap: 50 }],
  ])('is refused when not all of them can be read: %s', async (_, how) => {
    await open(
      paged({ '/v1/accounts': { rows: accounts(80), field: 'name', ...how } }),
      '--environment',
      'test',
    );
    const { json } = await program.call('integrations_list', {});
    expect(['outside_pin', 'invalid_response']).toContain(json.error.code);
    expect(asked('/v1/integrations')).toBe(0);
  });

  test("that has none of a page's rows is not reported as empty, and names no row outside", async () => {
    const owners = accounts(3);
    const outside = named(numbered(150, 'secret'), { account_id: 'other' });
    await open(
      paged({
        '/v1/accounts': { rows: owners, field: 'name' },
        '/v1/integrations': { rows: outside, field: 'name' },
      }),
      '--environment',
      'test',
    );
    const { json, text } = await program.call('integrations_list', {});
    expect(json.note).toBeUndefined();
    expect(json.more.next).toMatchObject({ limit: 200 });
    expect(text).not.toContain('secret');
  });
});

test("the server's own token is looked up in a few pages, whatever start_after does", async () => {
  await open(
    paged({ '/v1/tokens': { rows: named(numbered(500)), field: 'name', after: 'ignored', cap: 100 } }),
    '--permissions',
    'learn',
  );
  await program.client.listTools();
  expect(asked('/v1/tokens')).toBeGreaterThan(0);
  expect(asked('/v1/tokens')).toBeLessThanOrEqual(4);
});

describe('completion', () => {
  const complete = async (value: string) => {
    const { completion } = await program.client.complete({
      ref: { type: 'ref/resource', uri: 'synqly://status/{account_id}/{integration_id}/timeseries' },
      argument: { name: 'integration_id', value },
    });
    return completion;
  };

  test('of 150 integrations of one name gives the name once, after a few requests', async () => {
    const rows = named(Array.from({ length: 150 }, () => 'splunk'));
    await open(paged({ '/v1/integrations': { rows, field: 'name' } }));
    expect(await complete('')).toEqual({ values: ['splunk'], hasMore: true });
    expect(asked('/v1/integrations')).toBeLessThanOrEqual(5);
  });

  test('is reported as possibly incomplete when pages are short and cannot be followed', async () => {
    const rows = named(numbered(120));
    await open(paged({ '/v1/integrations': { rows, field: 'name', cap: 50, after: 'ignored' } }));
    const { values, hasMore } = await complete('');
    expect(values).toEqual(numbered(50));
    expect(hasMore).toBe(true);
    expect(asked('/v1/integrations')).toBeLessThanOrEqual(4);
  });
});

test('a hint says when its number may be too small', async () => {
  const rows = named(numbered(200), { environment: 'test' });
  const pages = pagesOf({ rows, field: 'name', cap: 50 });
  await open((request) => (request.query.has('filter') ? { json: { result: [] } } : pages(request)));
  const { json } = await program.call('accounts_list', { filter: ['name[eq]nobody'] });
  expect(json.note).toContain('Without the filter there are 50 or more.');
});
