import { CallError } from '../errors.ts';
import type { Upstream } from '../session.ts';
import { hashToken } from '../tokens/grant.ts';
import type { TokenStore } from '../tokens/store.ts';

/** Milliseconds for which an answer about readiness holds: load balancers ask often. */
const readinessHolds = 5_000;
const readinessWithin = 3_000;

/** Whether Synqly answers, whatever it answers, and the token store where there is one. */
export function readiness(client: Upstream['client'], store: TokenStore | undefined): () => Promise<boolean> {
  let known: { ready: Promise<boolean>; until: number } | undefined;
  return () => {
    if (!known || known.until < Date.now()) {
      const ready = Promise.all([reaches(client), answers(store)]).then((all) => all.every(Boolean));
      known = { ready, until: Date.now() + readinessHolds };
    }
    return known.ready;
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

/** No token is sent: it would tell of one organization only, and a server of many may hold none. */
async function reaches(client: Upstream['client']): Promise<boolean> {
  const signal = AbortSignal.timeout(readinessWithin);
  const deadline = Date.now() + readinessWithin;
  try {
    await client.request(
      { method: 'GET', path: '/v1/organization', repeatable: false, signal, deadline },
      'none',
    );
    return true;
  } catch (error) {
    return error instanceof CallError && error.facts.status !== undefined && error.facts.status < 500;
  }
}
