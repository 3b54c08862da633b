/** An item of a `RunningList`, which stores its own index. */
export interface Listed {
  index?: number | undefined;
}

/**
 * An unordered list of running work. A Set that gains and loses an item per call leaves tables behind, and V8 keeps
 * what they refer to: that doubled garbage collection time.
 */
export class RunningList<Item extends Listed> {
  readonly #items: Item[] = [];

  get size(): number {
    return this.#items.length;
  }

  add(item: Item): void {
    item.index = this.#items.length;
    this.#items.push(item);
  }

  delete(item: Item): void {
    const { index } = item;
    if (index === undefined) return;
    item.index = undefined;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#items[index] = last;
    last.index = index;
  }

  [Symbol.iterator](): Iterator<Item> {
    return this.#items[Symbol.iterator]();
  }
}
