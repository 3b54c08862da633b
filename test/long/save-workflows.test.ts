import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { postTo, startHttpProgram } from '../e2e/http-support.ts';
import { startPlantingProxy } from '../e2e/planting-proxy.ts';
import { startProgram, workflowNames } from '../e2e/support.ts';
import { testSurfaces } from '../e2e/surfaces.ts';
import { type Caller, type Json, openCaller, rowsOf } from '../e2e/workflows-support.ts';

const customer = 'aldermere-logistics';
const calls: Readonly<Record<string, Record<string, unknown>>> = {
  diagnose_integrations: {},
  account_overview: { account_id: customer },
  who_changed: { object: customer, type: 'account' },
  access_review: {},
  usage_report: { account_id: customer },
};

let sandbox: Sandbox;
beforeAll(async () => {
  // Its data change every five minutes, and answers are compared here.
  sandbox = await startSandbox({ size: 60, clock: new Date().toISOString() });
});
afterAll(() => sandbox.close());

/** How far the entries that are read reach back changes with each call, which is one more of them. */
const withoutReach = (text: string) => text.replaceAll(/ in (the last )?\d+ d\b/g, ' in some days');

/** The tables of an answer, each row as an object, without empty cells. */
function tablesOf(json: Json): Record<string, Json[]> {
  const filled = (rows: Json[]) =>
    rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)));
  const others = Object.entries<Json>(json).filter(([, value]) => Array.isArray(value?.rows));
  return Object.fromEntries([['rows', json], ...others].map(([name, one]) => [name, filled(rowsOf(one))]));
}

describe.each(['full', 'compact'] as const)('save_as of workflows on the %s surface', (surface) => {
  const folder = mkdtempSync(join(tmpdir(), 'output-'));
  let caller: Caller;
  let large: Caller;
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  beforeAll(async () => {
    // So few tokens that hardly a row of a table fits.
    const small = ['--output-dir', folder, '--max-result-tokens', '1000'];
    caller = await openCaller(sandbox, [surface, 'stdio'], small);
    large = await openCaller(sandbox, [surface, 'stdio'], ['--max-result-tokens', '100000']);
  });
  afterAll(async () => {
    await caller.close();
    await large.close();
    rmSync(folder, { recursive: true });
  });

  test.each(Object.keys(calls))('%s writes all that it found as JSON', async (name) => {
    const { json, text, isError } = await caller.run(name, { ...calls[name], save_as: `${name}.json` });
    expect(isError, text).toBe(false);
    expect(encode(text).length).toBeLessThanOrEqual(1_000);
    const { json: whole } = await large.run(name, calls[name]);
    const tables = tablesOf(JSON.parse(withoutReach(JSON.stringify(whole))));
    const file = JSON.parse(withoutReach(read(`${name}.json`)));
    expect(Object.keys(file)[0]).toBe('summary');
    expect(file).toMatchObject(tables);
    expect(json).toMatchObject({
      summary: file.summary,
      saved: join(folder, `${name}.json`),
      rows_saved: tables.rows?.length,
    });
    expect(statSync(join(folder, `${name}.json`)).mode & 0o777).toBe(0o600);
    expect(json.more).toBeUndefined();
    for (const next of json.next ?? [])
      expect((await caller.run(next.tool, next.arguments)).isError, next.tool).toBe(false);
  });

  test.each(Object.keys(calls))('%s writes each table as CSV', async (name) => {
    const { json, text, isError } = await caller.run(name, { ...calls[name], save_as: `${name}.csv` });
    expect(isError, text).toBe(false);
    expect(encode(text).length).toBeLessThanOrEqual(1_000);
    const tables = tablesOf((await large.run(name, calls[name])).json);
    for (const [table, rows] of Object.entries(tables)) {
      const { saved, rows_saved } = table === 'rows' ? json : json[table];
      const fileName = table === 'rows' ? `${name}.csv` : `${name}-${table}.csv`;
      expect(saved).toBe(join(folder, fileName));
      expect(rows_saved).toBe(rows.length);
      const [heading = '', ...lines] = read(fileName).split('\r\n');
      expect(lines).toHaveLength(rows.length + 1);
      const columns = heading.split(',');
      for (const field of Object.keys(rows[0] ?? {})) expect(columns).toContain(field);
      // The first column has a text without a comma.
      expect(lines.slice(0, -1).map((line) => line.split(',')[0])).toEqual(
        rows.map((row) => String(row[columns[0] ?? ''])),
      );
    }
    const written = Object.keys(tables).length;
    expect(readdirSync(folder).filter((one) => one.startsWith(name) && one.endsWith('.csv'))).toHaveLength(
      written,
    );
  });

  test('refuses a wrong name before it reads anything, and read_more takes no file', async () => {
    for (const save_as of ['../up.csv', 'a.txt', 7]) {
      const { json } = await caller.run('access_review', { save_as });
      expect(json.error).toMatchObject({ code: 'invalid_arguments', arguments: [{ argument: 'save_as' }] });
    }
    const before = readdirSync(folder);
    const { json } = await caller.program.call('read_more', {
      tool: 'access_review',
      arguments: { save_as: 'part.csv' },
      cursor: 'rows.0',
    });
    expect(json.error.code).toBe('invalid_arguments');
    expect(readdirSync(folder)).toEqual(before);
  });

  test('is described where files are written, and a refusal lists it', async () => {
    if (surface === 'full') {
      const { tools } = await caller.program.client.listTools();
      for (const name of workflowNames)
        expect(tools.find((one) => one.name === name)?.inputSchema.properties).toHaveProperty('save_as');
      return;
    }
    const { json } = await caller.program.call('find_operations', { query: 'usage_report' });
    expect(json.operations[0].arguments.properties).toHaveProperty('save_as');
    const refused = await caller.run('usage_report', { account_id: customer, file: 'x.csv' });
    expect(JSON.stringify(refused.json.error.accepted_arguments)).toContain('save_as');
  });

  test('says what is missing in the file as well', async () => {
    const denied = await openCaller(
      sandbox,
      [surface, 'stdio'],
      ['--output-dir', folder, '--deny', 'tokens_list'],
    );
    const { json } = await denied.run('access_review', { save_as: 'missing.json' });
    expect(json.not_read).toMatchObject([{ operation: 'tokens_list' }]);
    expect(JSON.parse(read('missing.json')).not_read).toEqual(json.not_read);
    await denied.close();
  });
});

