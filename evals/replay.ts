import { checkRun, holds, type Outcome, textsOf } from './check.ts';
import { connect } from './connect.ts';
import type { Exchange, Recording } from './recording.ts';
import { type StageOptions, startStage } from './stage.ts';
import { type Earlier, parsed, substitute } from './substitute.ts';
import { promptOf, readTask, type Task } from './task.ts';

/**
 * Makes the calls of a recording against a fresh sandbox, without a model. Finds out whether the server answers as it
 * did then in what the agent relied on, and whether the task is done.
 */
export async function replay(recording: Recording, options: StageOptions = {}): Promise<Outcome> {
  const task = readTask(recording.task);
  const stage = await startStage(task, recording.surface, options);
  try {
    const agent = await connect(stage);
    try {
      const { exchanges, problems } = await makeCalls(recording, task, agent.call);
      const run = { ...recording, listTokens: agent.listTokens, exchanges };
      const outcome = await checkRun(task, run, stage.verifyState);
      return { ...outcome, problems: [...problems, ...outcome.problems] };
    } finally {
      await agent.close();
    }
  } finally {
    await stage.close();
  }
}

type Call = (tool: string, args: Record<string, unknown>) => Promise<Exchange>;

async function makeCalls(recording: Recording, task: Task, call: Call) {
  const prompt = promptOf(task);
  const exchanges: Exchange[] = [];
  const problems: string[] = [];
  for (const [at, recorded] of recording.exchanges.entries()) {
    const earlier: Earlier = exchanges.map(({ text }, before) => ({
      recorded: recording.exchanges[before]?.text ?? '',
      replayed: text,
    }));
    const { args, missing } = substitute(recorded.arguments, prompt, earlier);
    const replayed = await call(recorded.tool, args);
    const found = [
      ...missing.map((word) => `no result has ${JSON.stringify(word)} any more`),
      ...differences(recorded, replayed, recording.answer, task),
    ];
    problems.push(...found.map((problem) => `call ${at + 1} (${recorded.tool}): ${problem}`));
    exchanges.push(replayed);
  }
  return { exchanges, problems };
}

/** What an agent that relied on the recorded result would miss in the new one. */
function differences(recorded: Exchange, replayed: Exchange, answer: string, task: Task): string[] {
  const [was, is] = [outcomeOf(recorded), outcomeOf(replayed)];
  if (was !== is) return [`${is}, not ${was}`];
  const rowsBefore = rowCounts(parsed(recorded.text));
  const rowsNow = rowCounts(parsed(replayed.text));
  const facts = task.evals.answer.contains.flatMap((fact) => textsOf(fact));
  const lost = facts.filter(
    (fact) => holds(answer, fact) && holds(recorded.text, fact) && !holds(replayed.text, fact),
  );
  return [
    ...(rowsBefore === rowsNow ? [] : [`rows ${rowsNow}, not ${rowsBefore}`]),
    ...lost.map((fact) => `the result lacks ${JSON.stringify(fact)}`),
  ];
}

/** What a client sees of an outcome: whether it is an error, and with what code. */
function outcomeOf({ isError, text }: Exchange): string {
  const body = parsed(text);
  const error = typeof body === 'object' && body !== null ? Reflect.get(body, 'error') : undefined;
  const kind = isError ? 'an error' : 'a success';
  return error === undefined ? kind : `${kind} with the code ${error.code}`;
}

/** Numbers of rows of all tables of a result. */
function rowCounts(value: unknown): string {
  if (typeof value !== 'object' || value === null) return '';
  const counts = Object.entries(value).map(([name, inner]) =>
    name === 'rows' && Array.isArray(inner) ? `${inner.length}` : rowCounts(inner),
  );
  return counts.filter(Boolean).join(' ');
}
