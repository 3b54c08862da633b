/* Runs the evals: the recordings without a model, or an agent of the user's choice. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { gridOf } from '../src/cli/text-table.ts';
import { mapConcurrently } from '../src/lib/limit-concurrency.ts';
import { notRun, type Outcome } from './check.ts';
import { readRecording, recordedTasks } from './recording.ts';
import { replay } from './replay.ts';
import { writeResults } from './results.ts';
import { runAgent } from './run-agent.ts';
import { type Surface, surfaces, taskNames } from './task.ts';

interface Options {
  readonly agent?: string;
  readonly as: string;
  readonly surface?: Surface;
  readonly task?: readonly string[];
  readonly timeout: number;
  readonly record?: boolean;
  readonly write?: boolean;
  readonly json?: boolean;
}

/** Node's timers are at most so long. */
const maxTimeout = 2_147_483;

/** Recordings that are replayed at a time. */
const maxReplays = 4;

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= maxTimeout))
    throw new InvalidArgumentError(`It must be a number above 0 and at most ${maxTimeout}.`);
  return seconds;
}

const program = new Command('evals')
  .description('Replays the recorded evals, or has an agent do the tasks.')
  .option('--agent <command>', 'a shell command with {config} and {prompt}, whose output is the answer')
  .option('--as <name>', 'name of the agent', 'agent')
  .addOption(new Option('--surface <surface>', 'only this surface').choices(surfaces))
  .option('--task <names...>', 'only these tasks')
  .option('--timeout <seconds>', 'for one task of an agent', parseSeconds, 600)
  .option('--record', 'keep the runs of the agent whose task is done as recordings')
  .option('--write', 'write results/ and docs/evals.md from the replays of all recordings')
  .option('--json', 'print JSON')
  .parse();
const options = program.opts<Options>();

const unknown = options.task?.filter((name) => !taskNames().includes(name)) ?? [];
if (unknown.length > 0) program.error(`There is no task ${unknown.join(', ')}.`);
if (options.agent?.trim() === '') program.error('--agent wants a command.');
for (const name of ['as', 'timeout', 'record'])
  if (options.agent === undefined && program.getOptionValueSource(name) === 'cli')
    program.error(`--${name} is for runs with --agent.`);
if (options.write && (options.agent || options.surface || options.task)) {
  program.error('--write wants the replays of all recordings.');
}
const isWanted = (task: string, surface: Surface) =>
  (options.surface ?? surface) === surface && (options.task?.includes(task) ?? true);

const outcomes = await (options.agent === undefined ? replayAll() : runAll(options.agent));
console.log(options.json ? JSON.stringify(outcomes, undefined, 2) : tableOf(outcomes));
if (options.write) {
  if (outcomes.some(({ maxCalls }) => maxCalls === 0))
    program.error('Nothing was written: not all recordings could be replayed.');
  writeResults(outcomes);
}
if (outcomes.length === 0) program.error('No recording was found.');
if (outcomes.some(({ problems }) => problems.length > 0)) process.exitCode = 1;

/** A recording that cannot be replayed is the outcome of its task, and no end of the others. */
async function replayAll(): Promise<readonly Outcome[]> {
  const wanted = recordedTasks().filter(({ task, surface }) => isWanted(task, surface));
  return mapConcurrently(wanted, maxReplays, async ({ task, surface }) => {
    try {
      return await replay(readRecording(task, surface));
    } catch (error) {
      return notRun(task, surface, '', error);
    }
  });
}

/** One at a time: agents are slow, and paid for. */
async function runAll(command: string): Promise<Outcome[]> {
  const { as: by, timeout, record = false } = options;
  const agent = { command, by, timeoutMs: timeout * 1000, record };
  const done: Outcome[] = [];
  for (const surface of surfaces) {
    for (const name of taskNames().filter((task) => isWanted(task, surface))) {
      done.push(await runAgent(name, surface, agent).catch((error) => notRun(name, surface, by, error)));
    }
  }
  return done;
}

function tableOf(list: readonly Outcome[]): string {
  const heading = ['TASK', 'SURFACE', 'DONE', 'CALLS', 'OF', 'TOKENS', 'OF'];
  const lines = list.map(({ task, surface, problems, calls, maxCalls, tokens, maxTokens }) => [
    task,
    surface,
    problems.length === 0 ? 'yes' : 'no',
    ...[calls, maxCalls, tokens, maxTokens],
  ]);
  const problems = list.flatMap(({ task, surface, problems }) =>
    problems.map((problem) => `${task} (${surface}): ${problem}`),
  );
  const done = list.filter((outcome) => outcome.problems.length === 0).length;
  return [gridOf('right', [{ heading, lines }]), ...problems, `${done} of ${list.length} done.`].join('\n\n');
}
