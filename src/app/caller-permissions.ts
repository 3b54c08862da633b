import { LRUCache } from 'lru-cache';
import { learnPermissionsWithin, type PermissionsResult } from '../access/learn-permissions.ts';
import type { TokenPermissions } from '../access/permissions.ts';
import type { Caller } from '../auth/authenticate.ts';
import type { Config } from '../config/load-config.ts';
import { getOrCreate } from '../lib/get-or-create.ts';
import { hashToken } from '../lib/hash.ts';
import type { Log } from '../observability/logger.ts';
import type { SynqlyConnection } from '../request-context.ts';
import type { TokenSource } from '../synqly/token-source.ts';

/** The currently known permissions of a caller. */
export interface CallerPermissions {
  readonly permissions: TokenPermissions | undefined;
  /** Whether newer permissions are known; starts a refresh when due. Undefined when no refresh is pending. */
  readonly isOutdated?: (() => boolean) | undefined;
}

/** Lifetime of cached permissions in milliseconds, and maximum number of cached tokens. */
const cacheTtlMs = 5 * 60_000;
const maxTokens = 1_000;

/**
 * Milliseconds that a caller waits for a read of permissions, which continues in the background up to the second
 * limit.
 */
const waitTimeoutMs = 2_000;
const readTimeoutMs = 10_000;

/** Pause after a failed read in milliseconds; it doubles with each failure. */
const minPauseMs = 1_000;
const maxPauseMs = 5 * 60_000;

/** The permissions of one token. */
class PermissionsCache {
  /** Result of the last successful read. */
  #learnt: Exclude<PermissionsResult, 'failed'> | undefined;
  #nextRefresh = 0;
  #failures = 0;
  #waitUntil = 0;
  #running: Promise<void> | undefined;
  readonly #learn: () => Promise<PermissionsResult>;

  /** @param learn reads the permissions from Synqly; never throws */
  constructor(learn: () => Promise<PermissionsResult>) {
    this.#learn = learn;
  }

  /** Waits for a read that has just started, but not for one that failed before. */
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

  /** Starts a read, one at a time, when the cached result has expired or the pause after a failure is over. */
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
 * Caches the permissions of callers' API tokens: one read per token, however many callers share it, as behind a
 * gateway. After a failed read, the previous result stays, and a later request reads again.
 */
export function cachePermissions(
  { permissions }: Pick<Config, 'permissions'>,
  client: SynqlyConnection['client'],
  log: Log,
): (caller: Caller) => Promise<CallerPermissions> {
  if (permissions.value === 'ignore') return async () => ({ permissions: undefined });
  const known = new LRUCache<string, PermissionsCache>({ max: maxTokens });
  const learnWith = (token: TokenSource, key: string) => async () => {
    const learnt = await learnPermissionsWithin(readTimeoutMs, client, token);
    if (learnt === 'failed')
      log.warn({ caller: key.slice(0, 8) }, 'could not read the permissions of a token');
    return learnt;
  };
  return async ({ token, hash }) => {
    const key = await token.current().then(hashToken, () => hash);
    return getOrCreate(known, key, () => new PermissionsCache(learnWith(token, key))).read();
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
