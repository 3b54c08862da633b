import { mayTakeOneMore } from '../lib/fair-share.ts';

/** Checks of tokens at one time: a flood of made-up tokens must not become a flood of requests to Synqly. */
const maxAtOnce = 64;
/** Checks of one sender that wait for their turn, and of all. */
const maxWaitingOfOne = 200;
const maxWaiting = 2_000;
/** Milliseconds that one waits at most. */
const waitTimeoutMs = 10_000;

interface Waiting {
  readonly start: () => void;
}

/** The checks of one sender. */
interface Lane {
  running: number;
  readonly waiting: Set<Waiting>;
}

/** Checks tokens a few at a time. Senders take turns, so that one with many leaves the others their part. */
export class TokenChecks {
  readonly #lanes = new Map<string, Lane>();
  #running = 0;
  #waiting = 0;

  /**
   * Does the work when it is its sender's turn.
   *
   * @throws when there is no turn for it, and whatever the work throws
   */
  async run<Result>(sender: string, work: () => Promise<Result>): Promise<Result> {
    const lane = this.#lanes.get(sender) ?? { running: 0, waiting: new Set<Waiting>() };
    this.#lanes.set(sender, lane);
    if (this.#mayStart(lane)) this.#start(lane);
    else await this.#turn(lane);
    try {
      return await work();
    } finally {
      lane.running -= 1;
      this.#running -= 1;
      if (lane.running === 0 && lane.waiting.size === 0) this.#lanes.delete(sender);
      this.#next();
    }
  }

  #mayStart(lane: Lane): boolean {
    return mayTakeOneMore(lane.running, maxAtOnce - this.#running);
  }

  #start(lane: Lane): void {
    lane.running += 1;
    this.#running += 1;
  }

  #turn(lane: Lane): Promise<void> {
    const isTooMany = this.#waiting >= maxWaiting && lane.waiting.size > 0;
    if (isTooMany || lane.waiting.size >= maxWaitingOfOne)
      return Promise.reject(new Error('Too many tokens are being checked.'));
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        lane.waiting.delete(one);
        this.#waiting -= 1;
      };
      const one: Waiting = {
        start: () => {
          leave();
          this.#start(lane);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        leave();
        reject(new Error('The check of a token waited for too long.'));
      }, waitTimeoutMs).unref();
      lane.waiting.add(one);
      this.#waiting += 1;
    });
  }

  /** Starts the oldest of the sender that has the fewest running. */
  #next(): void {
    let next: Lane | undefined;
    for (const lane of this.#lanes.values()) {
      if (lane.waiting.size > 0 && (!next || lane.running < next.running) && this.#mayStart(lane))
        next = lane;
    }
    const [oldest] = next?.waiting ?? [];
    oldest?.start();
  }
}
