import { hasFairShare } from '../../lib/fair-share.ts';

/** The slots that one caller holds. */
interface CallerSlots {
  count: number;
}

/** A request's share of the concurrency limit. */
export class Slot {
  /** Whether a call still runs: it may outlive the client's connection. */
  #isWorking = false;
  #isClosed = false;
  readonly #caller: CallerSlots;
  readonly #release: (caller: CallerSlots) => void;

  constructor(caller: CallerSlots, release: (caller: CallerSlots) => void) {
    this.#caller = caller;
    this.#release = release;
  }

  /** The call starts; the slot is held until `finish`. */
  begin(): void {
    // A closed slot may already belong to another request.
    if (!this.#isClosed) this.#isWorking = true;
  }

  /** The response is closed. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (!this.#isWorking) this.#release(this.#caller);
  }

  /** The call has ended. */
  finish(): void {
    if (!this.#isWorking) return;
    this.#isWorking = false;
    if (this.#isClosed) this.#release(this.#caller);
  }
}

/** At this many, callers without slots are removed. */
const maxCallers = 2_000;

/** Limits concurrent requests, with a fair share for each caller. */
export class ConcurrencyLimit {
  readonly #max: number;
  /** Callers without slots stay for a while: a Map that adds and deletes a key for each call leaks tables. */
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

  /** A slot for a request of this caller; undefined if none is free, or the caller has its share. */
  take(caller: string): Slot | undefined {
    const slots = this.#callers.get(caller) ?? this.#addCaller(caller);
    if (!hasFairShare(slots.count, this.#max - this.#taken)) return undefined;
    slots.count += 1;
    this.#taken += 1;
    return new Slot(slots, this.#release);
  }

  #addCaller(caller: string): CallerSlots {
    if (this.#callers.size >= maxCallers)
      for (const [name, { count }] of this.#callers) if (count === 0) this.#callers.delete(name);
    const slots = { count: 0 };
    this.#callers.set(caller, slots);
    return slots;
  }

  readonly #release = (slots: CallerSlots): void => {
    slots.count -= 1;
    this.#taken -= 1;
  };
}
