import type { AddressInfo } from 'node:net';
import { LRUCache } from 'lru-cache';
import { createPinnedNames, kindOf } from '../access/pins.ts';
import { assertToolsLeft } from '../access/visibility.ts';
import {
  type Authenticator,
  type Caller,
  createDirectAuthenticator,
  createGatewayAuthenticator,
} from '../auth/authenticate.ts';
import { defaultStore, openTokenStore } from '../auth/mcp-tokens/open-store.ts';
import { recordIssuedTokens } from '../auth/mcp-tokens/record-issued-tokens.ts';
import { createMemoryStore, type TokenStore } from '../auth/mcp-tokens/store.ts';
import { type Config, ConfigError } from '../config/load-config.ts';
import { isLoopback } from '../config/url-parsers.ts';
import { StopController, type StopSignal } from '../lib/cancellation.ts';
import { getOrCreate } from '../lib/get-or-create.ts';
import { createAuditLog } from '../observability/audit-log.ts';
import { createLogger, type Log } from '../observability/logger.ts';
import type { ServerFeatures } from '../protocol/server-features.ts';
import type { SynqlyConnection } from '../request-context.ts';
import { createHttpSecrets } from '../secrets/store.ts';
import type { TokenSource } from '../synqly/token-source.ts';
import { buildHttpServer, type HttpServer } from '../transports/http/app.ts';
import { applyFiltersToPolicy } from '../transports/http/client-filters.ts';
import { createReadiness, type Readiness } from '../transports/http/health.ts';
import { loopbackHosts } from '../transports/http/host-guard.ts';
import type { HttpOptions } from '../transports/http/options.ts';
import { trustIn } from '../transports/http/trusted-proxies.ts';
import { waitForSignal } from '../transports/signals.ts';
import { callerPermissions } from './caller-permissions.ts';
import { describeSandboxServer } from './client-config.ts';
import { type App, createApp } from './create-app.ts';
import { openInputStates } from './open-input-states.ts';
import { pinsOf, policyOf, warnIfRevealing } from './policy-from-config.ts';
import { openSharedConnection, type SharedConnection } from './synqly-connection.ts';
import { featuresOf, permissionsOpener } from './token-permissions.ts';

/** Milliseconds for running calls to finish at shutdown. */
const drainTimeoutMs = 10_000;

/**
 * Serves many callers over HTTP until the process is stopped. Callers authenticate with their own API tokens or, if
 * the server has a token of its own, with MCP tokens.
 *
 * @throws ConfigError
 */
export async function serveHttp(config: Config): Promise<void> {
  const hosts = allowedHosts(config);
  assertToolsLeft({ pins: pinsOf(config), policy: policyOf(config) });
  const upstream = await openSharedConnection(config);
  const secrets = createHttpSecrets(config);
  const log = createLogger(config.logLevel.value, upstream.token?.known ?? [], secrets.known);
  warnIfRevealing(config, log);
  const { authenticator, client, clientFor, store } = await chooseAuth(config, upstream);
  const { inputStates, close: closeInputStates } = await openInputStates(config);
  const auditLog = createAuditLog(config.auditLog.value, log);
  const app = createApp(config, { log, secrets, auditLog, inputStates });
  const readiness = createReadiness({ client, token: upstream.token, store });
  const stopped = new StopController();
  const server = await buildHttpServer({
    authenticator,
    open: openFor(config, app, {
      client,
      clientFor,
      readiness,
      log,
      token: upstream.token,
      stopped,
    }),
    isReady: readiness.isReady,
    log,
    hosts,
    origins: config.allowedOrigins.value,
    sessions: config.sessions.value,
    sessionIdle: config.sessionIdle.value,
    trusts: trustIn(config.trustProxy.value),
    ratePerMinute: config.ratePerMinute.value,
    maxConcurrent: config.maxConcurrent.value,
  });
  const url = await bind(server, config);
  log.info({ url, synqly: upstream.baseUrl.origin, access: store ? 'gateway' : 'direct' }, 'listening');
  if (config.sandbox.value) process.stderr.write(await describeSandboxServer(url, client, upstream));
  const signal = await waitForSignal();
  log.info({ signal }, 'stopping');
  stopped.stop('The process is stopping.');
  await server.drain(drainTimeoutMs);
  await store?.close();
  await closeInputStates();
  await log.flush();
}

interface ChosenAuth {
  readonly authenticator: Authenticator;
  readonly client: SynqlyConnection['client'];
  /** The client for the calls of one caller. */
  readonly clientFor: (caller: Caller) => SynqlyConnection['client'];
  /** The store of MCP tokens, for a gateway. */
  readonly store: TokenStore | undefined;
}

