import { ErrorCode, type JSONRPCRequest, type RequestInfo } from '@modelcontextprotocol/sdk/types.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isOrdinaryId } from '../json-rpc/messages.ts';
import { readAccept } from './accept.ts';
import type { FilteredCaller } from './client-filters.ts';
import { keepUsed } from './initialize-params.ts';
import {
  answerPost,
  begins,
  handOver,
  nobody,
  onlyId,
  type Post,
  type Recipient,
  rejectBatch,
} from './post.ts';
import type { CountAgain } from './rate-limit.ts';
import { reject } from './replies.ts';
import type { HttpSession, Sessions } from './sessions.ts';

const noSession =
  'This server keeps sessions: send initialize first, then its Mcp-Session-Id with every request.';
const unknownSession = 'There is no such session, or it has ended: open one with initialize.';
const noRoom =
  'There is no room for another session: those that might make room are all in use. Try again later.';
const unusualId = 'The id of initialize must be a string or an integer within ±9007199254740991.';

export interface SessionPosts {
  /** Opens a session; undefined where there is no room. @param json answer by JSON, for a client that takes no stream */
  begin(json: boolean): Promise<HttpSession | undefined>;
  readonly countAgain: CountAgain;
}

/** Answers a POST in its session, or begins one: by a stream for a client that names streams, by JSON for any other. */
export async function postInSession(
  request: FastifyRequest,
  reply: FastifyReply,
  post: Post,
  sessions: Sessions,
  { begin, countAgain }: SessionPosts,
): Promise<FastifyReply> {
  const { reading, accepted } = post;
  const [first] = reading.messages;
  const id = onlyId(reading);
  const bad = { code: ErrorCode.InvalidRequest, id };
  if (first?.kind === 'refused' && !reading.isArray)
    return answerPost(request, reply, post, nobody, countAgain);
  if (request.headers['mcp-session-id'] === undefined) {
    if (!begins(reading)) return reject(reply, 400, noSession, bad);
    const { message } = first as { message: JSONRPCRequest };
    if (!isOrdinaryId(message.id)) return reject(reply, 400, unusualId, bad);
    const begun = await begin(!accepted.namesStream);
    if (!begun) return reject(reply.header('retry-after', '5'), 503, noRoom, { id });
    return stream(begun, keepUsed(message), request, reply);
  }
  const session = find(request, sessions);
  if (!session) return reject(reply, 404, unknownSession, { id });
  if (begins(reading)) return reject(reply, 400, 'This session has begun; initialize opens one.', bad);
  const { requests, json, revision } = session;
  const refused = rejectBatch(post, request, reply, revision);
  if (refused) return refused;
  const streams = !json && accepted.namesStream && first?.kind === 'request' && !reading.isBatch;
  if (streams && isOrdinaryId(first.message.id)) return stream(session, first.message, request, reply);
  session.serve(reply.raw);
  const requestInfo = { headers: request.headers as RequestInfo['headers'] };
  const recipient: Recipient = {
    answer: (message) => requests.answer(message, { requestInfo }, request.place),
    notify: (message) => requests.notify(message, { requestInfo }),
  };
  return answerPost(request, reply, post, recipient, countAgain);
}

/** Answers a request by way of the SDK's transport. */
async function stream(
  session: HttpSession,
  message: JSONRPCRequest,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const numbered = session.requests.numbered(message, request.place);
  try {
    return await handOver(session, request, reply, numbered);
  } finally {
    session.requests.forgetUnread(numbered);
  }
}

/** GET opens the stream of a session, DELETE ends it. */
export async function streamOrEnd(
  request: FastifyRequest,
  reply: FastifyReply,
  sessions: Sessions,
): Promise<FastifyReply> {
  if (request.headers['mcp-session-id'] === undefined) return reject(reply, 400, noSession);
  const session = find(request, sessions);
  if (!session) return reject(reply, 404, unknownSession);
  if (request.method === 'GET' && !readAccept(request.headers.accept).stream)
    return reject(reply, 406, 'GET opens a text/event-stream, which Accept does not take.');
  return handOver(session, request, reply);
}

function find({ headers, caller }: FastifyRequest, sessions: Sessions): HttpSession | undefined {
  const id = headers['mcp-session-id'];
  return typeof id === 'string' ? sessions.find(id, (caller as FilteredCaller).key) : undefined;
}
