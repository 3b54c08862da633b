import { mayTakeOneMore } from '../../lib/fair-share.ts';

/** What one caller has of the places. */
interface CallerSlots {
  count: number;
}

/** The place that a request takes up while it is served. */
export class Slot {
  /** Whether a call still runs for it: it may go on when its client's connection has broken. */
  #isWorking = false;
  #isClosed = false;
  readonly #caller: CallerSlots;
  readonly #leave: (caller: CallerSlots) => void;

  constructor(caller: CallerSlots, leave: (caller: CallerSlots) => void) {
    this.#caller = caller;
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
    if (!this.#isWorking) this.#leave(this.#caller);
  }

  /** The work for it has ended. */
  finish(): void {
    if (!this.#isWorking) return;
    this.#isWorking = false;
    if (this.#isClosed) this.#leave(this.#caller);
  }
}

/** Callers that have nothing are forgotten when there are so many. */
const maxCallers = 2_000;

/** Places for what runs at the same time, shared out among callers. */
export class ConcurrencyLimit {
  readonly #max: number;
  /** Those who have none stay for a while: a Map that gains and loses a key with each call leaves tables behind. */
  readonly #callers = new Map<string, CallerSlots>();
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get taken(): number {
    return this.#taken;
  }

  get isFull(): boolean {
    return this.#taken >= this.#max;
  }

  /** A slot for a request of this caller; undefined where there is none, or none for this caller. */
  take(caller: string): Slot | undefined {
    const slots = this.#callers.get(caller) ?? this.#addCaller(caller);
    if (!mayTakeOneMore(slots.count, this.#max - this.#taken)) return undefined;
    slots.count += 1;
    this.#taken += 1;
    return new Slot(slots, this.#leave);
  }

  #addCaller(caller: string): CallerSlots {
    if (this.#callers.size >= maxCallers)
      for (const [name, { count }] of this.#callers) if (count === 0) this.#callers.delete(name);
    const slots = { count: 0 };
    this.#callers.set(caller, slots);
    return slots;
  }

  readonly #leave = (slots: CallerSlots): void => {
    slots.count -= 1;
    this.#taken -= 1;
  };
}
