import type { StopSignal } from '../lib/cancellation.ts';
import type { PermissionsResult } from './learn-permissions.ts';
import type { PermissionsSource, TokenPermissions } from './permissions.ts';

/** Permissions, or the fact that Synqly does not show them. */
export type KnownPermissions = Exclude<PermissionsResult, 'failed'>;

/** Milliseconds that lists of tools wait for the first read, from the first list. */
const listWaitMs = 300;

/** Milliseconds after which known permissions are read again, with the next call. */
const refreshIntervalMs = 5 * 60_000;

/** Pause after a failed read in milliseconds: a burst of calls makes one read. */
const minPauseMs = 1_000;

/**
 * Milliseconds before stored permissions are read again for the first time. Loading the HTTP client would delay the
 * first answers, which need no newer permissions; and a client may open its event stream after its first requests.
 */
const storedDelayMs = 200;

export interface PermissionsCacheOptions {
  /** What an earlier process has read. */
  readonly stored?: KnownPermissions | undefined;
  /** Reads the permissions from Synqly. Never throws. */
  readonly learn: () => Promise<PermissionsResult>;
  /** Stops all reads when the process is stopping. */
  readonly stopped: StopSignal;
}

/**
 * The permissions of one API token. They are read in the background, one read at a time, when `refresh` is called and
 * they are unknown, or known for some minutes. A read that fails changes nothing.
 */
export class PermissionsCache implements PermissionsSource {
  current: TokenPermissions | undefined;
  isSettled = false;
  readonly #options: PermissionsCacheOptions;
  readonly #listeners = new Set<() => void>();
  #isAnswered: boolean;
  #running: Promise<void> | undefined;
  #nextRead = 0;
  #waitUntil: number | undefined;

  constructor(options: PermissionsCacheOptions) {
    this.#options = options;
    this.#isAnswered = options.stored !== undefined;
    this.#set(options.stored);
  }

  /** Starts a read if one is due. */
  refresh(): void {
    const now = performance.now();
    if (this.#running || now < this.#nextRead || this.#options.stopped.aborted) return;
    this.#running = this.#read();
  }

  /** Resolves when the first read ends, or after a short time; undefined if there is nothing to wait for. */
  firstRead(): Promise<void> | undefined {
    if (this.#isAnswered || !this.#running) return undefined;
    const now = performance.now();
    this.#waitUntil ??= now + listWaitMs;
    return now < this.#waitUntil ? waitAtMost(this.#waitUntil - now, this.#running) : undefined;
  }

  /** Calls the listener each time the permissions have been read. @returns removes the listener */
  onRead(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #read(): Promise<void> {
    const isFirst = this.#nextRead === 0;
    await (isFirst && this.#isAnswered ? pause(storedDelayMs) : untilMessagesAreHandled());
    const learnt = await this.#options.learn();
    this.#running = undefined;
    // Nor does a list wait again after a failure.
    this.#isAnswered = true;
    this.#nextRead = performance.now() + (learnt === 'failed' ? minPauseMs : refreshIntervalMs);
    if (learnt === 'failed') return;
    this.#set(learnt);
    this.isSettled = true;
    for (const listener of [...this.#listeners]) listener();
  }

  #set(known: KnownPermissions | undefined): void {
    this.current = typeof known === 'object' ? known : undefined;
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
}

/** The client's first messages are often there already, and answering them comes first. */
function untilMessagesAreHandled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function waitAtMost(milliseconds: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds).unref();
    void work.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
