import type { TokenStore } from '../../auth/mcp-tokens/store.ts';
import { CallError } from '../../errors.ts';
import { hashToken } from '../../lib/hash.ts';
import type { CallRecord } from '../../observability/call-record.ts';
import type { SynqlyConnection } from '../../request-context.ts';
import { getOrganization } from '../../synqly/endpoints.ts';
import type { TokenSource } from '../../synqly/token-source.ts';

/** How long a successful and a failed check of Synqly are cached: load balancers probe often. */
const reachableTtlMs = 30_000;
const failureTtlMs = 5_000;
const readinessTimeoutMs = 3_000;

/** Tracks whether the server is ready to serve calls. */
export interface Readiness {
  isReady(): Promise<boolean>;
  /** Records a finished call: while calls succeed, Synqly need not be probed. */
  observe(call: CallRecord): void;
}

/** What readiness checks. */
export interface ReadinessOptions {
  readonly client: SynqlyConnection['client'];
  /** The server's own token; without one, the probe is sent without a token. */
  readonly token: TokenSource | undefined;
  readonly store: TokenStore | undefined;
  /** Milliseconds, for cached results. */
  readonly clock?: { now(): number };
}

/** Ready when Synqly answers (an error status counts too), and the token store if there is one. */
export function createReadiness({ client, token, store, clock = performance }: ReadinessOptions): Readiness {
  let answeredAt = Number.NEGATIVE_INFINITY;
  const cached = cacheTtlMs(failureTtlMs, clock);
  const isSynqlyUp = cached(async () => {
    if (clock.now() - answeredAt < reachableTtlMs) return true;
    const answered = await probeSynqly(client, token);
    if (answered) answeredAt = clock.now();
    return answered;
  });
  const isStoreUp = cached(() => probeStore(store));
  return {
    isReady: async () => (await Promise.all([isSynqlyUp(), isStoreUp()])).every(Boolean),
    observe: ({ status, outcome }) => {
      if (status !== undefined) {
        if (isAnswer(status)) answeredAt = clock.now();
      } else if (outcome === 'connection_failed' || outcome === 'connection_lost') {
        answeredAt = Number.NEGATIVE_INFINITY;
      }
    },
  };
}

type Probe = () => Promise<boolean>;

/** Shares one result among concurrent callers, and caches it for this many milliseconds. */
function cacheTtlMs(milliseconds: number, clock: { now(): number }): (probe: Probe) => Probe {
  return (probe) => {
    let known: { readonly answer: Promise<boolean>; readonly until: number } | undefined;
    return () => {
      if (!known || known.until < clock.now()) known = { answer: probe(), until: clock.now() + milliseconds };
      return known.answer;
    };
  };
}

async function probeStore(store: TokenStore | undefined): Promise<boolean> {
  try {
    await store?.find(hashToken(''));
    return true;
  } catch {
    return false;
  }
}

/** Any response below 500 counts: a 401 or 403 also shows that Synqly works. */
async function probeSynqly(
  client: SynqlyConnection['client'],
  token: TokenSource | undefined,
): Promise<boolean> {
  const signal = AbortSignal.timeout(readinessTimeoutMs);
  // No retries: the next probe comes soon.
  const deadline = Date.now();
  try {
    const bearer = await token?.current();
    await getOrganization((request) =>
      client.request({ ...request, repeatable: false, signal, deadline }, bearer),
    );
    return true;
  } catch (error) {
    return error instanceof CallError && error.details.status !== undefined && isAnswer(error.details.status);
  }
}

function isAnswer(status: number): boolean {
  return status < 500;
}
