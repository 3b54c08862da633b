import type { AddressInfo } from 'node:net';
import { LRUCache } from 'lru-cache';
import { createConfirmations } from '../access/pending-confirmations.ts';
import { kindOf, pinsOf, rememberPinnedNames } from '../access/pins.ts';
import { policyOf } from '../access/policy.ts';
import { assertSelection } from '../access/visibility.ts';
import { type Access, type Caller, directAccess, gatewayAccess } from '../auth/authenticate.ts';
import { defaultStore, openTokenStore } from '../auth/mcp-tokens/open-store.ts';
import { rememberMcpTokens } from '../auth/mcp-tokens/record-issued-tokens.ts';
import { createMemoryStore, type TokenStore } from '../auth/mcp-tokens/store.ts';
import { type Config, ConfigError } from '../config/load-config.ts';
import type { SurfaceKind } from '../config/settings.ts';
import { createTrail } from '../observability/audit-log.ts';
import { createLog, type Log, warnIfRevealing } from '../observability/logger.ts';
import { createSession, type Upstream } from '../request-context.ts';
import { synqlyResources } from '../resources/provider.ts';
import { type SecretStore, secretsForMany } from '../secrets/store.ts';
import type { Offering } from '../server.ts';
import { createSurface } from '../surfaces/create-surface.ts';
import { isLoopback } from '../synqly/url.ts';
import { buildHttpServer, type HttpOptions, type HttpServer } from '../transports/http/app.ts';
import { narrowPolicy } from '../transports/http/client-filters.ts';
import { createReadiness, type Readiness } from '../transports/http/health.ts';
import { loopbackHosts } from '../transports/http/host-guard.ts';
import { trustIn } from '../transports/http/trusted-proxies.ts';
import { rememberRights } from './caller-permissions.ts';
import { untilSignal } from './signals.ts';
import { openForCallers, type SharedUpstream } from './synqly-connection.ts';
import { offerTrial } from './trial.ts';

/** Milliseconds that running calls get to finish when the process is told to stop. */
const drainWithin = 10_000;

/**
 * Serves many callers over HTTP until the process is told to stop: each with its own API token, or, where the server
 * holds a token of its own, with an MCP token.
 *
 * @throws ConfigError
 */
export async function listen(config: Config): Promise<void> {
  const hosts = allowedHosts(config);
  assertSelection({ pins: pinsOf(config), policy: policyOf(config) });
  const upstream = await openForCallers(config);
  const secrets = secretsForMany(config);
  const log = createLog(config.logLevel.value, upstream.token?.known ?? [], secrets.known);
  warnIfRevealing(config, log);
  const { access, client, clientFor, store } = await chooseAccess(config, upstream);
  const readiness = createReadiness({ client, token: upstream.token, store });
  const server = await buildHttpServer({
    access,
    offeringFor: createOfferings(config.surface.value),
    sessionOf: sessionsFor(config, client, clientFor, secrets, readiness, log, store !== undefined),
    isReady: readiness.isReady,
    log,
    hosts,
    origins: config.allowedOrigins.value,
    sessions: config.sessions.value,
    sessionIdle: config.sessionIdle.value,
    trusts: trustIn(config.trustProxy.value),
    ratePerMinute: config.ratePerMinute.value,
    mostConcurrent: config.maxConcurrent.value,
  });
  const url = await bind(server, config);
  log.info({ url, synqly: upstream.baseUrl.origin, access: store ? 'gateway' : 'direct' }, 'listening');
  if (config.sandbox.value) process.stderr.write(await offerTrial(url, client, upstream));
  const signal = await untilSignal();
  log.info({ signal }, 'stopping');
  await server.drain(drainWithin);
  await store?.close();
  await log.flush();
}

interface Chosen {
  readonly access: Access;
  readonly client: Upstream['client'];
  /** The client for the calls of one caller. */
  readonly clientFor: (caller: Caller) => Upstream['client'];
  /** Where MCP tokens are kept, for a gateway. */
  readonly store: TokenStore | undefined;
}

