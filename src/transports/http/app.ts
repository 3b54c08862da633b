import cors from '@fastify/cors';
import type { RequestInfo } from '@modelcontextprotocol/sdk/types.js';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import {
  type Authenticator,
  type AuthRejection,
  type AuthSource,
  type Bearer,
  readBearer,
} from '../../auth/authenticate.ts';
import { parseExact } from '../../lib/exact-json.ts';
import { RunningList } from '../../lib/running-list.ts';
import { stopQuestions, stopWork } from '../../lib/shutdown.ts';
import type { Log } from '../../observability/logger.ts';
import { createMetrics, type Metrics } from '../../observability/metrics.ts';
import { interrupted } from '../../pipeline/execute/deadline.ts';
import type { ServerFeatures } from '../../protocol/server-features.ts';
import type { RequestContext } from '../../request-context.ts';
import { callDirectly, createServer } from '../../server.ts';
import { ownFault } from '../json-rpc/messages.ts';
import { checkBody, readBodies } from './bodies.ts';
import { cancelledRequest, cancelOne, type RunningRequest } from './cancel-requests.ts';
import { applyClientFilters, type FilteredCaller, filterHeaders } from './client-filters.ts';
import type { Slot } from './concurrency.ts';
import { checkHost, type GuardOptions } from './host-guard.ts';
import { createLoad, type Load, untilQuiet, whyBusy } from './load.ts';
import { refuseOtherMethods } from './methods.ts';
import { serveMonitoring } from './monitoring.ts';
import { answerPost, nobody, type Recipient, readPost, rejectBatch } from './post.ts';
import { type CountAgain, limitRate, turnsOf } from './rate-limit.ts';
import { reject } from './replies.ts';
import { postInSession, streamOrEnd } from './session-routes.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { type Answering, connectStateless, type StatelessEndpoint } from './stateless.ts';
import { refuseUnreadable } from './unreadable.ts';

export interface HttpOptions extends GuardOptions {
  readonly authenticator: Authenticator;
  /** Prepares what serves one caller. */
  readonly open: (filtered: FilteredCaller, metrics: Metrics) => Promise<OpenedCaller>;
  /** Whether Synqly answers at all, and the token store where there is one. */
  readonly isReady: () => Promise<boolean>;
  readonly log: Log;
  /** Keep sessions, for clients that need requests from the server. */
  readonly sessions: boolean;
  /** Milliseconds without use after which a session is ended. */
  readonly sessionIdle: number;
  /** Requests that one token may send in a minute. */
  readonly ratePerMinute: number;
  /** Requests that are served at one time, of which one token gets two thirds at most; more are answered 503. */
  readonly maxConcurrent: number;
}

/** What serves the requests of one caller. */
export interface OpenedCaller {
  readonly context: RequestContext;
  readonly features: ServerFeatures;
  /** Whether it would be made differently now; undefined when nothing about it is still to be learnt. */
  readonly isOutdated?: (() => boolean) | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The token that it came with, once it has passed the guard. */
    bearer: Bearer | undefined;
    /** Whose it is, once its token is known to be good. */
    caller: FilteredCaller | undefined;
    /** Where it is served, once its body is there. */
    place: Slot | undefined;
  }
}

/** Bytes of a request's body; the longest arguments are patches and mappings. */
const bodyLimit = 1024 * 1024;
const headersTimeoutMs = 10_000;
const bodyTimeoutMs = 20_000;

/** Milliseconds in which the answers of calls that were ended must get away. */
const answerTimeoutMs = 2_000;

/** Callers without sessions whose server is kept, and for how many milliseconds: then what its token may do is asked anew. */
const maxCallers = 250;
const callerTtlMs = 5 * 60_000;

/**
 * The Streamable HTTP transport (MCP specification 2025-11-25) at `/mcp`, with `/healthz`, `/readyz` and `/metrics`.
 * Stateless, with one low-level server for each caller, unless sessions are asked for, with one for each session. A
 * server is cheap, because lists and schemas are shared.
 */
