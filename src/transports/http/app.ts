import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { Bearer } from '../../auth/authenticate.ts';
import { parseExact } from '../../lib/exact-json.ts';
import { getOrCreate } from '../../lib/get-or-create.ts';
import { RunningList } from '../../lib/running-list.ts';
import { stopQuestions, stopWork } from '../../lib/shutdown.ts';
import { createMetrics, type Metrics } from '../../observability/metrics.ts';
import { interrupted } from '../../pipeline/execute/deadline.ts';
import { v2Revisions } from '../../protocol/envelope.ts';
import type { ServerFeatures } from '../../protocol/server-features.ts';
import type { RpcRequest } from '../../protocol/stateless-server.ts';
import { createServer, createV1Server, type Generation } from '../../server.ts';
import { connectEndpoint, type Endpoint, type PendingAnswer, renderResponse } from '../json-rpc/endpoint.ts';
import { internalErrorMessage } from '../json-rpc/messages.ts';
import { readBodies } from './bodies.ts';
import { cancelledRequest, cancelOne, type RunningRequest } from './cancel-requests.ts';
import { protect } from './checks.ts';
import type { FilteredCaller } from './client-filters.ts';
import type { Slot } from './concurrency.ts';
import { readGeneration } from './generation.ts';
import { busyMessage, createLoad, type Load, waitUntilIdle } from './load.ts';
import { refuseOtherMethods } from './methods.ts';
import { serveMonitoring } from './monitoring.ts';
import type { HttpOptions, OpenedCaller } from './options.ts';
import { answerPost, emptyBody, noRecipient, type Recipient, readPost, rejectBatch } from './post.ts';
import { closeQueuedResponses } from './queued-responses.ts';
import type { CountAgain } from './rate-limit.ts';
import { reject } from './replies.ts';
import { asksForProgress, ResponseStream } from './response-stream.ts';
import { postInSession, streamOrEnd } from './session-routes.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { refuseUnreadable } from './unreadable.ts';
import { answerV2, streamSubscription } from './v2-requests.ts';

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

/** Cached servers of callers without sessions, and their lifetime in milliseconds. */
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
  closeQueuedResponses(app.server);
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
    serveMcp(mcp, options, metrics, sessions, countAgain, load);
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

const streamNotAccepted =
  'subscriptions/listen sends a text/event-stream, which the Accept header does not allow.';
const notFoundMessage = 'Not found: the MCP endpoint is /mcp.';

export interface HttpServer {
  readonly app: FastifyInstance;
  /** Accepts no new calls, waits this long for running ones, then closes. */
  drain(milliseconds: number): Promise<void>;
}

function messageFor(message: string, status: number): string {
  return status === 413 ? 'The request body is larger than 1 MB: send less in one message.' : message;
}

