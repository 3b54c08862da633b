import { type Listed, RunningList } from './running-list.ts';

/** Created with the first question: a start asks none, and an AbortController loads a good deal of Node. */
let questions: AbortController | undefined;

/** Aborts when the process is told to stop: a person's answer may no longer arrive. */
export function questionsSignal(): AbortSignal {
  questions ??= new AbortController();
  return questions.signal;
}

/** Ends the questions that people are asked now, and all later ones. */
export function stopQuestions(): void {
  questions ??= new AbortController();
  questions.abort();
}

/** Work that can be ended early. */
interface Stoppable extends Listed {
  stop(reason: unknown): void;
}

const running = new RunningList<Stoppable>();
let stopReason: (() => unknown) | undefined;

/** How many requests to Synqly are under way. */
export function runningWork(): number {
  return running.size;
}

/** Registers work; it is ended at once when the process is already stopping. */
export function beginWork(work: Stoppable): void {
  running.add(work);
  if (stopReason) work.stop(stopReason());
}

/** Removes work that `beginWork` registered. */
export function finishWork(work: Stoppable): void {
  running.delete(work);
}

/**
 * Ends all registered work, and all that is registered later.
 *
 * @param reason creates the error that each piece of work ends with
 */
export function stopWork(reason: () => unknown): void {
  stopReason = reason;
  for (const work of [...running]) work.stop(reason());
}
