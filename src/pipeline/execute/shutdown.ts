import { CallError } from '../../errors.ts';
import { type Listed, RunningList } from '../../lib/running-list.ts';

/** Made with the first question: a start has none, and an AbortController loads a good deal of Node. */
let stoppingQuestions: AbortController | undefined;

/** Aborts once the process stops: an answer of a person may no longer get through. */
export function untilQuestionsStop(): AbortSignal {
  stoppingQuestions ??= new AbortController();
  return stoppingQuestions.signal;
}

/** Ends the questions that people are asked, and whatever is asked from now on. */
export function stopQuestions(): void {
  stoppingQuestions ??= new AbortController();
  stoppingQuestions.abort();
}

/** Work that can be ended before its time. */
interface Endable extends Listed {
  end(reason: CallError): void;
}

const running = new RunningList<Endable>();
let isStopped = false;

/** Work of calls at Synqly that has begun and is not over. */
export function runningWork(): number {
  return running.size;
}

/** Of work that begins now; it is ended at once where all work is ended already. */
export function beginWork(work: Endable): void {
  running.add(work);
  if (isStopped) work.end(interruption());
}

/** Of work that `beginWork` was told of. */
export function finishWork(work: Endable): void {
  running.delete(work);
}

/** Ends the work of calls at Synqly, and whatever begins from now on; their callers are told so. */
export function stopWork(): void {
  isStopped = true;
  for (const work of [...running]) work.end(interruption());
}

/** Why a call has ended that was stopped. */
export function interruption(): CallError {
  return new CallError('interrupted', 'The server was stopped while the call was under way.');
}
