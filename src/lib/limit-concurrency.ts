import type { StopSignal } from './cancellation.ts';

/** Runs work, at most a certain number of pieces at a time, in the order in which they were added. */
export type RunLimited = <Value>(work: () => Promise<Value>) => Promise<Value>;

/**
 * Creates a queue that runs at most `max` pieces of work side by side.
 *
 * @param signal once it aborts, waiting work is dropped: it rejects with the signal's reason and never starts
 */
export function limitConcurrency(max: number, signal?: StopSignal): RunLimited {
  let running = 0;
  const waiting: (() => void)[] = [];
  const startNext = () => {
    while (running < max || signal?.aborted) {
      const start = waiting.shift();
      if (!start) return;
      start();
    }
  };
  signal?.addEventListener('abort', startNext);
  return (work) =>
    new Promise((resolve, reject) => {
      waiting.push(() => {
        if (signal?.aborted) return reject(signal.reason);
        running += 1;
        work()
          .then(resolve, reject)
          .finally(() => {
            running -= 1;
            startNext();
          });
      });
      startNext();
    });
}

/** Does work for each item, for at most `max` of them at a time, in their order. The results are in that order too. */
export function mapConcurrently<Item, Result>(
  items: readonly Item[],
  max: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const run = limitConcurrency(max);
  return Promise.all(items.map((item) => run(() => work(item))));
}
