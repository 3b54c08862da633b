import type { PendingCalls } from './access/pending-confirmations.ts';
import type { TokenPermissions } from './access/permissions.ts';
import type { Pins } from './access/pins.ts';
import type { Policy } from './access/policy.ts';
import { CallError } from './errors.ts';
import type { McpClient } from './mcp-client.ts';
import type { AuditLog } from './observability/audit-log.ts';
import type { CallRecord } from './observability/call-record.ts';
import type { Log } from './observability/logger.ts';
import type { SecretStore } from './secrets/store.ts';
import type { ApiRequest, SynqlyClient } from './synqly/client.ts';
import type { ApiResponse } from './synqly/response.ts';
import type { TokenSource } from './synqly/token-source.ts';

/** The Management API that a context calls, and the token it calls it with. */
export interface SynqlyConnection {
  readonly client: Pick<SynqlyClient, 'request'>;
  readonly token: TokenSource;
}

/** One caller: its token, its settings, and the one way from a call to Synqly. */
export interface RequestContext {
  /** Milliseconds that a call may take, retries included. */
  readonly timeout: number;
  /** What a result may cost a model. */
  readonly maxResultTokens: number;
  /** Whether secrets of answers go into results. */
  readonly revealSecrets: boolean;
  /** Whether its caller came with an MCP token, so that it is given no token that would outlive that one. */
  readonly byMcpToken?: boolean | undefined;
  /** Where references to secrets lead, and where secrets of answers are put away. */
  readonly secrets: SecretStore;
  /** Whether the organization is invented. */
  readonly sandbox: boolean;
  readonly log: Log;
  /** What its calls are held to. */
  readonly pins?: Pins | undefined;
  /** What it may do at all. */
  readonly policy: Policy;
  /** What its token may do, where that is known: tools that it could not use are not shown. */
  readonly permissions?: TokenPermissions | undefined;
  /** Its calls that wait for confirmation. */
  readonly pendingCalls: PendingCalls;
  /** Where its calls leave their lines. */
  readonly auditLog: AuditLog;
  /** Set for each call by the door it comes in by. */
  readonly client?: McpClient | undefined;
  /** Sends a request with the context's token. @throws CallError */
  send(request: ApiRequest): Promise<ApiResponse>;
  /** First digits of the SHA-256 of the caller's token, where there are many callers. */
  readonly caller?: string | undefined;
  /** The same context, with headers that go along with every request to Synqly, such as `traceparent`. */
  withHeaders(headers: Readonly<Record<string, string>>): RequestContext;
  /** Told of every finished call. */
  readonly onCall?: ((call: CallRecord) => void) | undefined;
  /** Tokens of this context so far; they may appear in nothing that leaves it. */
  readonly knownTokens: Iterable<string>;
}

export interface RequestContextOptions extends Omit<RequestContext, 'send' | 'withHeaders'> {
  /** Opens the upstream. Called with the first request, so that listing tools needs no HTTP client. */
  readonly open: () => Promise<SynqlyConnection>;
}

export function createRequestContext(options: RequestContextOptions): RequestContext {
  const { open, ...settings } = options;
  let upstream: SynqlyConnection | undefined;
  let opening: Promise<SynqlyConnection> | undefined;

  const connect = async (): Promise<SynqlyConnection> => {
    opening ??= open();
    try {
      upstream = await opening;
      return upstream;
    } catch (error) {
      // The next call tries again.
      opening = undefined;
      throw error;
    }
  };

  const sending = (headers?: Readonly<Record<string, string>>): RequestContext => ({
    ...settings,
    send: async (request) => {
      const { client, token } = upstream ?? (await connect());
      const bearer = await token.current();
      try {
        return await client.request(request, bearer, headers);
      } catch (error) {
        const renewed = await renewAfter(error, token, bearer);
        return client.request(request, renewed, headers);
      }
    },
    withHeaders: sending,
  });
  return sending();
}

/** A 401 was answered before anything was done, so even a write may be sent again with another token. */
async function renewAfter(error: unknown, token: TokenSource, refused: string): Promise<string> {
  const renewed =
    error instanceof CallError && error.code === 'unauthorized' ? await token.renewed(refused) : undefined;
  if (renewed === undefined) throw error;
  return renewed;
}
