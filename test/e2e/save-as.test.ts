import { spawnSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { postTo, startHttpProgram } from './http-support.ts';
import { builtCli, cleanEnvironment, type Program, startProgram } from './support.ts';
import { testSurfaces } from './surfaces.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ size: 250 });
  const make = (name: string, fullname: string) =>
    postTo(sandbox, '/v1/accounts', { name, fullname, environment: 'test' });
  await make('zz-formula', '=HYPERLINK("http://x.example","click")');
  await make('zz-at', '@SUM(1)');
  await make('zz-plus', '+1');
  await make('zz-minus', '-1+1');
  await make('zz-quote', 'Doe, "Jane"\nSecond line');
  await make('zz-token', `the token ${sandbox.token}`);
});
afterAll(() => sandbox.close());

describe.each(['full', 'compact'] as const)('save_as on the %s surface', (surface) => {
  const folder = mkdtempSync(join(tmpdir(), 'output-'));
  let program: Program;
  const batchTool = surface === 'full' ? 'read_batch' : 'run_read';
  // Past the helper that asks for every field.
  const call = async (tool: string, args: Record<string, unknown>) => {
    const { content, isError } = await program.client.callTool({ name: tool, arguments: args });
    const [{ text } = { text: '' }] = content as { text: string }[];
    return { text, isError: isError === true, json: JSON.parse(text) };
  };
  const list = (args: Record<string, unknown>) =>
    call(...testSurfaces[surface].toolCall('accounts_list', args));
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  beforeAll(async () => {
    program = await startProgram(
      ['--base-url', sandbox.baseUrl, '--surface', surface, '--output-dir', folder],
      { SYNQLY_TOKEN: sandbox.token },
    );
  });
  afterAll(async () => {
    await program.close();
    rmSync(folder, { recursive: true });
  });

  test('writes every page of a list to a file that only its owner can read', async () => {
    const { json, text } = await list({ save_as: 'accounts.csv' });
    expect(json).toMatchObject({ saved: join(folder, 'accounts.csv'), rows_saved: 256 });
    expect(json.more).toBeUndefined();
    expect(json.columns_saved).toEqual(expect.arrayContaining(['id', 'name', 'fullname', 'created_at']));
    expect(json.first.rows).toHaveLength(5);
    expect(encode(text).length).toBeLessThan(400);
    expect(statSync(join(folder, 'accounts.csv')).mode & 0o777).toBe(0o600);
    const lines = read('accounts.csv').split('\r\n');
    expect(lines[0]?.split(',')).toEqual(json.columns_saved);
    expect(lines).toHaveLength(256 + 2);
  });

  test('writes the fields that are asked for, and at most limit rows', async () => {
    await list({ save_as: 'names.csv', fields: ['name'], limit: 3 });
    expect(read('names.csv').split('\r\n')).toHaveLength(5);
    expect(read('names.csv').split('\r\n')[0]).toBe('name');
  });

  test('quotes CSV, keeps a spreadsheet from running formulas, and masks secrets', async () => {
    await list({
      save_as: 'odd.csv',
      fields: ['name', 'fullname'],
      filter: ['name[like]zz-%'],
      order: ['name[asc]'],
    });
    const [heading, ...rows] = read('odd.csv').split('\r\n');
    expect(heading).toBe('name,fullname');
    expect(rows.slice(0, 5)).toEqual([
      "zz-at,'@SUM(1)",
      `zz-formula,"'=HYPERLINK(""http://x.example"",""click"")"`,
      "zz-minus,'-1+1",
      "zz-plus,'+1",
      'zz-quote,"Doe, ""Jane""\nSecond line"',
    ]);
    expect(rows[5]).toMatch(/^zz-token,/);
    expect(read('odd.csv')).not.toContain(sandbox.token);
  });

  test('writes JSON', async () => {
    await list({ save_as: 'all.json' });
    const rows = JSON.parse(read('all.json'));
    expect(rows).toHaveLength(256);
    expect(rows[0].id).toBeTruthy();
    expect(read('all.json')).not.toContain(sandbox.token);
  });

  test('never replaces a file or follows a link', async () => {
    const outside = join(tmpdir(), `outside-${process.pid}-${surface}`);
    writeFileSync(outside, 'kept');
    symlinkSync(outside, join(folder, 'link.csv'));
    writeFileSync(join(folder, 'there.csv'), 'kept');
    expect((await list({ save_as: 'link.csv', limit: 1 })).json.saved).toBe(join(folder, 'link-2.csv'));
    expect((await list({ save_as: 'there.csv', limit: 1 })).json.saved).toBe(join(folder, 'there-2.csv'));
    expect((await list({ save_as: 'there.csv', limit: 1 })).json.saved).toBe(join(folder, 'there-3.csv'));
    expect([read('there.csv'), readFileSync(outside, 'utf8')]).toEqual(['kept', 'kept']);
    rmSync(outside);
  });

  test.each([
    '../up.csv',
    '..',
    '/tmp/absolute.csv',
    '.hidden.csv',
    'below/it.csv',
    'below\\it.csv',
    'C:x.csv',
    '~x.csv',
    'a.txt',
    'a',
    '.csv',
    'a\u0000.csv',
    'a\n.csv',
  ])('refuses the name %j', async (save_as) => {
    const before = readdirSync(folder);
    const { json, isError } = await list({ save_as });
    expect(isError).toBe(true);
    expect(json.error).toMatchObject({ code: 'invalid_arguments', arguments: [{ argument: 'save_as' }] });
    expect(readdirSync(folder)).toEqual(before);
  });

  test('writes the rows of a batch, each with its call', async () => {
    const { json } = await call(batchTool, {
      save_as: 'batch.csv',
      calls: [
        { operation: 'accounts_list', arguments: { filter: ['name[like]zz-%'] }, fields: ['name'] },
        { operation: 'accounts_list', arguments: { filter: ['name[like]nothing-%'] } },
        { operation: 'accounts_list', fields: ['name'] },
      ],
    });
    expect(json).toMatchObject({ ok: 3, saved: join(folder, 'batch.csv'), rows_saved: 6 + 256 });
    const lines = read('batch.csv').split('\r\n');
    expect(lines[0]).toBe('call,filter,name');
    expect(lines.filter((line) => line.startsWith('0,'))).toHaveLength(6);
    expect(lines.filter((line) => line.startsWith('2,'))).toHaveLength(256);
  });

  test('writes answers of several operations as JSON only', async () => {
    const calls = [
      { operation: 'organization_get' },
      { operation: 'accounts_list', arguments: { limit: 2 } },
    ];
    const refused = await call(batchTool, { save_as: 'several.csv', calls });
    expect(refused.json.error.arguments[0]).toMatchObject({ argument: 'save_as' });
    const { json } = await call(batchTool, { save_as: 'several.json', calls });
    expect(json.rows_saved).toBe(3);
    expect(JSON.parse(read('several.json')).map(({ operation }: { operation: string }) => operation)).toEqual(
      ['organization_get', 'accounts_list', 'accounts_list'],
    );
    const inside = await call(batchTool, {
      calls: [{ operation: 'accounts_list', arguments: { save_as: 'x.csv' } }],
    });
    expect(inside.json.error.arguments[0].argument).toBe('calls.0.arguments.save_as');
  });
});

