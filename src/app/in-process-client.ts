import type { TokenPermissions } from '../access/permissions.ts';
import type { Pins } from '../access/pins.ts';
import type { Policy } from '../access/policy.ts';
import type { Config } from '../config/load-config.ts';
import type { SurfaceKind } from '../config/settings.ts';
import { noAuditLog } from '../observability/audit-log.ts';
import { createLogger } from '../observability/logger.ts';
import { fixedFeatures } from '../protocol/server-features.ts';
import { createStdioSecrets } from '../secrets/store.ts';
import { createServer } from '../server.ts';
import type { Tool } from '../tools/tool.ts';
import { connectEndpoint, renderResponse } from '../transports/json-rpc/endpoint.ts';
import { createApp } from './create-app.ts';
import type { LazyConnection } from './synqly-connection.ts';

/** A client of a server in this process: measurements see what clients get. */
export interface InProcessClient {
  /** The server's instructions. */
  readonly instructions: string;
  readonly tools: readonly Tool[];
  /** Calls a tool and returns the text of its result. */
  call(name: string, args: object): Promise<string>;
}

/** Options of the server. */
export interface ServerChoice {
  readonly config: Config;
  readonly surface: SurfaceKind;
  readonly pins: Pins | undefined;
  readonly policy: Policy;
  /** The permissions of the token; by default unknown, which hides no tool. */
  readonly permissions?: TokenPermissions | undefined;
  /** The connection to Synqly; not needed if nothing is called. */
  readonly access?: LazyConnection;
}

const noConnection: LazyConnection = {
  open: () => Promise.reject(new Error('This server has no connection to Synqly.')),
  knownTokens: [],
};

/** Starts a server as stdio does, and sends a client's first requests. */
export async function connectInProcess({
  config,
  surface,
  pins,
  policy,
  permissions,
  access = noConnection,
}: ServerChoice): Promise<InProcessClient> {
  const app = createApp(
    config,
    // Calls go to the sandbox: there is nothing to audit.
    { log: createLogger('silent'), secrets: createStdioSecrets(config), auditLog: noAuditLog },
  );
  const context = app.createContext({ ...access, pins, policy, confirmationsOf: 'stdio' });
  const features = fixedFeatures(app.featuresFor({ pins, policy, permissions }, surface));
  const endpoint = await connectEndpoint(await createServer('v1', features, context));
  const ask = async (method: string, params: Record<string, unknown>) => {
    const request = { jsonrpc: '2.0' as const, id: 1, method, params };
    const response = await endpoint.answer(request, {}).response;
    const { result, error } = response ? JSON.parse(renderResponse(response, request)) : {};
    if (error) throw new Error(error.message);
    return result;
  };
  const clientInfo = { name: 'synqly-mcp tools', version: '1' };
  const { instructions } = await ask('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo,
  });
  const { tools } = await ask('tools/list', {});
  return {
    instructions,
    tools,
    call: async (name, args) => (await ask('tools/call', { name, arguments: args })).content[0].text,
  };
}
