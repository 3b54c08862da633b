import { setTimeout as pause } from 'node:timers/promises';
import cors from '@fastify/cors';
import {
  isInitializeRequest,
  type RequestInfo,
  SUPPORTED_PROTOCOL_VERSIONS,
} from '@modelcontextprotocol/sdk/types.js';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { runningWork, stopQuestions, stopWork } from '../calls/stopping.ts';
import { parseExact } from '../exact-json.ts';
import { isJsonObject } from '../json.ts';
import type { Log } from '../log.ts';
import { callDirectly, createServer, type Offering } from '../server.ts';
import type { Session } from '../session.ts';
import { type Access, type Bearer, type Denial, readBearer, type Verdict } from './access.ts';
import { cancelledRequest, cancelOne, type RunningRequest } from './cancelling.ts';
import { type GuardOptions, guard, type Refusal } from './guard.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { serveMonitoring } from './monitoring.ts';
import { type Narrowed, narrowCaller, narrowingHeaders } from './narrowing.ts';
import { limitRate, rateHeaders } from './rate.ts';
import { createSessions, type HttpSession, type Sessions } from './sessions.ts';
import { connectStateless, readMessage, type StatelessEndpoint } from './stateless.ts';

export interface HttpOptions extends GuardOptions {
  readonly access: Access;
  /** What a session is offered. */
  readonly offeringFor: (session: Session) => Offering;
  readonly sessionOf: (narrowed: Narrowed, metrics: Metrics) => Promise<Opened>;
  /** Whether Synqly answers at all, and the token store where there is one. */
  readonly isReady: () => Promise<boolean>;
  readonly log: Log;
  /** Keep sessions, for clients that need requests from the server. */
  readonly sessions: boolean;
  /** Milliseconds without use after which a session is ended. */
  readonly sessionIdle: number;
  /** Requests that one token may send in a minute. */
  readonly ratePerMinute: number;
  /** Requests that are served at one time; more are answered 503. */
  readonly mostConcurrent: number;
}

export interface Opened {
  readonly session: Session;
  /** Whether it would be made differently now; undefined when nothing about it is still to be learnt. */
  readonly isOutdated?: (() => boolean) | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The token that it came with, once it has passed the guard. */
    bearer: Bearer | undefined;
    /** Whose it is, once its token is known to be good. */
    caller: Narrowed | undefined;
  }
}

/** Bytes of a request's body; the longest arguments are patches and mappings. */
const bodyLimit = 1024 * 1024;
const headersWithin = 10_000;
const bodyWithin = 20_000;
/** Milliseconds in which the answers of calls that were ended must get away. */
const answerWithin = 2_000;
/** Callers without sessions whose server is kept, and for how many milliseconds: then what its token may do is asked anew. */
const mostCallers = 250;
const keepWithin = 5 * 60_000;

/**
 * The Streamable HTTP transport (MCP specification 2025-11-25) at `/mcp`, with `/healthz`, `/readyz` and `/metrics`.
 * Stateless, with one low-level server for each caller, unless sessions are asked for, with one for each session. A
 * server is cheap, because lists and schemas are shared.
 */
export async function buildHttpServer(options: HttpOptions): Promise<HttpServer> {
  const load: Load = { running: 0, streams: new Set(), draining: false };
  const metrics = createMetrics(() => load.running);
  const sessions = options.sessions ? createSessions({ idle: options.sessionIdle }) : undefined;
  const app = Fastify({
    bodyLimit,
    trustProxy: options.trusts ?? false,
    requestTimeout: bodyWithin,
    forceCloseConnections: 'idle',
    http: { headersTimeout: headersWithin, connectionsCheckingInterval: 2_000 },
  });
  // A body that is not JSON is none of this protocol.
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, parseBody);
  app.setErrorHandler((error: { statusCode?: number; message: string }, _, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) options.log.error({ err: error }, 'a request failed by a fault of this server');
    return refuse(reply, status, status >= 500 ? 'A fault of this server.' : error.message);
  });
  app.setNotFoundHandler((_, reply) =>
    refuse(reply, 404, 'There is nothing here; the MCP endpoint is /mcp.'),
  );
  serveMonitoring(app, metrics, async () => !load.draining && (await options.isReady()));
  await app.register(async (mcp) => {
    await protect(mcp, options, metrics, load);
    serveMcp(mcp, options, metrics, sessions);
  });
  return {
    app,
    drain: async (milliseconds) => {
      load.draining = true;
      // What a stream waits for may never come, and the answer of a person would be turned away by now.
      stopQuestions();
      for (const stream of load.streams) stream.end();
      await untilQuiet(load, milliseconds);
      stopWork();
      await untilQuiet(load, answerWithin);
      await sessions?.closeAll();
      app.server.closeAllConnections();
      await app.close();
    },
  };
}

/**
 * Numbers keep their digits. A key `__proto__` or `constructor`, which the framework's own parser refuses, is data:
 * nothing here assigns the keys of one object to another.
 */
