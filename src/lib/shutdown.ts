import { setMaxListeners } from 'node:events';
import { type Listed, RunningList } from './running-list.ts';

/** Created on first use: loading AbortController would slow the start. */
let questions: AbortController | undefined;

function createQuestions(): AbortController {
  const controller = new AbortController();
  // Every open form and subscription listens to it, for which Node would warn of a leak.
  setMaxListeners(0, controller.signal);
  return controller;
}

/** Aborts when the process is stopping: a person's answer might arrive too late. */
export function questionsSignal(): AbortSignal {
  questions ??= createQuestions();
  return questions.signal;
}

/** Ends all open and later elicitations. */
export function stopQuestions(): void {
  questions ??= createQuestions();
  questions.abort();
}

/** Work that can be stopped early. */
interface Stoppable extends Listed {
  stop(reason: unknown): void;
}

const running = new RunningList<Stoppable>();
let stopReason: (() => unknown) | undefined;

/** Number of running requests to Synqly. */
export function runningWork(): number {
  return running.size;
}

/** Registers work; it is stopped at once if the process is already stopping. */
export function beginWork(work: Stoppable): void {
  running.add(work);
  if (stopReason) work.stop(stopReason());
}

/** Removes work that `beginWork` registered. */
export function finishWork(work: Stoppable): void {
  running.delete(work);
}

/**
 * Stops all registered work, and any registered later.
 *
 * @param reason creates the error that each piece of work fails with
 */
export function stopWork(reason: () => unknown): void {
  stopReason = reason;
  for (const work of [...running]) work.stop(reason());
}
