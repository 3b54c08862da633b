import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { LRUCache } from 'lru-cache';
import { type Config, ConfigError } from '../config.ts';
import { CallError } from '../errors.ts';
import { createLog, type Log } from '../log.ts';
import { type Pins, pinsOf } from '../pins.ts';
import { synqlyResources } from '../resources/room.ts';
import { createSession } from '../session.ts';
import { createFullSurface } from '../surfaces/full.ts';
import type { SynqlyClient } from '../synqly/client.ts';
import { fixedToken } from '../synqly/token.ts';
import { isLoopback } from '../synqly/url.ts';
import { openForCallers } from '../upstream.ts';
import { type Caller, directAccess } from './access.ts';
import { loopbackHosts } from './guard.ts';
import { buildHttpServer, type HttpOptions, type HttpServer } from './http.ts';

/** Milliseconds that running calls get to finish when the process is told to stop. */
const drainWithin = 10_000;

/**
 * Serves many callers over HTTP until the process is told to stop, each with its own API token.
 *
 * @throws ConfigError
 */
export async function listen(config: Config): Promise<void> {
  const hosts = allowedHosts(config);
  const log = createLog(config.logLevel.value, []);
  const { client, baseUrl, sandboxToken } = await openForCallers(config);
  const pins = pinsOf(config);
  const server = await buildHttpServer({
    access: directAccess(client),
    offering: { surface: createFullSurface(pins), resources: synqlyResources(pins) },
    sessionOf: sessionsFor(config, client, log),
    isReady: readiness(client),
    log,
    hosts,
    origins: config.allowedOrigins.value,
    sessions: config.sessions.value,
    trustProxy: config.trustProxy.value,
    ratePerMinute: config.ratePerMinute.value,
    mostConcurrent: config.maxConcurrent.value,
  });
  const url = await bind(server, config);
  log.info({ url, synqly: baseUrl.origin }, 'listening');
  if (sandboxToken !== undefined) process.stderr.write(howToTry(url, sandboxToken));
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  log.info({}, 'stopping');
  await server.drain(drainWithin);
  await log.flush();
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

function sessionsFor(
  config: Config,
  client: Pick<SynqlyClient, 'request'>,
  log: Log,
): HttpOptions['sessionOf'] {
  const pins = pinsOfCallers(pinsOf(config));
  return (caller, { traceparent }, metrics) => {
    const token = fixedToken(caller.token);
    return createSession({
      pins: pins(caller),
      open: async () => ({ client, token }),
      knownTokens: token.known,
      log,
      timeout: config.timeout.value,
      revealSecrets: config.revealSecrets.value,
      sandbox: config.sandbox.value,
      caller: caller.hash.slice(0, 8),
      headers: traceparent === undefined ? undefined : { traceparent },
      onCall: metrics.observeCall,
    });
  };
}

/**
 * The pins of each caller. What a pinned name means is remembered by the object, and may be another account for
 * another caller: one object for each, kept as long as a token is remembered.
 */
function pinsOfCallers(pins: Pins | undefined): (caller: Caller) => Pins | undefined {
  if (pins === undefined) return () => undefined;
  const held = new LRUCache<string, Pins>({ max: 10_000, ttl: 60_000 });
  return ({ hash }) => {
    const own = held.get(hash) ?? { ...pins };
    if (!held.has(hash)) held.set(hash, own);
    return own;
  };
}

/** Milliseconds for which an answer about readiness holds: load balancers ask often. */
const readinessHolds = 5_000;
const readinessWithin = 3_000;

/** Whether Synqly answers, whatever it answers: no token is at hand to ask for more. */
function readiness(client: Pick<SynqlyClient, 'request'>): () => Promise<boolean> {
  let known: { ready: Promise<boolean>; until: number } | undefined;
  return () => {
    if (!known || known.until < Date.now())
      known = { ready: reaches(client), until: Date.now() + readinessHolds };
    return known.ready;
  };
}

async function reaches(client: Pick<SynqlyClient, 'request'>): Promise<boolean> {
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

function howToTry(url: string, token: string): string {
  const client = { type: 'http', url, headers: { Authorization: `Bearer ${token}` } };
  const settings = JSON.stringify({ mcpServers: { synqly: client } }, null, 2);
  return `\nSandbox with invented data at ${url}\n\n${settings}\n\n`;
}