test('save_as is neither published nor taken without --output-dir, nor over HTTP', async () => {
  const args = ['--base-url', sandbox.baseUrl];
  for (const surface of ['full', 'compact'] as const) {
    const program = await startProgram([...args, '--surface', surface], { SYNQLY_TOKEN: sandbox.token });
    const { tools } = await program.client.listTools();
    expect(JSON.stringify(tools)).not.toContain('save_as');
    const { json } = await program.call(
      ...testSurfaces[surface].toolCall('accounts_list', { save_as: 'x.csv' }),
    );
    expect(json.error.arguments).toEqual([{ argument: 'save_as', problem: 'is unknown' }]);
    const batch = await program.call(surface === 'full' ? 'read_batch' : 'run_read', {
      save_as: 'x.csv',
      calls: [{ operation: 'accounts_list' }],
    });
    expect(batch.json.error.arguments).toEqual([{ argument: 'save_as', problem: 'is unknown' }]);
    await program.close();
  }
  const http = await startHttpProgram(args, { SYNQLY_OUTPUT_DIR: tmpdir(), SYNQLY_PERMISSIONS: 'ignore' });
  const { error } = await http.call(sandbox.token, 'accounts_list', { save_as: 'x.csv' });
  expect(error.code).toBe('invalid_arguments');
  await http.close();
});

test('--output-dir must be a directory that exists', () => {
  for (const directory of ['/nowhere-at-all', builtCli]) {
    const { status, stderr } = spawnSync(
      process.execPath,
      [builtCli, '--sandbox', '--output-dir', directory],
      {
        env: cleanEnvironment(),
        encoding: 'utf8',
        input: '',
      },
    );
    expect(status).not.toBe(0);
    expect(stderr).toContain('--output-dir');
  }
});

test('a file that cannot be written is an error', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'output-'));
  const program = await startProgram(['--base-url', sandbox.baseUrl, '--output-dir', folder], {
    SYNQLY_TOKEN: sandbox.token,
  });
  rmSync(folder, { recursive: true });
  const { json, isError } = await program.call('accounts_list', { save_as: 'x.csv' });
  expect(isError).toBe(true);
  expect(json.error).toMatchObject({
    code: 'output_failed',
    message: 'The file could not be written (ENOENT).',
  });
  await program.close();
});