/** Writes the answers of all workflows as CSV and JSON, and reads the files. */
async function filesOf(baseUrl: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'output-'));
  const way = ['full', 'stdio'] as const;
  const caller = await openCaller({ baseUrl, token: sandbox.token }, way, ['--output-dir', folder]);
  for (const [name, args] of Object.entries(calls))
    for (const extension of ['csv', 'json'])
      expect((await caller.run(name, { ...args, save_as: `${name}.${extension}` })).isError).toBe(false);
  const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  await caller.close();
  rmSync(folder, { recursive: true });
  expect(texts.length).toBeGreaterThan(10);
  return texts;
}

test('no secret is written, wherever Synqly has one', async () => {
  const proxy = await startPlantingProxy(sandbox.baseUrl);
  const texts = await filesOf(proxy.url);
  expect(proxy.planted.size).toBeGreaterThan(0);
  for (const secret of [...proxy.planted, sandbox.token])
    expect(texts.filter((text) => text.includes(secret))).toEqual([]);
  proxy.close();
});

test('a secret that others copied is not written, also where it becomes known later', async () => {
  const viewer = { permission_set: 'viewer', resources: {} };
  const { result } = await postTo(sandbox, '/v1/tokens', { name: 'copied', ...viewer });
  const { secret } = result.primary.access;
  await postTo(sandbox, '/v1/roles', { name: `says-${secret}`, ...viewer });
  // The role is read before the token.
  sandbox.faults.add({ route: 'tokens_list', delay: 500 });
  const texts = await filesOf(sandbox.baseUrl);
  sandbox.faults.clear();
  expect(texts.filter((text) => text.includes('says-')).length).toBeGreaterThan(2);
  expect(texts.filter((text) => text.includes(secret))).toEqual([]);
});

test('save_as of workflows is neither published nor taken without --output-dir, nor over HTTP', async () => {
  for (const surface of ['full', 'compact'] as const) {
    const program = await startProgram(['--base-url', sandbox.baseUrl, '--surface', surface], {
      SYNQLY_TOKEN: sandbox.token,
    });
    for (const name of workflowNames) {
      const { json } = await program.call(
        ...testSurfaces[surface].toolCall(name, { ...calls[name], save_as: 'x.csv' }),
      );
      expect(json.error.arguments, name).toEqual([{ argument: 'save_as', problem: 'is unknown' }]);
    }
    const found = await program.call('find_operations', { query: 'usage_report' }).catch(() => undefined);
    expect(JSON.stringify(found?.json ?? (await program.client.listTools()))).not.toContain('save_as');
    await program.close();
  }
  const http = await startHttpProgram(['--base-url', sandbox.baseUrl], {
    SYNQLY_OUTPUT_DIR: tmpdir(),
    SYNQLY_PERMISSIONS: 'ignore',
  });
  const { error } = await http.call(sandbox.token, 'access_review', { save_as: 'x.csv' });
  expect(error.arguments).toEqual([{ argument: 'save_as', problem: 'is unknown' }]);
  await http.close();
});
