import type { PermissionsResult } from '../access/learn-permissions.ts';
import type { TokenPermissions } from '../access/permissions.ts';
import { PermissionsCache } from '../access/permissions-cache.ts';
import { baseUrlOf, type Config } from '../config/load-config.ts';
import type { StopSignal } from '../lib/cancellation.ts';
import { hashToken } from '../lib/hash.ts';
import type { Log } from '../observability/logger.ts';
import {
  type FeatureSource,
  featuresByPermissions,
  fixedFeatures,
  type ServerFeatures,
} from '../protocol/server-features.ts';
import type { SynqlyConnection } from '../request-context.ts';
import type { TokenSource } from '../synqly/token-source.ts';
import { openPermissionsStore, type PermissionsStore } from './permissions-store.ts';

/** Milliseconds for one read. */
const readTimeoutMs = 10_000;

export interface PermissionsOptions {
  /** Opens the connection that permissions are read over; called by the first read. */
  readonly connect: () => Promise<SynqlyConnection['client']>;
  readonly log: Log;
  /** Stops reads when the process is stopping. */
  readonly stopped: StopSignal;
}

/** The permissions of a token, with what an earlier process has stored. Sends nothing before they are refreshed. */
export type OpenPermissions = (token: TokenSource) => Promise<PermissionsCache>;

/**
 * How the permissions of tokens are opened; undefined if they are not needed: they are ignored, or all tokens are the
 * sandbox's, which has all permissions.
 */
export function permissionsOpener(config: Config, options: PermissionsOptions): OpenPermissions | undefined {
  if (config.permissions.value === 'ignore' || config.sandbox.value) return undefined;
  const store = openPermissionsStore(baseUrlOf(config).href, options.log);
  return async (token) => {
    const stored = await token.current().then(store.find, () => undefined);
    const { stopped } = options;
    return new PermissionsCache({ stored, learn: learnAndStore(token, store, options), stopped });
  };
}

function learnAndStore(
  token: TokenSource,
  store: PermissionsStore,
  { connect, log, stopped }: PermissionsOptions,
): () => Promise<PermissionsResult> {
  let failures = 0;
  const learn = async (): Promise<PermissionsResult> => {
    if (stopped.aborted) return 'failed';
    const [{ learnPermissionsWithin }, client, bearer] = await Promise.all([
      import('../access/learn-permissions.ts'),
      connect(),
      token.current(),
    ]);
    const learnt = await learnPermissionsWithin({ timeout: readTimeoutMs, stopped }, client, bearer);
    if (learnt !== 'failed') store.keep(bearer, learnt);
    return learnt;
  };
  return async () => {
    const learnt = await learn().catch((err: unknown) => {
      log.debug({ err }, 'could not connect to read permissions');
      return 'failed' as const;
    });
    failures = learnt === 'failed' ? failures + 1 : 0;
    // Each call may repeat a read that fails: the first failure is enough for the log.
    if (failures === 1 && !stopped.aborted)
      log.warn({ caller: fingerprint(token) }, 'could not read the permissions of a token');
    return learnt;
  };
}

/** First digits of the SHA-256 of the token in use, as in other log lines. */
function fingerprint({ known }: TokenSource): string | undefined {
  const last = [...known].at(-1);
  return last === undefined ? undefined : hashToken(last).slice(0, 8);
}

/** The features of a caller. They follow its permissions, if these are read. */
export function featuresOf(
  permissions: PermissionsCache | undefined,
  featuresFor: (permissions: TokenPermissions | undefined) => ServerFeatures,
): FeatureSource {
  return permissions
    ? featuresByPermissions(permissions, featuresFor)
    : fixedFeatures(featuresFor(undefined));
}
