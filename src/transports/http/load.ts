import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { runningWork } from '../../lib/shutdown.ts';
import { ConcurrencyLimit } from './concurrency.ts';

/** Streams on which clients wait for requests of the server: as many as there are sessions. */
const maxStreams = 1_000;

/** What a server has to do right now. */
export interface Load {
  readonly requests: ConcurrencyLimit;
  /** Responses on which a session's client waits for requests: they are no calls, and take no place of one. */
  readonly streams: ConcurrencyLimit;
  readonly openStreams: Set<ServerResponse>;
  /** Whether it takes nothing new, since it is about to stop. */
  draining: boolean;
}

/** @param maxConcurrent requests that are served at one time */
export function createLoad(maxConcurrent: number): Load {
  return {
    requests: new ConcurrencyLimit(maxConcurrent),
    streams: new ConcurrencyLimit(maxStreams),
    openStreams: new Set(),
    draining: false,
  };
}

/** Waits until no call runs, also none whose client has gone; for so many milliseconds at most. */
export async function untilQuiet({ requests }: Load, milliseconds: number): Promise<void> {
  const end = Date.now() + milliseconds;
  while ((requests.taken > 0 || runningWork() > 0) && Date.now() < end) await pause(20);
}

/** Why a request gets none of the places. */
export function whyBusy({ draining, streams }: Load, places: ConcurrencyLimit): string {
  if (draining) return 'The server is stopping.';
  const what = places === streams ? 'streams' : 'requests';
  return places.isFull ? `Too many ${what} at once.` : `Too many ${what} of this token at once.`;
}
