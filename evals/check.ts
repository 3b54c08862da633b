import { type Exchange, type Observed, tokensRead } from './recording.ts';
import type { Fact, Surface, Task } from './task.ts';

/** What became of a task. */
export interface Outcome {
  readonly task: string;
  readonly surface: Surface;
  readonly by: string;
  readonly calls: number;
  readonly maxCalls: number;
  readonly tokens: number;
  readonly maxTokens: number;
  /** What is not as it should be; the task is done if there is none. */
  readonly problems: readonly string[];
}

/** The outcome of a task that could not be run. */
export function notRun(task: string, surface: Surface, by: string, error: unknown): Outcome {
  const problems = [error instanceof Error ? error.message : String(error)];
  return { task, surface, by, calls: 0, maxCalls: 0, tokens: 0, maxTokens: 0, problems };
}

/** Whether a text holds a fact as words of its own, in upper or lower case. */
export function holds(text: string, fact: string): boolean {
  const [within, wanted] = [text.toLowerCase(), fact.toLowerCase()];
  for (let at = within.indexOf(wanted); at >= 0; at = within.indexOf(wanted, at + 1)) {
    const [before = ' ', after = ' '] = [within[at - 1], within[at + wanted.length]];
    if (!(isWord(before) && isWord(wanted[0])) && !(isWord(after) && isWord(wanted.at(-1)))) return true;
  }
  return false;
}

function isWord(character = ' '): boolean {
  return /[\p{L}\p{N}]/u.test(character);
}

/** The texts of a fact, of which one must occur. */
export function textsOf(fact: Fact): readonly string[] {
  return typeof fact === 'string' ? [fact] : fact;
}

/** What is wrong with the final answer of an agent. */
function checkAnswer({ evals: { answer } }: Task, given: string): string[] {
  const missing = answer.contains.map(textsOf).filter((texts) => !texts.some((text) => holds(given, text)));
  const forbidden = answer.excludes.filter((text) => holds(given, text));
  return [
    ...missing.map((texts) => `the answer lacks ${texts.map((text) => JSON.stringify(text)).join(' or ')}`),
    ...forbidden.map((text) => `the answer says ${JSON.stringify(text)}`),
  ];
}

function checkResults({ evals: { results } }: Task, exchanges: readonly Exchange[]): string[] {
  return exchanges.flatMap(({ tool, text }, at) =>
    results.excludes
      .filter((secret) => text.includes(secret))
      .map((secret) => `call ${at + 1} (${tool}) shows ${JSON.stringify(secret)}`),
  );
}

/** Checks everything that an agent did with a task. */
export async function checkRun(
  task: Task,
  run: Observed & { readonly surface: Surface; readonly by: string; readonly answer: string },
  verifyState: () => Promise<string[]>,
): Promise<Outcome> {
  const { surface, by, exchanges, answer } = run;
  const { limits } = task.evals;
  const [calls, tokens] = [exchanges.length, tokensRead(run)];
  const [maxCalls, maxTokens] = [limits.calls[surface], limits.tokens[surface]];
  const problems = [
    ...(await verifyState()),
    ...checkAnswer(task, answer),
    ...checkResults(task, exchanges),
    ...(calls > maxCalls ? [`${calls} calls, more than ${maxCalls}`] : []),
    ...(tokens > maxTokens ? [`${tokens} tokens, more than ${maxTokens}`] : []),
  ];
  return { task: task.metadata.name, surface, by, calls, maxCalls, tokens, maxTokens, problems };
}
