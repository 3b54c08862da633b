import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Outcome } from './check.ts';
import { readRecording } from './recording.ts';
import { evalsFolder, readTask, type Surface, surfaces, taskNames } from './task.ts';

/** A recorded run of a task, as it is published. */
interface Result {
  readonly task: string;
  readonly by: string;
  /** Day of the recording. */
  readonly date: string;
  readonly done: boolean;
  readonly calls: number;
  readonly maxCalls: number;
  readonly tokens: number;
  readonly maxTokens: number;
}

function fileOf(surface: Surface): string {
  return `${evalsFolder}results/${surface}.json`;
}

/** Writes the results of each surface, and the page that shows them. */
export function writeResults(outcomes: readonly Outcome[]): void {
  for (const surface of surfaces) {
    const results = outcomes
      .filter((outcome) => outcome.surface === surface)
      .map(({ task, by, problems, calls, maxCalls, tokens, maxTokens }): Result => {
        const date = readRecording(task, surface).date;
        return { task, by, date, done: problems.length === 0, calls, maxCalls, tokens, maxTokens };
      });
    writeFileSync(fileOf(surface), `${JSON.stringify(results, undefined, 2)}\n`);
  }
  writeFileSync(new URL('../docs/evals.md', import.meta.url), resultsPage());
}

/** The published results of a surface. */
export function readResults(surface: Surface): Result[] {
  return existsSync(fileOf(surface)) ? JSON.parse(readFileSync(fileOf(surface), 'utf8')) : [];
}

/** The text of docs/evals.md. */
export function resultsPage(): string {
  const results = new Map(surfaces.map((surface) => [surface, readResults(surface)]));
  const lines = taskNames().map((name) => {
    const { labels, difficulty } = readTask(name).metadata;
    const cells = surfaces.map((surface) => cellOf(results.get(surface)?.find(({ task }) => task === name)));
    return `| [${name}](../evals/tasks/${name}.yaml) | ${labels.about}, ${difficulty} | ${cells.join(' | ')} |`;
  });
  return `# Evals

Tasks of an administrator that a language model did with this server, on a sandbox that is the same for each run. The
state of the sandbox decides whether a task is done, and for questions what the final answer says. Each cell shows the tool
calls and the tokens (o200k) that the model read: tools, instructions and results. A run that is
not done is not recorded: the table shows what can be done, not how often. [How to run the evals](../evals/README.md), with an
agent of your own or without a model, and how to write this page.

| Task | About | ${surfaces.map((surface) => `${surface[0]?.toUpperCase()}${surface.slice(1)} surface`).join(' | ')} |
| --- | --- | --- | --- |
${lines.join('\n')}

${surfaces.map((surface) => summaryOf(surface, results.get(surface) ?? [])).join('\n\n')}
`;
}

function cellOf(result: Result | undefined): string {
  if (!result) return 'not recorded';
  const { done, calls, tokens } = result;
  return `${done ? 'done' : 'NOT DONE'}, ${count(calls, 'call')}, ${tokens.toLocaleString('en-US')} tokens`;
}

function summaryOf(surface: Surface, results: readonly Result[]): string {
  const done = results.filter((result) => result.done);
  const sum = (key: 'calls' | 'tokens') => results.reduce((total, result) => total + result[key], 0);
  const agents = [...new Set(results.map(({ by }) => by))].sort();
  const dates = results.map(({ date }) => date).sort();
  const mean = Math.round(sum('tokens') / Math.max(1, results.length)).toLocaleString('en-US');
  const recorded =
    results.length === 0 ? '' : `, recorded ${dates[0]} to ${dates.at(-1)} by ${agents.join(', ')}`;
  return `The ${surface} surface: ${done.length} of ${count(results.length, 'recorded task')} done in ${count(sum('calls'), 'call')}, ${mean} tokens on average${recorded}.`;
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`;
}
