import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { auditLines } from '../e2e/endings-support.ts';
import { type Program, startProgram } from '../e2e/support.ts';

const page = readFileSync(fileURLToPath(new URL('../../docs/audit-log.md', import.meta.url)), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'chain-'));
const checker = join(folder, 'check.mjs');
let sandbox: Sandbox;
beforeAll(async () => {
  writeFileSync(checker, /```js\n([\s\S]*?)```/.exec(page)?.[1] ?? '');
  sandbox = await startSandbox({ size: 'small' });
});
afterAll(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

/** What the page's own program says of files. */
function check(...files: string[]): { isWhole: boolean; said: string[] } {
  const { status, stdout } = spawnSync(process.execPath, [checker, ...files], { encoding: 'utf8' });
  return { isWhole: status === 0, said: stdout.trim().split('\n') };
}

const start = (file: string, args: string[] = []): Promise<Program> =>
  startProgram(['--base-url', sandbox.baseUrl, '--audit-log', file, ...args], {
    SYNQLY_TOKEN: sandbox.token,
  });

let number = 0;
/** Has a program write so many pairs of lines. */
async function write({ call }: Program, pairs: number): Promise<void> {
  for (let index = 0; index < pairs; index += 1) {
    number += 1;
    await call('accounts_create', { name: `chain-${number}` });
  }
}

const textsOf = (file: string) => readFileSync(file, 'utf8').split('\n').filter(Boolean);
const linesOf = (file: string) => auditLines(readFileSync(file, 'utf8'));

describe('a file that was changed', () => {
  const whole = join(folder, 'whole.log');
  beforeAll(async () => {
    const program = await start(whole);
    await write(program, 3);
    await program.call('accounts_get', { account_id: 'nobody' });
    await program.call('accounts_patch', { account_id: 'tern', nonsense: 1 });
    await program.close();
  });

  test('is told apart from an unchanged file', () => {
    expect(check(whole)).toEqual({ isWhole: true, said: ['7 lines, 1 runs.'] });
    expect(linesOf(whole).map(({ v, seq, phase }) => [v, seq, phase])).toEqual([
      ...[1, 3, 5].flatMap((seq) => [
        [1, seq, 'sent'],
        [1, seq + 1, 'ended'],
      ]),
      [1, 7, 'not_sent'],
    ]);
  });

  const changes: [string, (lines: string[]) => (string | undefined)[], RegExp][] = [
    [
      'a changed line',
      ([a, b = '', ...rest]) => [a, b.replace('"ok"', '"no"'), ...rest],
      /line 3: .*changed/,
    ],
    ['a missing line', ([a, , ...rest]) => [a, ...rest], /line 3: .*missing/],
    ['a missing beginning', ([, ...rest]) => rest, /line 2: .*missing/],
    ['two lines in another order', ([a, b, c, ...rest]) => [a, c, b, ...rest], /line 3: /],
    ['a line twice', ([a, b, ...rest]) => [a, b, b, ...rest], /line 2: /],
    [
      'a call without its end',
      (lines) => lines.slice(0, 5),
      /line 5: no line tells how accounts_create ended/,
    ],
  ];
  test.each(changes)('is found when the change is %s', (_, change, told) => {
    const changed = join(folder, 'changed.log');
    writeFileSync(changed, `${change(textsOf(whole)).join('\n')}\n`);
    const { isWhole, said } = check(changed);
    expect(isWhole).toBe(false);
    expect(said.join('\n')).toMatch(told);
  });
});

test('a restarted process continues the chain, and a missing last line is found', async () => {
  const file = join(folder, 'again.log');
  for (const _ of ['first', 'second']) {
    const program = await start(file);
    await write(program, 1);
    await program.close();
  }
  expect(check(file)).toEqual({ isWhole: true, said: ['4 lines, 2 runs.'] });
  const [one, two, three, four] = textsOf(file);
  writeFileSync(file, `${[one, three, four].join('\n')}\n`);
  expect(check(file).isWhole).toBe(false);
  writeFileSync(file, `${[one, two, three, four].join('\n')}\n`);
  expect(check(file).isWhole).toBe(true);
});

test('a line cut off by a crash leaves the other lines readable', async () => {
  const file = join(folder, 'cut.log');
  const before = await start(file);
  await write(before, 1);
  await before.close();
  appendFileSync(file, '{"type":"audit","v":1,"run":"0123","targets":{}');
  const after = await start(file);
  await write(after, 1);
  await after.close();
  expect(check(file)).toEqual({ isWhole: true, said: ['5 lines, 2 runs.'] });
});

test('processes that write to one file at the same time have a chain each', async () => {
  const file = join(folder, 'shared.log');
  const programs = await Promise.all([start(file), start(file), start(file)]);
  await Promise.all(programs.map((program) => write(program, 10)));
  await Promise.all(programs.map(({ close }) => close()));
  expect(check(file)).toEqual({ isWhole: true, said: ['60 lines, 3 runs.'] });
});

test('the chain continues in a new file when the old one is renamed', async () => {
  const file = join(folder, 'renamed.log');
  const program = await start(file);
  await write(program, 2);
  renameSync(file, `${file}.1`);
  await write(program, 2);
  await program.close();
  expect(check(`${file}.1`, file)).toEqual({ isWhole: true, said: ['8 lines, 1 runs.'] });
  expect(check(file).isWhole).toBe(false);
});

test('lines on stderr are a chain too, among the lines of the log', async () => {
  const program = await startProgram(['--base-url', sandbox.baseUrl], { SYNQLY_TOKEN: sandbox.token });
  await write(program, 2);
  await program.close();
  const file = join(folder, 'stderr.log');
  writeFileSync(file, program.stderr());
  const { isWhole, said } = check(file);
  expect([isWhole, said.at(-1)]).toEqual([true, expect.stringMatching(/, 1 runs\.$/)]);
  expect(program.stderr()).toContain('"msg":"call"');
});

test('unprintable characters are escaped and read back unchanged', async () => {
  const file = join(folder, 'escaped.log');
  const program = await start(file, ['--confirm', 'never']);
  const signs = [
    '\u2028',
    '\u2029',
    '\u0085',
    '\u009b31m',
    '\u007f',
    '\u202egnp',
    '\u2066',
    '\u200b',
    '\ufeff',
  ];
  const others = ['\u{e0041}', '\ud800', '\u3164', '\u0000', '\n', '\u001b[2J'];
  const names = [...signs, ...others].map((sign) => `a${sign}b`);
  for (const name of names) await program.call('accounts_patch', { account_id: name, nonsense: 1 });
  for (const name of ['日本', 'Grüße 🚢'])
    await program.call('accounts_patch', { account_id: name, nonsense: 1 });
  await program.close();
  const text = readFileSync(file, 'utf8');
  expect(text).not.toMatch(/[^\P{C}\n]|[\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u);
  expect(text).toContain('日本');
  expect(text).toContain('Grüße 🚢');
  expect(linesOf(file).map(({ targets }) => targets.account_id)).toEqual([...names, '日本', 'Grüße 🚢']);
  expect(check(file).isWhole).toBe(true);
});

test('a line names the organization when it is already known', async () => {
  const file = join(folder, 'organization.log');
  const program = await start(file, ['--permissions', 'learn']);
  const { json } = await program.call('organization_get');
  // It is learned while calls already run.
  const organizations = async () => {
    await write(program, 1);
    return linesOf(file)
      .slice(-2)
      .map(({ organization }) => organization);
  };
  await expect.poll(organizations).toEqual([json.result.id, json.result.id]);
  await program.close();

  const unknown = join(folder, 'unknown.log');
  const other = await start(unknown, ['--permissions', 'ignore']);
  await write(other, 1);
  await other.close();
  expect(linesOf(unknown)[0]).not.toHaveProperty('organization');
});

test('with a pipe that nobody reads, writes are refused at once and reads go on', {
  skip: process.platform === 'win32',
}, async () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const program = await start(pipe);
  const { json } = await program.call('accounts_create', { name: 'unread' });
  expect(json.error).toMatchObject({ code: 'audit_unavailable', retry: 'safe' });
  expect((await program.call('accounts_list')).isError).toBe(false);
  await program.close();
});

test('the documentation names every field of a line, and its examples are current', () => {
  const documented = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  const shown = auditLines(page);
  expect(shown.map(({ phase }) => phase)).toEqual(['sent', 'ended']);
  for (const line of [...shown, ...linesOf(join(folder, 'whole.log'))])
    expect(documented).toEqual(expect.arrayContaining(Object.keys(line)));
});
