import { ErrorCode, type JSONRPCRequest, type RequestInfo } from '@modelcontextprotocol/sdk/types.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isOrdinaryId } from '../json-rpc/messages.ts';
import { readAccept } from './accept.ts';
import type { FilteredCaller } from './client-filters.ts';
import { keepUsedParams } from './initialize-params.ts';
import {
  answerPost,
  delegateToSdk,
  isInitialize,
  noRecipient,
  type Post,
  type Recipient,
  rejectBatch,
  singleRequestId,
} from './post.ts';
import type { CountAgain } from './rate-limit.ts';
import { reject } from './replies.ts';
import type { HttpSession, Sessions } from './sessions.ts';

const missingSessionId =
  'This server keeps sessions: send initialize first, then its Mcp-Session-Id with every request.';
const unknownSession = 'The session is unknown or has ended: open a new one with initialize.';
const sessionLimitReached = 'The maximum number of sessions is in use: try again later.';
const invalidId = 'The id of initialize must be a string or an integer within ±9007199254740991.';

export interface SessionPosts {
  /**
   * Opens a session; undefined when the limit is reached. @param json answer with JSON, for a client that accepts
   * no stream
   */
  openSession(json: boolean): Promise<HttpSession | undefined>;
  readonly countAgain: CountAgain;
}

/**
 * Answers a POST in its session, or opens one: with a stream for a client that lists event streams in Accept, with
 * JSON for any other.
 */
export async function postInSession(
  request: FastifyRequest,
  reply: FastifyReply,
  post: Post,
  sessions: Sessions,
  { openSession, countAgain }: SessionPosts,
): Promise<FastifyReply> {
  const { reading, accepted } = post;
  const [first] = reading.messages;
  const id = singleRequestId(reading);
  const bad = { code: ErrorCode.InvalidRequest, id };
  if (first?.kind === 'refused' && !reading.isArray)
    return answerPost(request, reply, post, noRecipient, countAgain);
  if (request.headers['mcp-session-id'] === undefined) {
    if (!isInitialize(reading)) return reject(reply, 400, missingSessionId, bad);
    const { message } = first as { message: JSONRPCRequest };
    if (!isOrdinaryId(message.id)) return reject(reply, 400, invalidId, bad);
    const opened = await openSession(!accepted.namesStream);
    if (!opened) return reject(reply.header('retry-after', '5'), 503, sessionLimitReached, { id });
    return stream(opened, keepUsedParams(message), request, reply);
  }
  const session = find(request, sessions);
  if (!session) return reject(reply, 404, unknownSession, { id });
  if (isInitialize(reading))
    return reject(reply, 400, 'This session is already initialized: send no second initialize.', bad);
  const { requests, json, revision } = session;
  const refused = rejectBatch(post, request, reply, revision);
  if (refused) return refused;
  const streams = !json && accepted.namesStream && first?.kind === 'request' && !reading.isBatch;
  if (streams && isOrdinaryId(first.message.id)) return stream(session, first.message, request, reply);
  session.useUntilClosed(reply.raw);
  const requestInfo = { headers: request.headers as RequestInfo['headers'] };
  const recipient: Recipient = {
    answer: (message) => requests.answer(message, { requestInfo }, request.slot),
    notify: (message) => requests.notify(message, { requestInfo }),
  };
  return answerPost(request, reply, post, recipient, countAgain);
}

/** Answers a request through the SDK's transport. */
async function stream(
  session: HttpSession,
  message: JSONRPCRequest,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const numbered = session.requests.numbered(message, request.slot);
  try {
    return await delegateToSdk(session, request, reply, numbered);
  } finally {
    session.requests.removeUnread(numbered);
  }
}

/** GET opens the stream of a session, DELETE ends it. */
export async function streamOrEnd(
  request: FastifyRequest,
  reply: FastifyReply,
  sessions: Sessions,
): Promise<FastifyReply> {
  if (request.headers['mcp-session-id'] === undefined) return reject(reply, 400, missingSessionId);
  const session = find(request, sessions);
  if (!session) return reject(reply, 404, unknownSession);
  if (request.method === 'GET' && !readAccept(request.headers.accept).stream)
    return reject(reply, 406, 'GET opens a text/event-stream, which the Accept header does not allow.');
  return delegateToSdk(session, request, reply);
}

function find({ headers, caller }: FastifyRequest, sessions: Sessions): HttpSession | undefined {
  const id = headers['mcp-session-id'];
  return typeof id === 'string' ? sessions.find(id, (caller as FilteredCaller).key) : undefined;
}