async function chooseAuth(config: Config, { client, baseUrl, token }: SharedConnection): Promise<ChosenAuth> {
  const pins = pinsOf(config);
  if (!token) {
    return {
      authenticator: createDirectAuthenticator(client, { pins }),
      client,
      clientFor: () => client,
      store: undefined,
    };
  }
  const { value: named } = config.tokenStore;
  const isTrial = config.sandbox.value && named === undefined;
  const store = isTrial ? createMemoryStore() : await openTokenStore(named ?? defaultStore(process.env));
  const audience = baseUrl.href;
  const recordOptions = { store, audience, label: 'created by a tool' };
  return {
    authenticator: createGatewayAuthenticator({ store, audience, token, pins }),
    client: recordIssuedTokens(client, recordOptions),
    clientFor: ({ hash }) => recordIssuedTokens(client, { ...recordOptions, maker: hash }),
    store,
  };
}

/** The accepted Host names. Beyond loopback only the operator knows them. @throws ConfigError */
export function allowedHosts(config: Config): readonly string[] {
  const { value: hosts } = config.allowedHosts;
  if (hosts.length > 0) return hosts;
  const { value: host } = config.host;
  const url = `http://${host.includes(':') ? `[${host}]` : host}`;
  if (URL.canParse(url) && isLoopback(new URL(url))) return loopbackHosts;
  throw new ConfigError(
    `--host ${host} is reachable from other machines: set --allowed-hosts to its host names, or to * for any.`,
  );
}

async function bind({ app }: HttpServer, config: Config): Promise<string> {
  const { host, port } = config;
  try {
    await app.listen({ host: host.value, port: port.value });
  } catch (error) {
    throw new ConfigError(
      `Cannot listen on ${host.value}:${port.value}: ${(error as Error).message}. Set --host and --port to an address that this machine can listen on.`,
    );
  }
  const bound = app.server.address() as AddressInfo;
  return `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}/mcp`;
}

/** Maximum cached features: clients can combine filters in many ways. */
const maxFeatures = 200;

/** Computes surfaces and resources once for all callers with the same view. */
function cacheFeatures(app: App): App['featuresFor'] {
  const cached = new LRUCache<string, ServerFeatures>({ max: maxFeatures });
  return (view, surface) => {
    const { pins, policy, permissions } = view;
    const actions = permissions?.actions.map((allowed) =>
      [...allowed].map(([api, names]) => [api, [...names]]),
    );
    const key = JSON.stringify([surface, pins && kindOf(pins), policy, actions]);
    return getOrCreate(cached, key, () => app.featuresFor(view, surface));
  };
}

interface Connection extends Pick<ChosenAuth, 'client' | 'clientFor'> {
  readonly readiness: Readiness;
  readonly log: Log;
  /** The server's own token, in a gateway. */
  readonly token: TokenSource | undefined;
  readonly stopped: StopSignal;
}

/** Creates the context of a caller from its token, pins, permissions and client filters. */
function openFor(
  config: Config,
  app: App,
  { client, clientFor, readiness, log, token, stopped }: Connection,
): HttpOptions['open'] {
  const policy = policyOf(config);
  const opener = permissionsOpener(config, { connect: async () => client, log, stopped });
  const permissionsOf = callerPermissions(opener, token);
  const isGateway = token !== undefined;
  const names = createPinnedNames();
  const featuresFor = cacheFeatures(app);
  const isOperators = config.account.value !== undefined;
  // In a gateway, all calls use one token, so an operator's pinned name means the same account for all; a name in a
  // client's header is still its own.
  const isShared = isOperators && isGateway;
  return async ({ caller, filters }, metrics) => {
    const permissions = await permissionsOf(caller);
    const view = {
      pins: caller.pins && names.pinsFor(caller.pins, isShared ? 'everybody' : caller.hash, isOperators),
      policy: applyFiltersToPolicy(policy, filters),
    };
    const context = app.createContext({
      ...view,
      permissions,
      confirmationsOf: caller.hash,
      byMcpToken: isGateway,
      open: async () => ({ client: clientFor(caller), token: caller.token }),
      knownTokens: caller.token.known,
      caller: caller.hash.slice(0, 8),
      onCall: (call) => {
        metrics.observeCall(call);
        readiness.observe(call);
      },
    });
    const surface = filters?.surface ?? config.surface.value;
    const features = featuresOf(permissions, (known) =>
      featuresFor({ ...view, permissions: known }, surface),
    );
    return { context, features };
  };
}
