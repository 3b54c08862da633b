import { randomBytes } from 'node:crypto';
import type { PendingCall, PendingCallList } from '../tools/define-tool.ts';

/** The calls of one caller that wait for confirmation. */
export interface PendingCalls {
  /** Milliseconds until a pending call expires. */
  readonly timeoutMs: number;
  /** Stores a call. Returns the id that confirms it. */
  add(call: PendingCall | PendingCallList): string;
  /** Removes and returns a call; undefined if the id is unknown, used, expired or another caller's. */
  take(id: string): PendingCall | PendingCallList | undefined;
  /** Stores a taken call again under its id, for the rest of its time. */
  putBack(id: string, call: PendingCall | PendingCallList): void;
}

/** Beyond these limits, the oldest call is dropped. */
const maxPerCaller = 20;
const maxPending = 10_000;

interface PendingEntry {
  readonly call: PendingCall | PendingCallList;
  readonly caller: string;
  readonly until: number;
}

/**
 * Stores calls that wait for confirmation, in this process's memory only.
 *
 * @param timeoutMs milliseconds until each expires
 */
export function createConfirmations(timeoutMs: number): (caller: string) => PendingCalls {
  const pending = new Map<string, PendingEntry>();
  const taken = new WeakMap<PendingCall | PendingCallList, PendingEntry>();

  const makeRoom = (caller: string): void => {
    const now = performance.now();
    for (const [id, { until }] of pending) if (until <= now) pending.delete(id);
    const own = [...pending].filter(([, one]) => one.caller === caller);
    for (const [id] of own.slice(0, Math.max(0, own.length - maxPerCaller + 1))) pending.delete(id);
    const [oldest] = pending.keys();
    if (pending.size >= maxPending && oldest !== undefined) pending.delete(oldest);
  };

  return (caller) => ({
    timeoutMs,
    add: (call) => {
      makeRoom(caller);
      const id = randomBytes(8).toString('hex');
      pending.set(id, { call, caller, until: performance.now() + timeoutMs });
      return id;
    },
    take: (id) => {
      const found = pending.get(id);
      if (found?.caller !== caller) return undefined;
      pending.delete(id);
      taken.set(found.call, found);
      return found.until > performance.now() ? found.call : undefined;
    },
    putBack: (id, call) => {
      const entry = taken.get(call);
      if (entry?.caller === caller) pending.set(id, entry);
    },
  });
}
