import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

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
