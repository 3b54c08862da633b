import cors from '@fastify/cors';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { type AuthRejection, type AuthSource, readBearer } from '../../auth/authenticate.ts';
import type { Metrics } from '../../observability/metrics.ts';
import { checkBody } from './bodies.ts';
import { applyClientFilters, filterHeaders } from './client-filters.ts';
import { checkHost } from './host-guard.ts';
import { busyMessage, type Load } from './load.ts';
import type { HttpOptions } from './options.ts';
import { type CountAgain, checkQueueKey, limitRate } from './rate-limit.ts';
import { reject } from './replies.ts';
import { secretInUrl } from './url-parameters.ts';

const differentTokens =
  'The headers Authorization and X-Api-Key hold different tokens: send one of them, or the same token in both.';

/**
 * The checks before a request's body is read: host guard, rate limit, authentication; and a concurrency slot once
 * it is read. Hooks use callbacks where they can: each promise between hooks costs every call time.
 */
export async function protect(
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
    const bearer = readBearer(request.headers);
    if (bearer === 'conflict') return void rejectWith(reply, 'access', 400, differentTokens);
    request.bearer = bearer;
    pass();
  });
  if (options.origins.length > 0) await mcp.register(cors, corsFor(options.origins));
  const onExceeded = (reply: FastifyReply, message: string) => rejectWith(reply, 'rate', 429, message);
  const limit = limitRate(mcp, options.ratePerMinute, options.authenticator, onExceeded);
  const onChecked = (from: AuthSource) => metrics.authChecks.inc({ from });
  mcp.addHook('preParsing', (request, reply, _, pass) => {
    const secret = secretInUrl(request.raw.url ?? '');
    if (secret !== undefined) return void rejectWith(reply, 'access', 400, secret);
    options.authenticator
      .authenticate(request.bearer, onChecked, checkQueueKey(request))
      .then((authenticated) => {
        const isBad = 'status' in authenticated && authenticated.status === 401;
        if ('status' in authenticated && !isBad) return deny(reply, authenticated);
        const message = isBad ? limit.refused(request, reply) : limit.accepted(request, reply);
        if (message !== undefined) return onExceeded(reply, message);
        if ('status' in authenticated) return deny(reply, authenticated);
        const filtered = applyClientFilters(authenticated, request.raw);
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
export function corsFor(origins: readonly string[]) {
  return {
    origin: [...origins],
    methods: ['GET', 'POST', 'DELETE'],
    allowedHeaders: [
      'authorization',
      'x-api-key',
      'content-type',
      'mcp-protocol-version',
      'mcp-method',
      'mcp-name',
      'traceparent',
      'tracestate',
      'baggage',
      'mcp-session-id',
      'last-event-id',
      ...filterHeaders,
    ],
    exposedHeaders: ['mcp-session-id', 'retry-after', 'www-authenticate'],
  };
}
