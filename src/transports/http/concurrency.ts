import { mayTakeOneMore } from '../../lib/fair-share.ts';

/** What one caller has of the places. */
interface Held {
  count: number;
}

/** The place that a request takes up while it is served. */
export class Place {
  /** Whether a call still runs for it: it may go on when its client's connection has broken. */
  #isWorking = false;
  #isClosed = false;
  readonly #held: Held;
  readonly #leave: (held: Held) => void;

  constructor(held: Held, leave: (held: Held) => void) {
    this.#held = held;
    this.#leave = leave;
  }

  /** Work for it begins, for which it is kept until `finish`. */
  begin(): void {
    // Once it is left, it is another's.
    if (!this.#isClosed) this.#isWorking = true;
  }

  /** Its response is over. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (!this.#isWorking) this.#leave(this.#held);
  }

  /** The work for it has ended. */
  finish(): void {
    if (!this.#isWorking) return;
    this.#isWorking = false;
    if (this.#isClosed) this.#leave(this.#held);
  }
}

/** Callers that have nothing are forgotten when there are so many. */
const mostKnown = 2_000;

/** Places for what runs at the same time, shared out among callers. */
export class Places {
  readonly #most: number;
  /** Those who have none stay for a while: a Map that gains and loses a key with each call leaves tables behind. */
  readonly #callers = new Map<string, Held>();
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get taken(): number {
    return this.#taken;
  }

  get isFull(): boolean {
    return this.#taken >= this.#most;
  }

  /** A place; undefined where there is none, or none for this caller. */
  take(caller: string): Place | undefined {
    const held = this.#callers.get(caller) ?? this.#know(caller);
    if (!mayTakeOneMore(held.count, this.#most - this.#taken)) return undefined;
    held.count += 1;
    this.#taken += 1;
    return new Place(held, this.#leave);
  }

  #know(caller: string): Held {
    if (this.#callers.size >= mostKnown)
      for (const [name, { count }] of this.#callers) if (count === 0) this.#callers.delete(name);
    const held = { count: 0 };
    this.#callers.set(caller, held);
    return held;
  }

  readonly #leave = (held: Held): void => {
    held.count -= 1;
    this.#taken -= 1;
  };
}