export async function buildHttpServer(options: HttpOptions): Promise<HttpServer> {
  const load = createLoad(options.maxConcurrent);
  const metrics = createMetrics(
    () => load.requests.taken,
    () => load.streams.taken,
  );
  const sessions = options.sessions ? createSessions({ idle: options.sessionIdle }) : undefined;
  const app = Fastify({
    bodyLimit,
    trustProxy: options.trusts ?? false,
    requestTimeout: bodyTimeoutMs,
    forceCloseConnections: 'idle',
    // `/mcp/` and `//mcp` come of an address that was put together.
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true },
    http: { headersTimeout: headersTimeoutMs, connectionsCheckingInterval: 2_000 },
    frameworkErrors: (_, __, reply) => void reject(reply, 404, nothingHere),
    clientErrorHandler: refuseUnreadable,
  });
  // Only the endpoint looks at a body.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _body, done) => done(null));
  app.setErrorHandler((error: { statusCode?: number; message: string }, _, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) options.log.error({ err: error }, 'a request failed by a fault of this server');
    return reject(reply, status, status >= 500 ? ownFault : wordsOf(error.message, status));
  });
  app.setNotFoundHandler((_, reply) => reject(reply, 404, nothingHere));
  serveMonitoring(app, metrics, options, async () => !load.draining && (await options.isReady()));
  await app.register(async (mcp) => {
    readBodies(mcp, parseExact);
    const countAgain = await protect(mcp, options, metrics, load);
    serveMcp(mcp, options, metrics, sessions, countAgain);
    refuseOtherMethods(mcp, options);
  });
  return {
    app,
    drain: async (milliseconds) => {
      load.draining = true;
      // What a stream waits for may never come, and the answer of a person would be turned away by now.
      stopQuestions();
      for (const stream of load.openStreams) stream.end();
      await untilQuiet(load, milliseconds);
      stopWork(interrupted);
      await untilQuiet(load, answerTimeoutMs);
      await sessions?.closeAll();
      app.server.closeAllConnections();
      await app.close();
    },
  };
}

const nothingHere = 'There is nothing here; the MCP endpoint is /mcp.';

export interface HttpServer {
  readonly app: FastifyInstance;
  /** Takes no new calls, lets running ones finish for so many milliseconds, then closes. */
  drain(milliseconds: number): Promise<void>;
}

function wordsOf(message: string, status: number): string {
  return status === 413 ? 'The body is over 1 MB: send less in one message.' : message;
}

/**
 * What a request must pass before its body is read: guard, room, rate, access. The hooks go on by callback where they
 * can: every promise that the framework waits for between them costs a call something.
 */
async function protect(
  mcp: FastifyInstance,
  options: HttpOptions,
  metrics: Metrics,
  load: Load,
): Promise<CountAgain> {
  const rejectWith = (reply: FastifyReply, reason: string, status: number, message: string) => {
    metrics.rejected.inc({ reason });
    return reject(reply, status, message);
  };
  const deny = (reply: FastifyReply, { status, message }: AuthRejection) => {
    // RFC 6750, 3; without resource metadata, since no authorization server issues these tokens.
    const fault = { 401: 'invalid_token', 403: 'insufficient_scope', 503: undefined }[status];
    if (fault) reply.header('www-authenticate', `Bearer realm="synqly-mcp", error="${fault}"`);
    rejectWith(reply, 'access', status, message);
  };
  mcp.decorateRequest('bearer', undefined);
  mcp.decorateRequest('caller', undefined);
  mcp.decorateRequest('place', undefined);
  mcp.addHook('onRequest', (request, reply, pass) => {
    const refusal = checkHost(request, options);
    if (refusal) return void rejectWith(reply, 'guard', refusal.status, refusal.message);
    request.bearer = readBearer(request.headers.authorization);
    pass();
  });
  if (options.origins.length > 0) await mcp.register(cors, corsFor(options.origins));
  const onExceeded = (reply: FastifyReply, message: string) => rejectWith(reply, 'rate', 429, message);
  const limit = limitRate(mcp, options.ratePerMinute, options.authenticator, onExceeded);
  const onChecked = (from: AuthSource) => metrics.authChecks.inc({ from });
  mcp.addHook('preParsing', (request, reply, _, pass) => {
    options.authenticator.authenticate(request.bearer, onChecked, turnsOf(request)).then((authenticated) => {
      const isBad = 'status' in authenticated && authenticated.status === 401;
      if ('status' in authenticated && !isBad) return deny(reply, authenticated);
      const message = isBad ? limit.refused(request, reply) : limit.accepted(request, reply);
      if (message !== undefined) return onExceeded(reply, message);
      if ('status' in authenticated) return deny(reply, authenticated);
      const filtered = applyClientFilters(authenticated, request.headers);
      if ('status' in filtered) return void rejectWith(reply, 'access', filtered.status, filtered.message);
      request.caller = filtered;
      const unreadable = request.method === 'POST' ? checkBody(request.headers) : undefined;
      if (unreadable) return void reject(reply, unreadable.status, unreadable.message);
      pass();
    }, pass);
  });
  // Counted when the body is there: one that dawdles takes up no room.
  mcp.addHook('preHandler', (request, reply, pass) => {
    if (reply.raw.closed) return void reply.hijack();
    const places = request.method === 'GET' ? load.streams : load.requests;
    const place = load.draining ? undefined : places.take(request.bearer?.hash ?? '');
    if (!place) {
      reply.header('retry-after', '1');
      return void rejectWith(reply, 'busy', 503, whyBusy(load, places));
    }
    request.place = place;
    if (request.method === 'GET') load.openStreams.add(reply.raw);
    reply.raw.once('close', () => {
      place.close();
      load.openStreams.delete(reply.raw);
    });
    pass();
  });
  return limit.countAgain;
}

