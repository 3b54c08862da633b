import type { Authenticator } from '../../auth/authenticate.ts';
import type { Log } from '../../observability/logger.ts';
import type { Metrics } from '../../observability/metrics.ts';
import type { FeatureSource } from '../../protocol/server-features.ts';
import type { RequestContext } from '../../request-context.ts';
import type { FilteredCaller } from './client-filters.ts';
import type { GuardOptions } from './host-guard.ts';

/** How the HTTP server is set up. */
export interface HttpOptions extends GuardOptions {
  readonly authenticator: Authenticator;
  /** Creates the request context and features for one caller. */
  readonly open: (filtered: FilteredCaller, metrics: Metrics) => Promise<OpenedCaller>;
  /** Whether Synqly answers, and the token store if there is one. */
  readonly isReady: () => Promise<boolean>;
  readonly log: Log;
  /** Keep sessions, for clients that answer requests of the server, such as elicitation. */
  readonly sessions: boolean;
  /** Milliseconds after which an idle session ends. */
  readonly sessionIdle: number;
  /** Maximum requests per minute for one token. */
  readonly ratePerMinute: number;
  /** Maximum concurrent requests, at most two thirds for one token; more are answered 503. */
  readonly maxConcurrent: number;
}

/** The request context and features of one caller. */
export interface OpenedCaller {
  readonly context: RequestContext;
  readonly features: FeatureSource;
}
