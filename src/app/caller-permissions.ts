import { LRUCache } from 'lru-cache';
import { learnPermissionsWithin, type PermissionsResult } from '../access/learn-permissions.ts';
import type { TokenPermissions } from '../access/permissions.ts';
import type { Caller } from '../auth/authenticate.ts';
import type { Config } from '../config/load-config.ts';
import { hashToken } from '../lib/hash.ts';
import type { Log } from '../observability/logger.ts';
import type { SynqlyConnection } from '../request-context.ts';
import type { TokenSource } from '../synqly/token-source.ts';

/** What is known of a caller's rights for now. */
export interface CallerPermissions {
  readonly permissions: TokenPermissions | undefined;
  /** Whether more is known by now; it looks again where that is due. Undefined when nothing is still to be learnt. */
  readonly isOutdated?: (() => boolean) | undefined;
}

/** Milliseconds for which it is remembered what a token may do, and how many tokens that is remembered of. */
const cacheTtlMs = 5 * 60_000;
const maxTokens = 1_000;

/** Milliseconds that a caller waits for a look-up, which goes on behind it for so many. */
const waitTimeoutMs = 2_000;
const lookTimeoutMs = 10_000;

/** Milliseconds after a failed look-up before the next one; it doubles with each failure. */
const minPauseMs = 1_000;
const maxPauseMs = 5 * 60_000;

/** What is known of one token. */
class PermissionsCache {
  /** Of the last look-up that was answered. */
  #learnt: Exclude<PermissionsResult, 'failed'> | undefined;
  #nextRefresh = 0;
  #failures = 0;
  #waitUntil = 0;
  #running: Promise<void> | undefined;
  readonly #learn: () => Promise<PermissionsResult>;

  /** @param learn asks Synqly; it never throws */
  constructor(learn: () => Promise<PermissionsResult>) {
    this.#learn = learn;
  }

  /** Waits for a look-up that has just begun, and not for one that has turned out slow. */
  async read(): Promise<CallerPermissions> {
    this.#refresh();
    if (this.#running && this.#failures === 0) {
      await waitFor(this.#waitUntil - performance.now(), this.#running);
    }
    const known = this.#learnt;
    const permissions = typeof known === 'object' ? known : undefined;
    if (!this.#running && this.#failures === 0) return { permissions };
    const isOutdated = () => {
      this.#refresh();
      return this.#learnt !== known;
    };
    return { permissions, isOutdated };
  }

  /** One look-up at a time, once what is known is old, or some time after one that failed. */
  #refresh(): void {
    const now = performance.now();
    if (this.#running || now < this.#nextRefresh) return;
    this.#waitUntil = now + waitTimeoutMs;
    this.#running = this.#learn().then((learnt) => {
      this.#running = undefined;
      const isAnswered = learnt !== 'failed';
      if (isAnswered) this.#learnt = learnt;
      this.#failures = isAnswered ? 0 : this.#failures + 1;
      const pause = Math.min(minPauseMs * 2 ** (this.#failures - 1), maxPauseMs);
      this.#nextRefresh = performance.now() + (isAnswered ? cacheTtlMs : pause);
    });
  }
}

/**
 * What the tokens of callers may do: asked once for each for a while, however many callers share it, as behind a
 * gateway. A look-up that fails is no answer: what was known before stays, and a later request looks again.
 */
export function cachePermissions(
  { permissions }: Pick<Config, 'permissions'>,
  client: SynqlyConnection['client'],
  log: Log,
): (caller: Caller) => Promise<CallerPermissions> {
  if (permissions.value === 'ignore') return async () => ({ permissions: undefined });
  const known = new LRUCache<string, PermissionsCache>({ max: maxTokens });
  const learnWith = (token: TokenSource, key: string) => async () => {
    const learnt = await learnPermissionsWithin(lookTimeoutMs, client, token);
    if (learnt === 'failed')
      log.warn({ caller: key.slice(0, 8) }, 'what a token may do could not be looked up');
    return learnt;
  };
  return async ({ token, hash }) => {
    const key = await token.current().then(hashToken, () => hash);
    const cache = known.get(key) ?? new PermissionsCache(learnWith(token, key));
    known.set(key, cache);
    return cache.read();
  };
}

function waitFor(milliseconds: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.max(0, milliseconds)).unref();
    work.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
