import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import type { Outcome } from '../../evals/check.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A copy of the evals, whose files tests may damage. */
const folder = mkdtempSync(join(tmpdir(), 'synqly-mcp-test-evals-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
cpSync(join(root, 'evals'), join(folder, 'evals'), { recursive: true });
for (const name of ['src', 'dist', 'skills', 'node_modules', 'package.json'])
  symlinkSync(join(root, name), join(folder, name));

/** Runs a command of the evals. */
async function run(program: string, args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['--import', 'tsx', `evals/${program}.ts`, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
  });
  const read = async (stream: AsyncIterable<Buffer>) => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  const status = new Promise((resolve) => child.on('close', resolve));
  const [stdout, stderr] = await Promise.all([read(child.stdout), read(child.stderr)]);
  return { status: await status, stdout, stderr };
}

async function runEvals(...args: string[]): Promise<{ status: unknown; outcomes: Outcome[] }> {
  const { status, stdout, stderr } = await run('run', ['--json', '--surface', 'compact', ...args]);
  if (!stdout.startsWith('[')) throw new Error(`No outcomes: ${stderr}`);
  return { status, outcomes: JSON.parse(stdout) };
}

const problemsOf = (outcomes: readonly Outcome[]) =>
  Object.fromEntries(outcomes.map(({ task, problems }) => [task, problems]));

const recordingOf = (task: string) => join(folder, `evals/recordings/compact/${task}.jsonl`);

test('a damaged recording or task is a problem of its own, and the others are replayed', async () => {
  const damage = (task: string, change: (text: string) => string) =>
    writeFileSync(recordingOf(task), change(readFileSync(recordingOf(task), 'utf8')));
  damage('count-in-large', (text) => text.slice(0, text.length / 2));
  damage('find-in-large', (text) => text.split('\n').slice(0, 2).join('\n'));
  damage('limited-token', () => '');
  writeFileSync(recordingOf('new-customer'), readFileSync(recordingOf('delete-an-account')));
  writeFileSync(join(folder, 'evals/tasks/contractor-token.yaml'), 'kind: [Task');
  const tasks = ['count-in-large', 'find-in-large', 'limited-token', 'new-customer', 'contractor-token'];
  const { status, outcomes } = await runEvals('--task', ...tasks, 'add-one-label');
  expect(status).toBe(1);
  const damaged = (task: string, line: unknown = expect.any(String)) => [
    expect.stringContaining(`recordings/compact/${task}.jsonl is damaged in line ${line}`),
  ];
  expect(problemsOf(outcomes)).toEqual({
    'count-in-large': [
      expect.stringMatching(/^recordings\/compact\/count-in-large\.jsonl is damaged in line \d+\.$/),
    ],
    'find-in-large': damaged('find-in-large', 2),
    'limited-token': damaged('limited-token', 1),
    'new-customer': ['recordings/compact/new-customer.jsonl is of another task or surface.'],
    'contractor-token': [
      expect.stringMatching(/^tasks\/contractor-token\.yaml: .* at line \d+, column \d+/s),
    ],
    'add-one-label': [],
  });
});

test('a broken task does not end a run of an agent', async () => {
  writeFileSync(join(folder, 'evals/tasks/broken-integrations.yaml'), 'kind: Job');
  const { outcomes } = await runEvals(
    '--agent',
    'echo done',
    '--task',
    'broken-integrations',
    'all-eu-in-large',
  );
  expect(outcomes.map(({ task }) => task)).toEqual(['all-eu-in-large', 'broken-integrations']);
  expect(outcomes[1]?.problems).toEqual([expect.stringContaining('tasks/broken-integrations.yaml: ')]);
});

test.each([
  [
    'that leaves a process behind which has its output',
    'setsid sleep 30 2>/dev/null & echo hi',
    'the agent was stopped after 1 s',
  ],
  ['that prints without end', 'yes', 'the agent printed more than 1000000 characters'],
])('an agent %s is stopped', async (_, command, problem) => {
  const timeout = command === 'yes' ? '60' : '1';
  const { outcomes } = await runEvals(
    '--agent',
    command,
    '--timeout',
    timeout,
    '--task',
    'delete-an-account',
  );
  expect(outcomes[0]?.problems[0]).toBe(problem);
});

test('an agent that sends no messages has made no call that counts, and sees no settings of the shell', async () => {
  const agent = `${process.execPath} --import tsx ${root}test/evals/careless-agent.ts {config}`;
  const args = ['--json', '--surface', 'compact', '--task', 'all-eu-in-large', '--timeout', '60'];
  const command = `cd ${root} && test "$(${agent})" = 'SYNQLY_READ_ONLY is undefined'`;
  const { stdout } = await run('run', [...args, '--agent', command], { SYNQLY_READ_ONLY: 'true' });
  const [outcome]: Outcome[] = JSON.parse(stdout);
  expect(outcome?.calls).toBe(1);
  expect(outcome?.problems.filter((problem) => problem.startsWith('the agent'))).toEqual([]);
});

test('options that cannot be are refused before anything runs', async () => {
  const refused: [string[], string][] = [
    ...['abc', '0', '-5', '1e10'].map((seconds): [string[], string] => [
      ['--agent', 'true', '--timeout', seconds],
      'It must be a number above 0 and at most 2147483.',
    ]),
    [['--agent', ' '], '--agent wants a command.'],
    [['--record'], '--record is for runs with --agent.'],
    [['--as', 'me'], '--as is for runs with --agent.'],
    [['--timeout', '5'], '--timeout is for runs with --agent.'],
  ];
  for (const [args, message] of refused) {
    const { status, stdout, stderr } = await run('run', ['--task', 'delete-an-account', ...args]);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain(message);
  }
});

test('arguments of a session that are no JSON object are refused', async () => {
  for (const text of ['{bad', '[]', '5', 'null']) {
    const { status, stderr } = await run('session', ['call', 'none', 'whoami', text]);
    expect([status, stderr.trim()]).toEqual([
      1,
      `The arguments of a call are a JSON object, such as '{"limit":10}'.`,
    ]);
  }
});
