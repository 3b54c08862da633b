import { LRUCache } from 'lru-cache';
import { type Learnt, learnRightsWithin } from '../access/learn-permissions.ts';
import type { Rights } from '../access/permissions.ts';
import type { Caller } from '../auth/authenticate.ts';
import { hashToken } from '../auth/mcp-tokens/mcp-token.ts';
import type { Config } from '../config/load-config.ts';
import type { Log } from '../observability/logger.ts';
import type { Upstream } from '../request-context.ts';
import type { TokenSource } from '../synqly/token-source.ts';

/** What is known of a caller's rights for now. */
export interface CallerRights {
  readonly rights: Rights | undefined;
  /** Whether more is known by now; it looks again where that is due. Undefined when nothing is still to be learnt. */
  readonly isOutdated?: (() => boolean) | undefined;
}

/** Milliseconds for which it is remembered what a token may do, and how many tokens that is remembered of. */
const rememberFor = 5 * 60_000;
const mostTokens = 1_000;
/** Milliseconds that a caller waits for a look-up, which goes on behind it for so many. */
const waitWithin = 2_000;
const lookWithin = 10_000;
/** Milliseconds after a failed look-up before the next one; it doubles with each failure. */
const firstPause = 1_000;
const longestPause = 5 * 60_000;

/** What is known of one token. */
class TokenRights {
  /** Of the last look-up that was answered. */
  #learnt: Exclude<Learnt, 'failed'> | undefined;
  #lookAt = 0;
  #failures = 0;
  #waitUntil = 0;
  #running: Promise<void> | undefined;
  readonly #look: () => Promise<Learnt>;

  /** @param look asks Synqly; it never throws */
  constructor(look: () => Promise<Learnt>) {
    this.#look = look;
  }

  /** Waits for a look-up that has just begun, and not for one that has turned out slow. */
  async read(): Promise<CallerRights> {
    this.#lookAgain();
    if (this.#running && this.#failures === 0) {
      await within(this.#waitUntil - performance.now(), this.#running);
    }
    const told = this.#learnt;
    const rights = typeof told === 'object' ? told : undefined;
    if (!this.#running && this.#failures === 0) return { rights };
    const isOutdated = () => {
      this.#lookAgain();
      return this.#learnt !== told;
    };
    return { rights, isOutdated };
  }

  /** One look-up at a time, once what is known is old, or some time after one that failed. */
  #lookAgain(): void {
    const now = performance.now();
    if (this.#running || now < this.#lookAt) return;
    this.#waitUntil = now + waitWithin;
    this.#running = this.#look().then((learnt) => {
      this.#running = undefined;
      const isAnswered = learnt !== 'failed';
      if (isAnswered) this.#learnt = learnt;
      this.#failures = isAnswered ? 0 : this.#failures + 1;
      const pause = Math.min(firstPause * 2 ** (this.#failures - 1), longestPause);
      this.#lookAt = performance.now() + (isAnswered ? rememberFor : pause);
    });
  }
}

/**
 * What the tokens of callers may do: asked once for each for a while, however many callers share it, as behind a
 * gateway. A look-up that fails is no answer: what was known before stays, and a later request looks again.
 */
export function rememberRights(
  { permissions }: Pick<Config, 'permissions'>,
  client: Upstream['client'],
  log: Log,
): (caller: Caller) => Promise<CallerRights> {
  if (permissions.value === 'ignore') return async () => ({ rights: undefined });
  const known = new LRUCache<string, TokenRights>({ max: mostTokens });
  const lookWith = (token: TokenSource, key: string) => async () => {
    const learnt = await learnRightsWithin(lookWithin, client, token);
    if (learnt === 'failed')
      log.warn({ caller: key.slice(0, 8) }, 'what a token may do could not be looked up');
    return learnt;
  };
  return async ({ token, hash }) => {
    const key = await token.current().then(hashToken, () => hash);
    const rights = known.get(key) ?? new TokenRights(lookWith(token, key));
    known.set(key, rights);
    return rights.read();
  };
}

function within(milliseconds: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.max(0, milliseconds)).unref();
    work.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
