import { LRUCache } from 'lru-cache';

/** How far someone has got in this minute. */
export interface Rate {
  readonly max: number;
  readonly remaining: number;
  readonly isExceeded: boolean;
  readonly ttlInSeconds: number;
}

interface Window {
  from: number;
  count: number;
}

const length = 60_000;
/** Whoever was seen least lately is forgotten when there are more. */
const maxKeys = 50_000;

/** Counts by key, anew for each minute after a key's first. */
export class Windows {
  readonly #windows = new LRUCache<string, Window>({ max: maxKeys });
  readonly #max: number;

  /** @param max how many are let pass in a minute */
  constructor(max: number) {
    this.#max = max;
  }

  /** Counts one more. */
  count(key: string): Rate {
    const now = performance.now();
    let window = this.#windows.get(key);
    if (window === undefined) {
      window = { from: now, count: 0 };
      this.#windows.set(key, window);
    } else if (now - window.from >= length) {
      window.from = now;
      window.count = 0;
    }
    window.count += 1;
    return {
      max: this.#max,
      remaining: Math.max(0, this.#max - window.count),
      isExceeded: window.count > this.#max,
      ttlInSeconds: Math.ceil((window.from + length - now) / 1_000),
    };
  }

  /** Takes one back that turned out not to count. */
  takeBack(key: string): void {
    const window = this.#windows.get(key);
    if (window !== undefined && window.count > 0) window.count -= 1;
  }
}
