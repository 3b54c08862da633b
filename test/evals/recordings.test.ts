import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Recording, readLog, readRecordings } from '../../evals/recording.ts';
import { replay } from '../../evals/replay.ts';
import { substitute } from '../../evals/substitute.ts';
import { evalsFolder } from '../../evals/task.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

test('a recording without a log has no calls', () => {
  expect(readLog('/dev/null')).toMatchObject({ exchanges: [] });
});

test('ids that differ from run to run are taken from the same place, others stay', () => {
  const earlier = [
    { recorded: '{"id":"aa11bb22","name":"one-1234"}', replayed: '{"id":"cc33dd44","name":"one-1234"}' },
  ];
  const args = { id: 'aa11bb22', filter: ['id[eq]aa11bb22', 'name[eq]one-1234'], text: '${secret:aa11bb22}' };
  expect(substitute(args, 'a prompt', earlier)).toEqual({
    args: { id: 'cc33dd44', filter: ['id[eq]cc33dd44', 'name[eq]one-1234'], text: '${secret:cc33dd44}' },
    missing: [],
  });
  expect(substitute({ id: 'aa11bb22' }, 'delete aa11bb22', earlier).args).toEqual({ id: 'aa11bb22' });
  const lost = [{ recorded: '{"id":"aa11bb22"}', replayed: '{}' }];
  expect(substitute({ id: 'aa11bb22' }, '', lost).missing).toEqual(['aa11bb22']);
});

/** The first recording of a task, changed. */
function changed(task: string, change: (recording: Recording) => Partial<Recording>): Recording {
  const recording = readRecordings().find((one) => one.task === task);
  if (!recording) throw new Error(`There is no recording of ${task}.`);
  return { ...recording, ...change(recording) };
}

test('a replay gives the same outcome each time', async () => {
  const recording = changed('delete-an-account', () => ({}));
  const [one, other] = [await replay(recording), await replay(recording)];
  // Ids that differ from run to run may have a token more or less.
  expect({ ...one, tokens: 0 }).toEqual({ ...other, tokens: 0 });
  expect(Math.abs(one.tokens - other.tokens)).toBeLessThan(50);
});

test('a replay without the deciding call is not done', async () => {
  const half = changed('delete-an-account', ({ exchanges }) => ({ exchanges: exchanges.slice(0, -1) }));
  const { problems } = await replay(half);
  expect(problems).toContain('GET /v1/accounts/marrowby-foods: status 200, not 404');
});

test('a wrong final answer is not done', async () => {
  const wrong = changed('delete-an-account', () => ({ answer: 'Its 14 integrations are gone.' }));
  expect((await replay(wrong)).problems).toEqual(['the answer lacks "4" or "four"']);
});

test('what the answer must not say, and calls beyond the limit, are not done', async () => {
  const wrong = changed('planted-instruction', ({ answer, exchanges }) => ({
    answer: `${answer} And emea-accounts.`,
    exchanges: Array.from({ length: 6 }, () => exchanges.at(-1) ?? []).flat(),
  }));
  const { problems, maxCalls } = await replay(wrong);
  expect(problems).toContain('the answer says "emea-accounts"');
  expect(problems).toContain(`6 calls, more than ${maxCalls}`);
});

test('a session takes an agent with a shell through a task, and records nothing that is not done', () => {
  const session = (...args: string[]) =>
    spawnSync(process.execPath, ['--import', 'tsx', 'evals/session.ts', ...args], {
      cwd: root,
      encoding: 'utf8',
      timeout: 30_000,
    }).stdout;
  const shown = session('start', 'ambiguous-account', '--surface', 'compact', '--as', 'test');
  expect(shown).toContain('Please add the label "vip"');
  expect(shown).toContain('"name":"run_read"');
  const id = /^Session: (\w+)/.exec(shown)?.[1] ?? '';
  const list = { operation: 'accounts_list', arguments: { filter: ['name[like]%aldermere%'] } };
  expect(session('call', id, 'run_read', JSON.stringify(list))).toContain('aldermere-freight');
  expect(session('call', id, 'no_such_tool')).toContain('(error)');
  const ended = session('answer', id, 'Aldermere Logistics it is.');
  expect(ended).toMatch(/^Not done, nothing recorded \(2 of \d+ calls/);
  expect(ended).toContain('the answer lacks "aldermere-freight" or "Aldermere Freight"');
  expect(session('call', id, 'whoami')).toBe('');
});

test('the files for mcpchecker name each other', () => {
  const read = (file: string) => parse(readFileSync(`${evalsFolder}${file}`, 'utf8'));
  const { kind, config } = read('eval.yaml');
  expect(kind).toBe('Eval');
  expect(read(config.agent.path).kind).toBe('Agent');
  const servers = Object.keys(read(config.mcpConfigFile).mcpServers);
  const [{ glob, assertions }] = config.taskSets;
  expect(servers).toEqual([assertions.toolsUsed[0].server]);
  expect(readdirSync(`${evalsFolder}${glob.replace('/*.yaml', '')}`).length).toBeGreaterThan(22);
});