function parseBody(
  _: FastifyRequest,
  text: string | Buffer,
  done: (error: Error | null, body?: unknown) => void,
) {
  try {
    done(null, parseExact(String(text)));
  } catch {
    done(Object.assign(new Error('The body is not valid JSON.'), { statusCode: 400 }));
  }
}

export interface HttpServer {
  readonly app: FastifyInstance;
  /** Takes no new calls, lets running ones finish for so many milliseconds, then closes. */
  drain(milliseconds: number): Promise<void>;
}

interface Load {
  running: number;
  /** Those of them that are no calls: responses on which a session's client waits for requests. */
  readonly streams: Set<FastifyReply['raw']>;
  draining: boolean;
}

/** Waits until no call runs, also none whose client has gone; for so many milliseconds at most. */
async function untilQuiet(load: Load, milliseconds: number): Promise<void> {
  const end = Date.now() + milliseconds;
  while ((load.running > load.streams.size || runningWork() > 0) && Date.now() < end) await pause(20);
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
): Promise<void> {
  const turnAway = (reply: FastifyReply, reason: string, status: number, message: string) => {
    metrics.turnedAway.inc({ reason });
    return refuse(reply, status, message);
  };
  const deny = (reply: FastifyReply, { status, message }: Denial) => {
    // RFC 6750, 3; without resource metadata, since no authorization server issues these tokens.
    const fault = { 401: 'invalid_token', 403: 'insufficient_scope', 503: undefined }[status];
    if (fault) reply.header('www-authenticate', `Bearer realm="synqly-mcp", error="${fault}"`);
    turnAway(reply, 'access', status, message);
  };
  mcp.decorateRequest('bearer', undefined);
  mcp.decorateRequest('caller', undefined);
  mcp.addHook('onRequest', (request, reply, pass) => {
    const refusal = guard(request, options);
    if (refusal) return void turnAway(reply, 'guard', refusal.status, refusal.message);
    request.bearer = readBearer(request.headers.authorization);
    pass();
  });
  if (options.origins.length > 0) await mcp.register(cors, corsFor(options.origins));
  await limitRate(mcp, options.ratePerMinute, (reply, message) => turnAway(reply, 'rate', 429, message));
  const onVerdict = (from: Verdict) => metrics.verdicts.inc({ from });
  mcp.addHook('preParsing', (request, reply, _, pass) => {
    options.access.admit(request.bearer, onVerdict).then((admitted) => {
      if ('status' in admitted) return deny(reply, admitted);
      const narrowed = narrowCaller(admitted, request.headers);
      if ('status' in narrowed) return void turnAway(reply, 'access', narrowed.status, narrowed.message);
      request.caller = narrowed;
      pass();
    }, pass);
  });
  // Counted when the body is there: one that dawdles takes up no room.
  mcp.addHook('preHandler', (request, reply, pass) => {
    if (reply.raw.closed) return void reply.hijack();
    if (load.draining || load.running >= options.mostConcurrent) {
      reply.header('retry-after', '1');
      const message = load.draining ? 'The server is stopping.' : 'Too many requests at once.';
      return void turnAway(reply, 'busy', 503, message);
    }
    load.running += 1;
    if (request.method === 'GET') load.streams.add(reply.raw);
    reply.raw.once('close', () => {
      load.running -= 1;
      load.streams.delete(reply.raw);
    });
    pass();
  });
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
      ...narrowingHeaders,
    ],
    exposedHeaders: ['mcp-session-id', 'retry-after', 'www-authenticate'],
  };
}

