import type { TokenStore } from '../../auth/mcp-tokens/store.ts';
import { CallError } from '../../errors.ts';
import { hashToken } from '../../lib/hash.ts';
import type { CallRecord } from '../../observability/call-record.ts';
import type { SynqlyConnection } from '../../request-context.ts';
import type { TokenSource } from '../../synqly/token-source.ts';

/** Milliseconds for which it holds that Synqly answers, and that something does not: load balancers ask often. */
const reachedHolds = 30_000;
const failureHolds = 5_000;
const readinessTimeoutMs = 3_000;

/** Whether the server can do its work. */
export interface Readiness {
  isReady(): Promise<boolean>;
  /** Takes note of a finished call: while calls are answered, Synqly need not be asked. */
  observe(call: CallRecord): void;
}

/** What readiness depends on. */
export interface ReadinessOptions {
  readonly client: SynqlyConnection['client'];
  /** The server's own token, which it asks with; without one it asks without any. */
  readonly token: TokenSource | undefined;
  readonly store: TokenStore | undefined;
  /** Milliseconds, for what is remembered. */
  readonly clock?: { now(): number };
}

/** Whether Synqly answers, whatever it answers, and the token store where there is one. */
export function createReadiness({ client, token, store, clock = performance }: ReadinessOptions): Readiness {
  let answeredAt = Number.NEGATIVE_INFINITY;
  const remember = cacheTtlMs(failureHolds, clock);
  const reaches = remember(async () => {
    if (clock.now() - answeredAt < reachedHolds) return true;
    const reached = await asks(client, token);
    if (reached) answeredAt = clock.now();
    return reached;
  });
  const finds = remember(() => answers(store));
  return {
    isReady: async () => (await Promise.all([reaches(), finds()])).every(Boolean),
    observe: ({ status, outcome }) => {
      if (status !== undefined) {
        if (isAnswer(status)) answeredAt = clock.now();
      } else if (outcome === 'connection_failed' || outcome === 'connection_lost') {
        answeredAt = Number.NEGATIVE_INFINITY;
      }
    },
  };
}

type Ask = () => Promise<boolean>;

/** The same answer for all who ask at the same time, and for so many milliseconds after. */
function cacheTtlMs(milliseconds: number, clock: { now(): number }): (ask: Ask) => Ask {
  return (ask) => {
    let known: { readonly answer: Promise<boolean>; readonly until: number } | undefined;
    return () => {
      if (!known || known.until < clock.now()) known = { answer: ask(), until: clock.now() + milliseconds };
      return known.answer;
    };
  };
}

async function answers(store: TokenStore | undefined): Promise<boolean> {
  try {
    await store?.find(hashToken(''));
    return true;
  } catch {
    return false;
  }
}

/** Any answer will do, a refusal too: that there is no token, or that it may not read this, is told by a Synqly that works. */
async function asks(client: SynqlyConnection['client'], token: TokenSource | undefined): Promise<boolean> {
  const signal = AbortSignal.timeout(readinessTimeoutMs);
  // Nothing is sent twice: the next probe comes soon.
  const deadline = Date.now();
  try {
    const bearer = await token?.current();
    const request = { method: 'GET', path: '/v1/organization', repeatable: false, signal, deadline } as const;
    await client.request(request, bearer);
    return true;
  } catch (error) {
    return error instanceof CallError && error.details.status !== undefined && isAnswer(error.details.status);
  }
}

function isAnswer(status: number): boolean {
  return status < 500;
}
