import { randomBytes } from 'node:crypto';
import type { PendingCall } from '../tools/define-tool.ts';

/** The calls of one caller that wait for confirmation. */
export interface PendingCalls {
  /** Milliseconds for which a call waits. */
  readonly timeoutMs: number;
  /** Keeps a call; gives the id that confirms it. */
  add(call: PendingCall): string;
  /** Hands a call out, once: undefined when the id is unknown, used, expired or another caller's. */
  take(id: string): PendingCall | undefined;
}

/** More of them drop the caller's oldest. */
const maxPerCaller = 20;
const maxPending = 10_000;

interface Kept {
  readonly call: PendingCall;
  readonly caller: string;
  readonly until: number;
}

/**
 * Keeps calls that wait for confirmation, in the memory of this process only.
 *
 * @param timeoutMs milliseconds for which each waits
 */
export function createConfirmations(timeoutMs: number): (caller: string) => PendingCalls {
  // In the order in which they expire.
  const kept = new Map<string, Kept>();

  const makeRoom = (caller: string): void => {
    const now = performance.now();
    for (const [id, { until }] of kept) if (until <= now) kept.delete(id);
    const own = [...kept].filter(([, one]) => one.caller === caller);
    for (const [id] of own.slice(0, Math.max(0, own.length - maxPerCaller + 1))) kept.delete(id);
    const [oldest] = kept.keys();
    if (kept.size >= maxPending && oldest !== undefined) kept.delete(oldest);
  };

  return (caller) => ({
    timeoutMs,
    add: (call) => {
      makeRoom(caller);
      const id = randomBytes(8).toString('hex');
      kept.set(id, { call, caller, until: performance.now() + timeoutMs });
      return id;
    },
    take: (id) => {
      const found = kept.get(id);
      if (found?.caller !== caller) return undefined;
      kept.delete(id);
      return found.until > performance.now() ? found.call : undefined;
    },
  });
}
