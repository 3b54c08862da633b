import { LRUCache } from 'lru-cache';

/** A key's use of its limit in the current minute. */
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

const windowMs = 60_000;
/** The least recently used keys are removed above this number. */
const maxKeys = 50_000;

/** Fixed one-minute windows per key; a window starts with the key's first request. */
export class Windows {
  readonly #windows = new LRUCache<string, Window>({ max: maxKeys });
  readonly #max: number;

  /** @param max requests allowed per minute */
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
    } else if (now - window.from >= windowMs) {
      window.from = now;
      window.count = 0;
    }
    window.count += 1;
    return {
      max: this.#max,
      remaining: Math.max(0, this.#max - window.count),
      isExceeded: window.count > this.#max,
      ttlInSeconds: Math.ceil((window.from + windowMs - now) / 1_000),
    };
  }

  /** Subtracts a request that should not count. */
  uncount(key: string): void {
    const window = this.#windows.get(key);
    if (window !== undefined && window.count > 0) window.count -= 1;
  }
}
