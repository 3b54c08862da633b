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
import { internalErrorMessage } from '../json-rpc/messages.ts';
import { checkBody, readBodies } from './bodies.ts';
import { cancelledRequest, cancelOne, type RunningRequest } from './cancel-requests.ts';
import { applyClientFilters, type FilteredCaller, filterHeaders } from './client-filters.ts';
import type { Slot } from './concurrency.ts';
import { checkHost, type GuardOptions } from './host-guard.ts';
import { busyMessage, createLoad, type Load, waitUntilIdle } from './load.ts';
import { refuseOtherMethods } from './methods.ts';
import { serveMonitoring } from './monitoring.ts';
import { answerPost, noRecipient, type Recipient, readPost, rejectBatch } from './post.ts';
import { type CountAgain, checkQueueKey, limitRate } from './rate-limit.ts';
import { reject } from './replies.ts';
import { postInSession, streamOrEnd } from './session-routes.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { connectStateless, type PendingAnswer, type StatelessEndpoint } from './stateless.ts';
import { refuseUnreadable } from './unreadable.ts';

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
  readonly features: ServerFeatures;
  /** Whether the context is stale, such as after new permissions were learned; undefined if it cannot become stale. */
  readonly isOutdated?: (() => boolean) | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The bearer token, set by the host guard's hook. */
    bearer: Bearer | undefined;
    /** The caller, set when the token is authenticated. */
    caller: FilteredCaller | undefined;
    /** The concurrency slot, taken when the body has arrived. */
    slot: Slot | undefined;
  }
}

/** Maximum bytes of a request body; the longest arguments are patches and mappings. */
const bodyLimit = 1024 * 1024;
const headersTimeoutMs = 10_000;
const bodyTimeoutMs = 20_000;

/** Milliseconds for sending the responses of calls that were stopped. */
const answerTimeoutMs = 2_000;

/**
 * Cached servers of callers without sessions, and their lifetime in milliseconds; then the token's permissions are
 * read again.
 */
const maxCallers = 250;
const callerTtlMs = 5 * 60_000;

/**
 * The Streamable HTTP transport (MCP specification 2025-11-25) at `/mcp`, with `/healthz`, `/readyz` and
 * `/metrics`. Stateless with one low-level server per caller, or one server per session. A server is cheap: lists
 * and schemas are shared.
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
    // Clients that join URLs by hand send `/mcp/` and `//mcp`.
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true },
    http: { headersTimeout: headersTimeoutMs, connectionsCheckingInterval: 2_000 },
    frameworkErrors: (_, __, reply) => void reject(reply, 404, notFoundMessage),
    clientErrorHandler: refuseUnreadable,
  });
  // Only /mcp reads a body.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _body, done) => done(null));
  app.setErrorHandler((error: { statusCode?: number; message: string }, _, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) options.log.error({ err: error }, 'internal error in a request');
    return reject(reply, status, status >= 500 ? internalErrorMessage : messageFor(error.message, status));
  });
  app.setNotFoundHandler((_, reply) => reject(reply, 404, notFoundMessage));
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
      // Open streams and forms would wait for people, whose answers are rejected from now on.
      stopQuestions();
      for (const stream of load.openStreams) stream.end();
      await waitUntilIdle(load, milliseconds);
      stopWork(interrupted);
      await waitUntilIdle(load, answerTimeoutMs);
      await sessions?.closeAll();
      app.server.closeAllConnections();
      await app.close();
    },
  };
}

const notFoundMessage = 'Not found: the MCP endpoint is /mcp.';

export interface HttpServer {
  readonly app: FastifyInstance;
  /** Accepts no new calls, waits this long for running ones, then closes. */
  drain(milliseconds: number): Promise<void>;
}

function messageFor(message: string, status: number): string {
  return status === 413 ? 'The request body is larger than 1 MB: send less in one message.' : message;
}

/**
 * The checks before a request's body is read: host guard, rate limit, authentication; and a concurrency slot once
 * it is read. Hooks use callbacks where they can: each promise between hooks costs every call time.
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
    // RFC 6750, 3. There is no resource metadata: no authorization server issues these tokens.
    const fault = { 401: 'invalid_token', 403: 'insufficient_scope', 503: undefined }[status];
    if (fault) reply.header('www-authenticate', `Bearer realm="synqly-mcp", error="${fault}"`);
    rejectWith(reply, 'access', status, message);
  };
  mcp.decorateRequest('bearer', undefined);
  mcp.decorateRequest('caller', undefined);
  mcp.decorateRequest('slot', undefined);
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
    options.authenticator
      .authenticate(request.bearer, onChecked, checkQueueKey(request))
      .then((authenticated) => {
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
  // Taken once the body has arrived: a slow upload holds no slot.
  mcp.addHook('preHandler', (request, reply, pass) => {
    if (reply.raw.closed) return void reply.hijack();
    const slots = request.method === 'GET' ? load.streams : load.requests;
    const slot = load.draining ? undefined : slots.take(request.bearer?.hash ?? '');
    if (!slot) {
      reply.header('retry-after', '1');
      return void rejectWith(reply, 'busy', 503, busyMessage(load, slots));
    }
    request.slot = slot;
    if (request.method === 'GET') load.openStreams.add(reply.raw);
    reply.raw.once('close', () => {
      slot.close();
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
  /** Without a session, the only useful notification cancels a running request. */
  const notifyFrom = (caller: FilteredCaller): Recipient['notify'] => {
    return (message) => {
      const cancelled = cancelledRequest(message);
      if (cancelled !== undefined) cancelOne(running, caller, cancelled);
    };
  };
  const toCaller = (endpoint: StatelessEndpoint, request: FastifyRequest, reply: FastifyReply): Recipient => {
    const caller = request.caller as FilteredCaller;
    const requestInfo = { headers: request.headers as RequestInfo['headers'] };
    const slot = request.slot as Slot;
    let current: PendingAnswer | undefined;
    reply.raw.once('close', () => current?.cancel());
    return {
      answer: async (message) => {
        current = endpoint.answer(message, { requestInfo });
        const one: RunningRequest = { caller, id: message.id, cancel: current.withdraw, index: undefined };
        running.add(one);
        slot.begin();
        const text = await current.text;
        slot.finish();
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
      const openSession = async (json: boolean) => {
        const session = await sessions.open(caller.caller.hash, caller.key, json, makeServer);
        if (!session) metrics.rejected.inc({ reason: 'busy' });
        return session;
      };
      return postInSession(request, reply, post, sessions, { openSession, countAgain });
    }
    const refused = rejectBatch(post, request, reply);
    if (refused) return refused;
    const hasRequest = post.reading.messages.some(({ kind }) => kind === 'request');
    const recipient = hasRequest
      ? toCaller(await endpointOf(caller), request, reply)
      : { ...noRecipient, notify: notifyFrom(caller) };
    return answerPost(request, reply, post, recipient, countAgain);
  });

  mcp.route({
    method: ['GET', 'DELETE'],
    url: '/mcp',
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      if (sessions) return streamOrEnd(request, reply, sessions);
      reply.header('allow', 'POST');
      return reject(reply, 405, 'This server keeps no sessions: send POST requests.');
    },
  });
}

interface Endpoint {
  readonly connected: Promise<StatelessEndpoint>;
  isOutdated?: (() => boolean) | undefined;
}
