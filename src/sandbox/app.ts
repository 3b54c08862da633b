/* The HTTP server of the sandbox: routes from the fact sheet, one code path for every call. */
import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from 'fastify';
import { applyFault } from './apply-fault.ts';
import { addCreated, findAuditedResources, recordCall } from './audit.ts';
import { type OperationFact, operationFacts } from './facts.ts';
import type { Faults } from './faults.ts';
import { handlers } from './handlers.ts';
import type { SandboxState } from './model.ts';
import { methodNotAllowed, notFound, ProblemError, toBody } from './problem.ts';
import type { Random } from './random.ts';
import { authorize, checkRequest, type Identity, identify } from './request-checks.ts';

/** A call and its response, passed to `onExchange`. Calls that a fault leaves without a response are not passed. */
export interface Exchange {
  /** Undefined for a path of no operation. */
  readonly operationId: string | undefined;
  readonly method: string;
  /** Path and query as called. */
  readonly path: string;
  readonly status: number;
  /** Parsed if it is JSON, otherwise the text; undefined if there is none. */
  readonly requestBody: unknown;
  readonly responseBody: unknown;
  /** Response headers. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface AppParts {
  readonly state: SandboxState;
  readonly faults: Faults;
  /** Source of request ids, separate from the state's own ids. */
  readonly random: Random;
  readonly onExchange?: ((exchange: Exchange) => void) | undefined;
  /** Aborts when the sandbox closes. */
  readonly stopped: AbortSignal;
}

interface Outcome {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

const bodyLimit = 5 * 1024 * 1024;

/** The Fastify app of a sandbox, not yet listening. */
export function createApp(parts: AppParts): FastifyInstance {
  const app = fastify({
    bodyLimit,
    // Keys such as `__proto__` are data: stored objects may have them, and no code here merges parsed objects.
    onProtoPoisoning: 'ignore',
    onConstructorPoisoning: 'ignore',
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    genReqId: () => parts.random.uuid(),
    routerOptions: { maxParamLength: 4096 },
    frameworkErrors: (error, request, reply) => {
      void answerError(parts, error, request as FastifyRequest, reply as Reply);
    },
  });
  // Bodies stay text until the request checks, since the token is checked before the body.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));

  for (const fact of operationFacts()) {
    app.route({
      method: fact.method,
      url: fact.path.replace(/\{(\w+)\}/g, ':$1'),
      handler: (request, reply) => serve(parts, fact, request, reply),
    });
  }
  app.setNotFoundHandler((request, reply) => serve(parts, undefined, request, reply));
  app.setErrorHandler((error, request, reply) => answerError(parts, error as FastifyError, request, reply));
  return app;
}

async function serve(
  parts: AppParts,
  fact: OperationFact | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  let state = parts.state;
  let memberId: string | undefined;
  let concerns = {};
  let outcome: Outcome;
  try {
    const call = {
      operationId: fact?.operationId,
      method: request.method,
      route: fact?.path ?? pathOf(request),
    };
    const fault = parts.faults.matchFault(call);
    if (fault && (await applyFault(fault, request, reply, parts.stopped)) === 'taken') return reply;
    if (!fact) throw refuseRoute(request);
    const identity = identify(parts.state, request.headers.authorization);
    state = identity.state;
    memberId = identity.caller.memberId;
    concerns = findAuditedResources(request.params as Record<string, string>, state);
    outcome = await run(fact, identity, request);
  } catch (error) {
    outcome = toOutcome(error, state, request);
  }
  const responseText = outcome.body === undefined ? '' : JSON.stringify(outcome.body);
  if (fact) {
    recordCall(state, {
      method: request.method,
      path: pathOf(request),
      status: outcome.status,
      requestBody: readText(request.body),
      responseText,
      remoteAddress: request.ip,
      userAgent: request.headers['user-agent'] ?? '',
      memberId,
      concerns: addCreated(concerns, outcome.body),
    });
  }
  return send(parts, fact, outcome, responseText, request, reply);
}

async function run(fact: OperationFact, identity: Identity, request: FastifyRequest): Promise<Outcome> {
  authorize(fact.operationId, identity.caller);
  const { url, headers, params, body } = request;
  const checked = checkRequest(
    {
      fact,
      params: params as Record<string, string>,
      query: new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?') + 1) : ''),
      contentType: headers['content-type'],
      body: typeof body === 'string' ? body : '',
    },
    identity,
  );
  const handler = handlers[fact.operationId];
  if (!handler) throw new Error(`No handler for ${fact.operationId}.`);
  return handler(checked);
}

function refuseRoute(request: FastifyRequest): ProblemError {
  const path = pathOf(request);
  const allowed = operationFacts().filter((fact) => matchesTemplate(fact.path, path));
  if (allowed.length === 0) return notFound('path', path);
  return methodNotAllowed(request.method, [...new Set(allowed.map((fact) => fact.method))]);
}

function matchesTemplate(template: string, path: string): boolean {
  const [wanted, given] = [template.split('/'), path.split('/')];
  return (
    wanted.length === given.length &&
    wanted.every((part, at) => (part.startsWith('{') ? given[at] !== '' : part === given[at]))
  );
}

function toOutcome(error: unknown, state: SandboxState, request: FastifyRequest): Outcome {
  const known = error instanceof ProblemError ? error : toProblem(error as FastifyError);
  const { status, details } = known;
  return { status, headers: details.headers, body: toBody(known, state, `urn:uuid:${request.id}`) };
}

// Errors of Fastify itself (a body over the limit, an undecodable path) keep their status.
function toProblem(error: FastifyError): ProblemError {
  const status = error.statusCode ?? 500;
  const isOwn = status >= 400 && status < 500;
  return new ProblemError(isOwn ? status : 500, isOwn ? error.message : 'The sandbox failed.', {
    ...(!isOwn && { detail: error.message }),
  });
}

function answerError(parts: AppParts, error: FastifyError, request: FastifyRequest, reply: Reply): unknown {
  const outcome = toOutcome(error, parts.state, request);
  return send(parts, undefined, outcome, JSON.stringify(outcome.body), request, reply);
}

/** What sending needs of a reply: those of Fastify differ in their types by where they come from. */
interface Reply {
  code(status: number): {
    headers(values: Readonly<Record<string, string>>): { send(text: string | undefined): unknown };
  };
}

function send(
  parts: AppParts,
  fact: OperationFact | undefined,
  { status, body, headers = {} }: Outcome,
  text: string,
  request: FastifyRequest,
  reply: Reply,
): unknown {
  const sent = {
    ...(body !== undefined && { 'content-type': 'application/json; charset=utf-8' }),
    'x-request-id': String(request.id),
    ...headers,
  };
  parts.onExchange?.({
    operationId: fact?.operationId,
    method: request.method,
    path: request.url,
    status,
    requestBody: readText(request.body),
    responseBody: body,
    headers: sent,
  });
  return reply
    .code(status)
    .headers(sent)
    .send(body === undefined ? undefined : text);
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}

function readText(body: unknown): unknown {
  if (typeof body !== 'string' || body === '') return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
