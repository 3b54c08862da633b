import { createConfirmations } from '../access/pending-confirmations.ts';
import type { Pins } from '../access/pins.ts';
import type { Policy } from '../access/policy.ts';
import type { Config } from '../config/load-config.ts';
import type { SurfaceKind } from '../config/settings.ts';
import { noTrail } from '../observability/audit-log.ts';
import { createLog } from '../observability/logger.ts';
import { createSession } from '../request-context.ts';
import { synqlyResources } from '../resources/provider.ts';
import { secretsForOne } from '../secrets/store.ts';
import { callDirectly, createServer } from '../server.ts';
import { createSurface } from '../surfaces/create-surface.ts';
import type { Tool } from '../tools/published.ts';
import { connectStateless } from '../transports/http/stateless.ts';
import type { Access } from './synqly-connection.ts';

/** A client of a server inside this process: what is measured is what clients are given. */
export interface OwnClient {
  /** What the server says of itself. */
  readonly instructions: string;
  readonly tools: readonly Tool[];
  /** Text of a tool's result. */
  call(name: string, args: object): Promise<string>;
}

/** Which server. */
export interface Served {
  readonly config: Config;
  readonly surface: SurfaceKind;
  readonly pins: Pins | undefined;
  readonly policy: Policy;
  /** The way to Synqly; none where nothing is called. */
  readonly access?: Access;
}

const nowhere: Access = {
  open: () => Promise.reject(new Error('Nothing is called here.')),
  knownTokens: [],
};

/** Starts a server as it is served over stdio, and asks it what a client asks first. */
export async function connectClient({
  config,
  surface,
  pins,
  policy,
  access = nowhere,
}: Served): Promise<OwnClient> {
  const log = createLog('silent');
  const session = createSession({
    ...access,
    log,
    pins,
    policy,
    secrets: secretsForOne(config),
    pending: createConfirmations(config.confirmWithin.value)('stdio'),
    // Nothing real is done that would have to be told.
    trail: noTrail,
    timeout: config.timeout.value,
    maxResultTokens: config.maxResultTokens.value,
    revealSecrets: config.revealSecrets.value,
    sandbox: config.sandbox.value,
  });
  const offering = {
    surface: createSurface(surface, session),
    resources: synqlyResources(pins, policy),
  };
  const endpoint = await connectStateless(createServer(session, offering), (call, extra) =>
    callDirectly(call, session, offering, extra),
  );
  const ask = async (method: string, params: Record<string, unknown>) => {
    const request = { jsonrpc: '2.0' as const, id: 1, method, params };
    const { text } = endpoint.answer(request, { requestInfo: { headers: {} } });
    const { result, error } = JSON.parse((await text) ?? '{}');
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
