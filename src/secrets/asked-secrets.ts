import { questionsSignal } from '../lib/shutdown.ts';
import { openSite, pageLifetimeMs, type SecretPurpose, type Site } from './prompt-page.ts';
import { referenceError } from './reference.ts';

/** The secrets that a person types for one call. The call is repeated until all are there. */
export interface AskedSecrets {
  /** The pages whose secret is missing. */
  readonly missing: () => readonly MissingSecret[];
  /** Milliseconds until the secrets are dropped and their pages closed. */
  readonly timeLeft: () => number;
  /** Resolves when all secrets are typed, and when they are dropped. */
  readonly settled: Promise<void>;
  /** Takes the secrets, in the order of their purposes, once; undefined while one is missing. */
  readonly take: () => readonly string[] | undefined;
  /** Forgets the secrets and closes their pages. */
  readonly drop: () => void;
}

/** A secret that is not typed yet, and its page. */
export interface MissingSecret {
  readonly index: number;
  readonly argument: string;
  readonly url: string;
}

/** Secrets that people type on pages while their calls are repeated. A call is identified together with its arguments. */
export interface SecretPages {
  /** What a call has asked for; undefined if it has not, or if that was taken or dropped. */
  find(call: string): AskedSecrets | undefined;
  /**
   * Opens a page for each secret of a call, unless the call has asked before.
   *
   * @throws CallError `secret_reference` when pages cannot be opened, `secret_refused` when the store is full
   */
  ask(call: string, purposes: readonly SecretPurpose[]): Promise<AskedSecrets>;
}

/** What is called with each typed secret. */
interface Handlers {
  readonly onTyped: (secret: string) => void;
  /** Called before a call gets the secret. */
  readonly onTaken: (secret: string) => void;
  /** Called when no call has taken the secret. */
  readonly onDropped: (secret: string) => void;
}

/** Secrets that may be asked for at one time. Beyond it, the oldest call is dropped. */
const maxAsked = 20;

/** Keeps typed secrets in memory until their call takes them. */
export function createSecretPages(handlers: Handlers): SecretPages {
  // Ordered by age.
  const calls = new Map<string, { readonly asked: AskedSecrets; readonly count: number }>();
  questionsSignal().addEventListener('abort', () => {
    for (const { asked } of calls.values()) asked.drop();
  });

  const makeRoom = (count: number): void => {
    let total = count;
    for (const one of calls.values()) total += one.count;
    for (const one of calls.values()) {
      if (total <= maxAsked) return;
      total -= one.count;
      one.asked.drop();
    }
  };

  return {
    find: (call) => calls.get(call)?.asked,
    ask: async (call, purposes) => {
      if (purposes.length > maxAsked)
        throw referenceError(`A call can ask a person for at most ${maxAsked} secrets.`);
      const site = await openSite().catch((cause) => {
        throw referenceError(`No page can be opened for the person (${cause.code ?? cause.message}).`);
      });
      const before = calls.get(call);
      if (before) return before.asked;
      makeRoom(purposes.length);
      const asked = askOn(site, purposes, { ...handlers, onEnd: () => calls.delete(call) });
      calls.set(call, { asked, count: purposes.length });
      return asked;
    },
  };
}

function askOn(
  site: Site,
  purposes: readonly SecretPurpose[],
  { onTyped, onTaken, onDropped, onEnd }: Handlers & { readonly onEnd: () => void },
): AskedSecrets {
  const secrets = new Map<number, string>();
  let hasEnded = false;
  let settle: (() => void) | undefined;
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const end = (): void => {
    hasEnded = true;
    clearTimeout(timer);
    for (const { close } of pages) close();
    onEnd();
    secrets.clear();
    settle?.();
  };
  const drop = (): void => {
    if (hasEnded) return;
    for (const secret of secrets.values()) onDropped(secret);
    end();
  };
  let until: number;
  let timer: NodeJS.Timeout | undefined;
  const restartTimer = (): void => {
    clearTimeout(timer);
    until = performance.now() + pageLifetimeMs;
    timer = setTimeout(drop, pageLifetimeMs).unref();
  };
  const pages = purposes.map((purpose, index) =>
    site.openPage(purpose, (secret) => {
      secrets.set(index, secret);
      onTyped(secret);
      if (secrets.size < purposes.length) return;
      // The last page may be used in its last second, and the call has to be repeated after that.
      restartTimer();
      settle?.();
    }),
  );
  restartTimer();
  return {
    missing: () =>
      purposes.flatMap(({ argument }, index) =>
        secrets.has(index) ? [] : [{ index, argument, url: pages[index]?.url ?? '' }],
      ),
    timeLeft: () => until - performance.now(),
    settled,
    take: () => {
      if (hasEnded || secrets.size < purposes.length) return undefined;
      const taken = purposes.map((_, index) => secrets.get(index) ?? '');
      for (const secret of taken) onTaken(secret);
      end();
      return taken;
    },
    drop,
  };
}