function serveMcp(
  mcp: FastifyInstance,
  options: HttpOptions,
  metrics: Metrics,
  sessions: Sessions | undefined,
  countAgain: CountAgain,
  load: Load,
): void {
  const callers = new LRUCache<string, ConnectedCaller>({ max: maxCallers, ttl: callerTtlMs });
  const connectedOf = (filtered: FilteredCaller): ConnectedCaller =>
    getOrCreate(callers, filtered.key, () => {
      const opened = options.open(filtered, metrics);
      opened.catch(() => callers.delete(filtered.key));
      return { opened, endpoints: new Map() };
    });
  const endpointOf = async (filtered: FilteredCaller, generation: Generation): Promise<Endpoint> => {
    const connected = connectedOf(filtered);
    const { features, context } = await connected.opened;
    const current = features.current();
    // Instructions of the first generation are written when the server is created.
    if (current !== connected.described) connected.endpoints.delete('v1');
    connected.described = current;
    return getOrCreate(connected.endpoints, generation, async () =>
      connectEndpoint(await createServer(generation, features, context)),
    );
  };

  const running = new RunningList<RunningRequest>();
  /** Without a session, the only useful notification cancels a running request. */
  const notifyFrom = (caller: FilteredCaller): Recipient['notify'] => {
    return (message) => {
      const cancelled = cancelledRequest(message);
      if (cancelled !== undefined) cancelOne(running, caller, cancelled);
    };
  };
  const toCaller = (
    endpoint: Endpoint,
    request: FastifyRequest,
    reply: FastifyReply,
    stream: ResponseStream | undefined,
  ): Recipient => {
    const caller = request.caller as FilteredCaller;
    const { headers } = request;
    const slot = request.slot as Slot;
    const notify = stream && ((notification: object) => stream.send(JSON.stringify(notification)));
    let current: PendingAnswer | undefined;
    reply.raw.once('close', () => current?.cancel());
    return {
      answer: async (message) => {
        current = endpoint.answer(message, { headers, notify });
        const one: RunningRequest = { caller, id: message.id, cancel: current.withdraw, index: undefined };
        running.add(one);
        slot.begin();
        const response = await current.response;
        slot.finish();
        running.delete(one);
        return response && renderResponse(response, message);
      },
      notify: notifyFrom(caller),
      stream,
    };
  };
  const subscribeCaller = async (request: FastifyRequest, reply: FastifyReply, message: RpcRequest) => {
    const { opened } = connectedOf(request.caller as FilteredCaller);
    const { features } = await opened;
    // The client may have disconnected while its permissions were read.
    if (reply.raw.closed) return reply.hijack();
    const busy = takeStreamSlot(request, reply, load);
    if (busy === undefined) return streamSubscription(request, reply, message, features);
    metrics.rejected.inc({ reason: 'busy' });
    return reject(reply.header('retry-after', '1'), 503, busy, { id: message.id });
  };

  mcp.post('/mcp', async (request, reply) => {
    const caller = request.caller as FilteredCaller;
    const generation = readGeneration(request.headers, request.reading ?? emptyBody);
    if (generation.generation === undefined) {
      const { error, id } = generation;
      metrics.rejected.inc({ reason: 'headers' });
      // Without the message, which repeats the client's text: that may hold the token.
      const { code, header } = error;
      options.log.warn({ caller: caller.caller.hash.slice(0, 8), code, header }, 'refused a request');
      return reject(reply, 400, error.message, { ...error, id });
    }
    const post = readPost(request, reply, {
      ignoresVersion: generation.generation === 'v2' || generation.ignoresVersion,
    });
    if (!post) return reply;
    if (generation.generation === 'v2') {
      const { request: message } = generation;
      if (!message) return reply.code(202).send();
      if (message.method === 'subscriptions/listen') {
        if (post.accepted.stream) return subscribeCaller(request, reply, message);
        return reject(reply, 406, streamNotAccepted, { id: message.id });
      }
      return answerV2(request, reply, message, post.accepted, await endpointOf(caller, 'v2'));
    }
    if (sessions) {
      const makeServer = async () => {
        const { features, context } = await options.open(caller, metrics);
        return createV1Server(features, context, { sendsNotifications: true });
      };
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
    const [first] = post.reading.messages;
    const streams =
      post.accepted.namesStream &&
      !post.reading.isBatch &&
      first?.kind === 'request' &&
      asksForProgress(first.message);
    const stream = streams ? new ResponseStream(request, reply) : undefined;
    const recipient = hasRequest
      ? toCaller(await endpointOf(caller, 'v1'), request, reply, stream)
      : { ...noRecipient, notify: notifyFrom(caller) };
    return answerPost(request, reply, post, recipient, countAgain);
  });

  mcp.route({
    method: ['GET', 'DELETE'],
    url: '/mcp',
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const isV2 = v2Revisions.includes(String(request.headers['mcp-protocol-version']));
      if (sessions && !isV2) return streamOrEnd(request, reply, sessions);
      reply.header('allow', 'POST');
      const who = isV2 ? `Protocol revision ${v2Revisions.join(', ')} has` : 'This server keeps';
      return reject(reply, 405, `${who} no sessions: send POST requests.`);
    },
  });
}

/** A caller with the servers that answer it, created when they are first needed. */
interface ConnectedCaller {
  readonly opened: Promise<OpenedCaller>;
  readonly endpoints: Map<Generation, Promise<Endpoint>>;
  /** The features that the instructions describe. */
  described?: ServerFeatures;
}

/** Exchanges the slot of a request for that of a stream. @returns why there is none */
function takeStreamSlot(request: FastifyRequest, reply: FastifyReply, load: Load): string | undefined {
  request.slot?.close();
  const slot = load.draining ? undefined : load.streams.take(request.bearer?.hash ?? '');
  if (!slot) return busyMessage(load, load.streams);
  reply.raw.once('close', () => slot.close());
  return undefined;
}
