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

/** Runs the evals as a person would, and gives the exit status and the results. */
function runEvals(...args: string[]) {
  const run = spawnSync(process.execPath, ['--import', 'tsx', 'evals/run.ts', '--json', ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  return { status: run.status, outcomes: JSON.parse(run.stdout), stderr: run.stderr };
}

const tsx = import.meta.resolve('tsx');
const agent = `${process.execPath} --import ${tsx} ${root}test/evals/scripted-agent.ts {config} {prompt}`;
const oneTask = ['--surface', 'full', '--task', 'ambiguous-account', '--as', 'script'];

test('an agent of the command line does a task through the recorder', () => {
  const { status, outcomes } = runEvals('--agent', agent, ...oneTask);
  expect(outcomes).toMatchObject([{ task: 'ambiguous-account', by: 'script', calls: 1, problems: [] }]);
  expect(outcomes[0].tokens).toBeGreaterThan(10_000);
  expect(status).toBe(0);
});

test('the exit status says that a task is not done, and the results why', () => {
  const { status, outcomes } = runEvals('--agent', 'echo {prompt}', ...oneTask);
  expect(outcomes[0].problems).toContain('the answer lacks "aldermere-freight" or "Aldermere Freight"');
  expect(status).toBe(1);
});

test('an agent that fails has not done its task', () => {
  const { outcomes } = runEvals('--agent', `${agent}; exit 3`, ...oneTask);
  expect(outcomes[0].problems).toEqual(['the agent ended with status 3']);
});

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
