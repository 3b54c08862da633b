import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { runningWork } from '../../lib/shutdown.ts';
import { ConcurrencyLimit } from './concurrency.ts';

/** Maximum streams for server messages: one for each session. */
const maxStreams = 1_000;

/** The current load of the server. */
export interface Load {
  readonly requests: ConcurrencyLimit;
  /** Open streams for server messages: they are no calls, and take no slot of one. */
  readonly streams: ConcurrencyLimit;
  readonly openStreams: Set<ServerResponse>;
  /** Whether the server is stopping and accepts nothing new. */
  draining: boolean;
}

/** @param maxConcurrent maximum concurrent requests */
export function createLoad(maxConcurrent: number): Load {
  return {
    requests: new ConcurrencyLimit(maxConcurrent),
    streams: new ConcurrencyLimit(maxStreams),
    openStreams: new Set(),
    draining: false,
  };
}

/** Waits until no call runs, even for clients that have disconnected, up to a time limit. */
export async function waitUntilIdle({ requests }: Load, milliseconds: number): Promise<void> {
  const end = Date.now() + milliseconds;
  while ((requests.taken > 0 || runningWork() > 0) && Date.now() < end) await pause(20);
}

/** The message of a 503: why a request gets no slot. */
export function busyMessage({ draining, streams }: Load, slots: ConcurrencyLimit): string {
  if (draining) return 'The server is stopping.';
  const what = slots === streams ? 'streams' : 'requests';
  return slots.isFull
    ? `Too many concurrent ${what}: try again later.`
    : `Too many concurrent ${what} with this token: try again later.`;
}