function serveMcp(
  mcp: FastifyInstance,
  options: HttpOptions,
  metrics: Metrics,
  sessions: Sessions | undefined,
): void {
  const open = async (narrowed: Narrowed) => {
    const { session, isOutdated } = await options.sessionOf(narrowed, metrics);
    const offering = options.offeringFor(session);
    return { server: createServer(session, offering), session, offering, isOutdated };
  };
  const endpoints = new LRUCache<string, Endpoint>({ max: mostCallers, ttl: keepWithin });
  const connect = (narrowed: Narrowed): Endpoint => {
    const connecting = async (): Promise<StatelessEndpoint> => {
      const { server, session, offering, isOutdated } = await open(narrowed);
      endpoint.isOutdated = isOutdated;
      return connectStateless(server, (call, extra) => callDirectly(call, session, offering, extra));
    };
    const endpoint: Endpoint = { connected: connecting() };
    endpoints.set(narrowed.key, endpoint);
    return endpoint;
  };
  const endpointOf = (narrowed: Narrowed): Promise<StatelessEndpoint> => {
    const known = endpoints.get(narrowed.key);
    return (known && !known.isOutdated?.() ? known : connect(narrowed)).connected;
  };

  const running = new Set<RunningRequest>();
  mcp.post('/mcp', async (request, reply) => {
    const caller = request.caller as Narrowed;
    if (sessions) return handleInSession(request, reply, caller);
    const refusal = checkHeaders(request);
    if (refusal) return refuse(reply, refusal.status, refusal.message);
    const message = readMessage(request.body);
    if (message === undefined) return refuse(reply, 400, 'The body is not a JSON-RPC message.', -32_600);
    if (message === 'other') {
      const cancelled = cancelledRequest(request.body);
      if (cancelled !== undefined) cancelOne(running, caller, cancelled);
      return reply.code(202).send();
    }
    const endpoint = await endpointOf(caller);
    const requestInfo = { headers: request.headers as RequestInfo['headers'] };
    const answering = endpoint.answer(message, { requestInfo });
    const one = { caller, id: message.id, cancel: answering.withdraw };
    running.add(one);
    reply.raw.once('close', answering.cancel);
    const text = await answering.text;
    running.delete(one);
    if (text !== undefined) return sendText(request, reply, text);
    // A cancelled request gets no answer; clients take this for none.
    return reply.raw.closed ? reply.hijack() : reply.code(202).send();
  });

  const handleInSession = async (request: FastifyRequest, reply: FastifyReply, narrowed: Narrowed) => {
    const { find, open: openSession } = sessions as Sessions;
    const id = request.headers['mcp-session-id'];
    if (typeof id === 'string') {
      const session = find(id, narrowed.key);
      if (session) return hand(session, request, reply);
      return refuse(reply, 404, 'There is no such session, or it has ended: open one with initialize.');
    }
    if (!asksForSession(request.body)) return refuse(reply, 400, sessionWanted);
    const makeServer = async () => (await open(narrowed)).server;
    const session = await openSession(narrowed.caller.hash, narrowed.key, makeServer);
    if (session) return hand(session, request, reply);
    metrics.turnedAway.inc({ reason: 'busy' });
    return refuse(reply.header('retry-after', '5'), 503, noRoom);
  };

  mcp.route({
    method: ['GET', 'DELETE'],
    url: '/mcp',
    handler: async (request, reply) => {
      if (sessions) return handleInSession(request, reply, request.caller as Narrowed);
      reply.header('allow', 'POST');
      return refuse(reply, 405, 'This server keeps no sessions; send POST requests.');
    },
  });
}

interface Endpoint {
  readonly connected: Promise<StatelessEndpoint>;
  isOutdated?: (() => boolean) | undefined;
}

const sessionWanted =
  'This server keeps sessions: send initialize first, then its Mcp-Session-Id with every request.';
const noRoom =
  'There is no room for another session: those that might make room are all in use. Try again later.';

/** Whether a message may open a session. What else comes without one is turned away before anything is made for it. */
function asksForSession(body: unknown): boolean {
  return [body].flat().some((message) => isJsonObject(message) && message.method === 'initialize');
}

/** What a POST must say of itself (MCP specification 2025-11-25, transports). */
function checkHeaders({ headers, body }: FastifyRequest): Refusal | undefined {
  const accept = headers.accept ?? '';
  if (!accept.includes('application/json') || !accept.includes('text/event-stream')) {
    return { status: 406, message: 'Accept must list application/json and text/event-stream.' };
  }
  const version = headers['mcp-protocol-version'];
  if (version === undefined || SUPPORTED_PROTOCOL_VERSIONS.includes(String(version))) return undefined;
  if (isInitializeRequest(body)) return undefined;
  const known = SUPPORTED_PROTOCOL_VERSIONS.join(', ');
  return { status: 400, message: `MCP-Protocol-Version names a version unknown here; known are ${known}.` };
}

/** Straight to the socket: the framework's way out looks for much that is not there. */
function sendText(request: FastifyRequest, reply: FastifyReply, text: string): FastifyReply {
  reply.hijack();
  const headers = ['content-type', 'application/json', 'content-length', String(Buffer.byteLength(text))];
  for (const [name, value] of headersOf(request, reply)) headers.push(name, value);
  const { raw } = reply;
  raw.writeHead(200, headers);
  // In one piece: Node would gather an answer and its end, and write them at more cost.
  raw.socket?.cork();
  raw.write(text);
  raw.socket?.uncork();
  raw.end();
  return reply;
}

/** What hooks have set (CORS), and the rate: what the framework would send with an answer of its own. */
function headersOf(request: FastifyRequest, reply: FastifyReply): (readonly [string, string])[] {
  const set = Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)] as const);
  return [...set, ...rateHeaders(request)];
}

/** Leaves the rest of a request to the SDK's transport, whose response is the same. */
async function hand(
  session: HttpSession,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  for (const [name, value] of headersOf(request, reply)) reply.raw.setHeader(name, value);
  reply.hijack();
  session.serve(reply.raw);
  if (!reply.raw.closed) await session.transport.handleRequest(request.raw, reply.raw, request.body);
  const cancelled = cancelledRequest(request.body);
  // It gets no answer, and its response would stay open.
  if (cancelled !== undefined) session.transport.closeSSEStream(cancelled);
  return reply;
}

/** An answer that no call has come to, as a JSON-RPC error without an id. */
function refuse(reply: FastifyReply, status: number, message: string, code = -32_000): FastifyReply {
  return reply.code(status).send({ jsonrpc: '2.0', error: { code, message }, id: null });
}
