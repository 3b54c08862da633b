/** A member of a `RunningList`, which notes its place in it. */
export interface Listed {
  place?: number | undefined;
}

/**
 * What is under way, in no order. A Set that gains and loses a member with each call leaves tables behind, and V8 keeps
 * what they refer to for long: that doubled the time that collecting garbage took.
 */
export class RunningList<Item extends Listed> {
  readonly #items: Item[] = [];

  get size(): number {
    return this.#items.length;
  }

  add(item: Item): void {
    item.place = this.#items.length;
    this.#items.push(item);
  }

  delete(item: Item): void {
    const { place } = item;
    if (place === undefined) return;
    item.place = undefined;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#items[place] = last;
    last.place = place;
  }

  [Symbol.iterator](): Iterator<Item> {
    return this.#items[Symbol.iterator]();
  }
}