function corsFor(origins: readonly string[]) {
  return {
    origin: [...origins],
    methods: ['GET', 'POST', 'DELETE'],
    allowedHeaders: [
      'authorization',
      'content-type',
      'mcp-protocol-version',
      'mcp-session-id',
      'last-event-id',
      ...filterHeaders,
    ],
    exposedHeaders: ['mcp-session-id', 'retry-after', 'www-authenticate'],
  };
}

function serveMcp(
  mcp: FastifyInstance,
  options: HttpOptions,
  metrics: Metrics,
  sessions: Sessions | undefined,
  countAgain: CountAgain,
): void {
  const open = async (filtered: FilteredCaller) => {
    const opened = await options.open(filtered, metrics);
    return { ...opened, server: createServer(opened.features, opened.context) };
  };
  const endpoints = new LRUCache<string, Endpoint>({ max: maxCallers, ttl: callerTtlMs });
  const connect = (filtered: FilteredCaller): Endpoint => {
    const connecting = async (): Promise<StatelessEndpoint> => {
      const { server, context, features, isOutdated } = await open(filtered);
      endpoint.isOutdated = isOutdated;
      return connectStateless(server, (call, extra) => callDirectly(call, context, features, extra));
    };
    const endpoint: Endpoint = { connected: connecting() };
    endpoints.set(filtered.key, endpoint);
    return endpoint;
  };
  const endpointOf = (filtered: FilteredCaller): Promise<StatelessEndpoint> => {
    const known = endpoints.get(filtered.key);
    return (known && !known.isOutdated?.() ? known : connect(filtered)).connected;
  };

  const running = new RunningList<RunningRequest>();
  /** Without a session, a notification can only be about a request that is under way. */
  const notifyFrom = (caller: FilteredCaller): Recipient['notify'] => {
    return (message) => {
      const cancelled = cancelledRequest(message);
      if (cancelled !== undefined) cancelOne(running, caller, cancelled);
    };
  };
  const toCaller = (endpoint: StatelessEndpoint, request: FastifyRequest, reply: FastifyReply): Recipient => {
    const caller = request.caller as FilteredCaller;
    const requestInfo = { headers: request.headers as RequestInfo['headers'] };
    const place = request.place as Slot;
    let current: Answering | undefined;
    reply.raw.once('close', () => current?.cancel());
    return {
      answer: async (message) => {
        current = endpoint.answer(message, { requestInfo });
        const one: RunningRequest = { caller, id: message.id, cancel: current.withdraw, place: undefined };
        running.add(one);
        place.begin();
        const text = await current.text;
        place.finish();
        running.delete(one);
        return text;
      },
      notify: notifyFrom(caller),
    };
  };

  mcp.post('/mcp', async (request, reply) => {
    const caller = request.caller as FilteredCaller;
    const post = readPost(request, reply);
    if (!post) return reply;
    if (sessions) {
      const makeServer = async () => (await open(caller)).server;
      const begin = async (json: boolean) => {
        const session = await sessions.open(caller.caller.hash, caller.key, json, makeServer);
        if (!session) metrics.rejected.inc({ reason: 'busy' });
        return session;
      };
      return postInSession(request, reply, post, sessions, { begin, countAgain });
    }
    const refused = rejectBatch(post, request, reply);
    if (refused) return refused;
    const asks = post.reading.messages.some(({ kind }) => kind === 'request');
    const recipient = asks
      ? toCaller(await endpointOf(caller), request, reply)
      : { ...nobody, notify: notifyFrom(caller) };
    return answerPost(request, reply, post, recipient, countAgain);
  });

  mcp.route({
    method: ['GET', 'DELETE'],
    url: '/mcp',
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      if (sessions) return streamOrEnd(request, reply, sessions);
      reply.header('allow', 'POST');
      return reject(reply, 405, 'This server keeps no sessions; send POST requests.');
    },
  });
}

interface Endpoint {
  readonly connected: Promise<StatelessEndpoint>;
  isOutdated?: (() => boolean) | undefined;
}
