import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createTrail } from '../audit.ts';
import { createConfirmations } from '../calls/pending.ts';
import { type Config, ConfigError } from '../config.ts';
import { createLog, type Log, warnIfRevealing } from '../log.ts';
import { kindOf, type PinKind, pinsOf } from '../pins.ts';
import { type Policy, policyOf } from '../policy.ts';
import { synqlyResources } from '../resources/room.ts';
import { type SecretStore, secretsForMany } from '../secrets/store.ts';
import type { Offering } from '../server.ts';
import { createSession, type Upstream } from '../session.ts';
import type { SurfaceKind } from '../settings.ts';
import { createSurface } from '../surfaces/choose.ts';
import { assertSelection } from '../surfaces/select.ts';
import { isLoopback } from '../synqly/url.ts';
import { defaultStore, openTokenStore } from '../tokens/open-store.ts';
import { rememberMcpTokens } from '../tokens/remember.ts';
import { createMemoryStore, type TokenStore } from '../tokens/store.ts';
import { openForCallers, type SharedUpstream } from '../upstream.ts';
import { type Access, directAccess, gatewayAccess } from './access.ts';
import { loopbackHosts } from './guard.ts';
import { buildHttpServer, type HttpOptions, type HttpServer } from './http.ts';
import { readiness } from './readiness.ts';
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
  assertSelection(policyOf(config));
  const upstream = await openForCallers(config);
  const secrets = secretsForMany(config);
  const log = createLog(config.logLevel.value, upstream.token?.known ?? [], secrets.known);
  warnIfRevealing(config, log);
  const { access, client, store } = await chooseAccess(config, upstream);
  const server = await buildHttpServer({
    access,
    offeringFor: offeringsByKind(policyOf(config), config.surface.value),
    sessionOf: sessionsFor(config, client, secrets, log),
    isReady: readiness(client, store),
    log,
    hosts,
    origins: config.allowedOrigins.value,
    sessions: config.sessions.value,
    trustProxy: config.trustProxy.value,
    ratePerMinute: config.ratePerMinute.value,
    mostConcurrent: config.maxConcurrent.value,
  });
  const url = await bind(server, config);
  log.info({ url, synqly: upstream.baseUrl.origin, access: store ? 'gateway' : 'direct' }, 'listening');
  if (config.sandbox.value) process.stderr.write(await offerTrial(url, client, upstream));
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  log.info({}, 'stopping');
  await server.drain(drainWithin);
  await store?.close();
  await log.flush();
}

interface Chosen {
  readonly access: Access;
  readonly client: Upstream['client'];
  /** Where MCP tokens are kept, for a gateway. */
  readonly store: TokenStore | undefined;
}

async function chooseAccess(config: Config, { client, baseUrl, token }: SharedUpstream): Promise<Chosen> {
  const pins = pinsOf(config);
  if (!token) return { access: directAccess(client, { pins }), client, store: undefined };
  const { value: named } = config.tokenStore;
  const isTrial = config.sandbox.value && named === undefined;
  const store = isTrial ? createMemoryStore() : await openTokenStore(named ?? defaultStore(process.env));
  const audience = baseUrl.href;
  return {
    access: gatewayAccess({ store, audience, token, pins }),
    client: rememberMcpTokens(client, { store, audience, label: 'made by a tool' }),
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

/** Surfaces and resources differ with the kind of pins only, so they are computed once for each. */
function offeringsByKind(policy: Policy, surface: SurfaceKind): HttpOptions['offeringFor'] {
  const known = new Map<PinKind | 'none', Offering>();
  return ({ pins }) => {
    const kind = pins ? kindOf(pins) : 'none';
    const offering = known.get(kind) ?? {
      surface: createSurface(surface, pins, policy),
      resources: synqlyResources(pins, policy),
    };
    known.set(kind, offering);
    return offering;
  };
}

function sessionsFor(
  config: Config,
  client: Upstream['client'],
  secrets: SecretStore,
  log: Log,
): HttpOptions['sessionOf'] {
  const policy = policyOf(config);
  const confirmations = createConfirmations(config.confirmWithin.value);
  const trail = createTrail(config.auditLog.value, log);
  return (caller, metrics) =>
    createSession({
      // What a pinned name means is remembered by the object, and may be another account for another caller.
      pins: caller.pins && { ...caller.pins },
      policy,
      secrets,
      pending: confirmations(caller.hash),
      trail,
      open: async () => ({ client, token: caller.token }),
      knownTokens: caller.token.known,
      log,
      timeout: config.timeout.value,
      maxResultTokens: config.maxResultTokens.value,
      revealSecrets: config.revealSecrets.value,
      sandbox: config.sandbox.value,
      caller: caller.hash.slice(0, 8),
      onCall: metrics.observeCall,
    });
}
