import type { InputStates } from './access/input-states.ts';
import type { PendingCalls } from './access/pending-confirmations.ts';
import type { PermissionsSource } from './access/permissions.ts';
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

/** What one request carries: the caller's token, settings and limits, and the function that sends requests to Synqly. */
export interface RequestContext {
  /** Milliseconds that a call may take, retries included. */
  readonly timeout: number;
  /** Tokens that a result may have at most. */
  readonly maxResultTokens: number;
  /** Whether results show the secrets of responses. */
  readonly revealSecrets: boolean;
  /** Whether the caller authenticated with an MCP token. Results then show no token that outlives it. */
  readonly byMcpToken?: boolean | undefined;
  /** Resolves references to secrets, and stores the secrets of responses. */
  readonly secrets: SecretStore;
  /** Whether requests go to the sandbox, whose data is invented. */
  readonly sandbox: boolean;
  /** Whether tools are published with their `_meta`. */
  readonly toolMeta?: boolean | undefined;
  /** The directory of files that results are written to; undefined if they are not. */
  readonly outputDirectory?: string | undefined;
  readonly log: Log;
  /** The account or environment that calls are limited to. */
  readonly pins?: Pins | undefined;
  /** Which operations are allowed, and which need confirmation. */
  readonly policy: Policy;
  /** Permissions of the token, by which tools are listed; undefined if they are not read. */
  readonly permissions?: PermissionsSource | undefined;
  /** Calls of this caller that wait for confirmation. */
  readonly pendingCalls: PendingCalls;
  /** What this caller's client keeps between a question to its person and the answer. */
  readonly inputStates: InputStates;
  readonly auditLog: AuditLog;
  /** The connected MCP client; set for each call. */
  readonly client?: McpClient | undefined;
  /** Sends a request with the context's token. @throws CallError */
  send(request: ApiRequest): Promise<ApiResponse>;
  /** First digits of the SHA-256 of the caller's token; set over HTTP only. */
  readonly caller?: string | undefined;
  /** A copy that adds headers, such as `traceparent`, to every request to Synqly. */
  withHeaders(headers: Readonly<Record<string, string>>): RequestContext;
  /** Called after each call. */
  readonly onCall?: ((call: CallRecord) => void) | undefined;
  /** Tokens used so far. They are masked in results, errors and logs. */
  readonly knownTokens: Iterable<string>;
}

export interface RequestContextOptions extends Omit<RequestContext, 'send' | 'withHeaders'> {
  /** Opens the connection. Called with the first request, so that listing tools needs no HTTP client. */
  readonly open: () => Promise<SynqlyConnection>;
}

export function createRequestContext(options: RequestContextOptions): RequestContext {
  const { open, ...settings } = options;
  let connection: SynqlyConnection | undefined;
  let opening: Promise<SynqlyConnection> | undefined;

  const connect = async (): Promise<SynqlyConnection> => {
    opening ??= open();
    try {
      connection = await opening;
      return connection;
    } catch (error) {
      // The next call tries again.
      opening = undefined;
      throw error;
    }
  };

  const createContext = (headers?: Readonly<Record<string, string>>): RequestContext => ({
    ...settings,
    send: async (request) => {
      const { client, token } = connection ?? (await connect());
      const bearer = await token.current();
      try {
        return await client.request(request, bearer, headers);
      } catch (error) {
        const renewed = await renewToken(error, token, bearer);
        return client.request(request, renewed, headers);
      }
    },
    withHeaders: createContext,
  });
  return createContext();
}

/** After a 401 nothing was done, so even a write may be sent again with a renewed token. */
async function renewToken(error: unknown, token: TokenSource, refused: string): Promise<string> {
  const renewed =
    error instanceof CallError && error.code === 'unauthorized' ? await token.renewed(refused) : undefined;
  if (renewed === undefined) throw error;
  return renewed;
}