async function chooseAccess(config: Config, { client, baseUrl, token }: SharedUpstream): Promise<Chosen> {
  const pins = pinsOf(config);
  if (!token) {
    return { access: directAccess(client, { pins }), client, clientFor: () => client, store: undefined };
  }
  const { value: named } = config.tokenStore;
  const isTrial = config.sandbox.value && named === undefined;
  const store = isTrial ? createMemoryStore() : await openTokenStore(named ?? defaultStore(process.env));
  const audience = baseUrl.href;
  const remembering = { store, audience, label: 'made by a tool' };
  return {
    access: gatewayAccess({ store, audience, token, pins }),
    client: rememberMcpTokens(client, remembering),
    clientFor: ({ hash }) => rememberMcpTokens(client, { ...remembering, maker: hash }),
    store,
  };
}

/** The names under which the server is asked. Beyond loopback only its operator knows them. */
function allowedHosts(config: Config): readonly string[] {
  const { value: hosts } = config.allowedHosts;
  if (hosts.length > 0) return hosts;
  const { value: host } = config.host;
  const url = `http://${host.includes(':') ? `[${host}]` : host}`;
  if (URL.canParse(url) && isLoopback(new URL(url))) return loopbackHosts;
  throw new ConfigError(
    `--host ${host} can be reached from other machines: say with --allowed-hosts under which names, or * for any.`,
  );
}

async function bind({ app }: HttpServer, config: Config): Promise<string> {
  const { host, port } = config;
  try {
    await app.listen({ host: host.value, port: port.value });
  } catch (error) {
    throw new ConfigError(`Cannot listen on ${host.value}:${port.value}: ${(error as Error).message}.`);
  }
  const bound = app.server.address() as AddressInfo;
  return `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}/mcp`;
}

/** Offerings that are kept: there are as many as clients find ways to narrow. */
const mostOfferings = 200;

/** Surfaces and resources are computed once for all who are shown the same. */
function createOfferings(surface: SurfaceKind): HttpOptions['offeringFor'] {
  const known = new LRUCache<string, Offering>({ max: mostOfferings });
  return (session) => {
    const { pins, policy, rights } = session;
    const actions = rights?.actions.map((allowed) => [...allowed].map(([api, names]) => [api, [...names]]));
    const key = JSON.stringify([pins && kindOf(pins), policy, actions]);
    const offering = known.get(key) ?? {
      surface: createSurface(surface, { pins, policy, rights }),
      resources: synqlyResources(pins, policy),
    };
    known.set(key, offering);
    return offering;
  };
}

function sessionsFor(
  config: Config,
  client: Upstream['client'],
  clientFor: Chosen['clientFor'],
  secrets: SecretStore,
  readiness: Readiness,
  log: Log,
  isGateway: boolean,
): HttpOptions['sessionOf'] {
  const policy = policyOf(config);
  const confirmations = createConfirmations(config.confirmWithin.value);
  const trail = createTrail(config.auditLog.value, log);
  const rightsOf = rememberRights(config, client, log);
  const names = rememberPinnedNames();
  const isOperators = config.account.value !== undefined;
  // Without the caller's own token a name is the same for all; what a client's header says is its own all the same.
  const isShared = isOperators && isGateway;
  return async ({ caller, narrowing }, metrics) => {
    const { rights, isOutdated } = await rightsOf(caller);
    const session = createSession({
      pins: caller.pins && names.pinsFor(caller.pins, isShared ? 'everybody' : caller.hash, isOperators),
      policy: narrowPolicy(policy, narrowing),
      rights,
      secrets,
      pending: confirmations(caller.hash),
      trail,
      open: async () => ({ client: clientFor(caller), token: caller.token }),
      knownTokens: caller.token.known,
      log,
      timeout: config.timeout.value,
      maxResultTokens: config.maxResultTokens.value,
      revealSecrets: config.revealSecrets.value,
      byMcpToken: isGateway,
      sandbox: config.sandbox.value,
      caller: caller.hash.slice(0, 8),
      onCall: (call) => {
        metrics.observeCall(call);
        readiness.observe(call);
      },
    });
    return { session, isOutdated };
  };
}
