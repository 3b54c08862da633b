import { hasFairShare } from '../lib/fair-share.ts';
import { getOrCreate } from '../lib/get-or-create.ts';

/** Maximum concurrent token checks: a flood of invented tokens must not become a flood of requests to Synqly. */
const maxConcurrent = 64;
/** Maximum waiting checks, for one sender and for all. */
const maxWaitingOfOne = 200;
const maxWaiting = 2_000;
/** Maximum milliseconds that a check waits. */
const waitTimeoutMs = 10_000;

interface QueuedCheck {
  readonly start: () => void;
}

/** The checks of one sender. */
interface SenderQueue {
  running: number;
  readonly waiting: Set<QueuedCheck>;
}

/** Limits concurrent token checks. Senders take turns, so that one with many checks does not starve the others. */
export class TokenChecks {
  readonly #queues = new Map<string, SenderQueue>();
  #running = 0;
  #waiting = 0;

  /**
   * Runs the work when it is its sender's turn.
   *
   * @throws when the queue is full or the wait times out, and whatever the work throws
   */
  async run<Result>(sender: string, work: () => Promise<Result>): Promise<Result> {
    const queue = getOrCreate(this.#queues, sender, () => ({ running: 0, waiting: new Set<QueuedCheck>() }));
    if (this.#mayStart(queue)) this.#start(queue);
    else await this.#enqueue(queue);
    try {
      return await work();
    } finally {
      queue.running -= 1;
      this.#running -= 1;
      if (queue.running === 0 && queue.waiting.size === 0) this.#queues.delete(sender);
      this.#startNext();
    }
  }

  #mayStart(queue: SenderQueue): boolean {
    return hasFairShare(queue.running, maxConcurrent - this.#running);
  }

  #start(queue: SenderQueue): void {
    queue.running += 1;
    this.#running += 1;
  }

  #enqueue(queue: SenderQueue): Promise<void> {
    const isTooMany = this.#waiting >= maxWaiting && queue.waiting.size > 0;
    if (isTooMany || queue.waiting.size >= maxWaitingOfOne)
      return Promise.reject(new Error('Too many token checks are waiting.'));
    return new Promise((resolve, reject) => {
      const dequeue = () => {
        clearTimeout(timer);
        queue.waiting.delete(one);
        this.#waiting -= 1;
      };
      const one: QueuedCheck = {
        start: () => {
          dequeue();
          this.#start(queue);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        dequeue();
        reject(new Error('The token check timed out in the queue.'));
      }, waitTimeoutMs).unref();
      queue.waiting.add(one);
      this.#waiting += 1;
    });
  }

  /** Starts the oldest check of the sender with the fewest running. */
  #startNext(): void {
    let next: SenderQueue | undefined;
    for (const queue of this.#queues.values()) {
      if (queue.waiting.size > 0 && (!next || queue.running < next.running) && this.#mayStart(queue))
        next = queue;
    }
    const [oldest] = next?.waiting ?? [];
    oldest?.start();
  }
}
