import type { IncomingMessage } from 'node:http';
import {
  DEFAULT_NEGOTIATED_PROTOCOL_VERSION,
  ErrorCode,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type RequestId,
  SUPPORTED_PROTOCOL_VERSIONS,
} from '@modelcontextprotocol/sdk/types.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  errorAnswer,
  type Incoming,
  idOf,
  type Reading,
  unreadable,
  writeMessage,
} from '../json-rpc/messages.ts';
import { whyNoBatch } from '../json-rpc/revisions.ts';
import { type Accepted, readAccept } from './accept.ts';
import type { CountAgain } from './rate-limit.ts';
import { headersOf, reject, sendText } from './replies.ts';
import type { HttpSession } from './sessions.ts';

/** Whoever the messages of a POST are for: the endpoint of one caller, or a session. */
export interface Recipient {
  /** Text of a JSON-RPC response; undefined when the request was cancelled before. */
  answer(request: JSONRPCRequest): Promise<string | undefined>;
  /** Takes what asks for no answer. */
  notify(message: JSONRPCMessage): void;
}

/** For what asks nothing. */
export const nobody: Recipient = { answer: async () => undefined, notify: () => {} };

/** A POST whose headers are fine. */
export interface Post {
  readonly reading: Reading;
  readonly accepted: Accepted;
}

const empty: Reading = {
  messages: [unreadable({ id: undefined, isAnswer: false }, 'The body is empty; send a JSON-RPC message.')],
  isBatch: false,
};

/** What a POST says, unless its headers keep it from being answered (MCP specification 2025-11-25, transports). */
export function readPost(request: FastifyRequest, reply: FastifyReply): Post | undefined {
  const { headers, reading = empty } = request;
  const accepted = readAccept(headers.accept);
  const id = onlyId(reading);
  if (!accepted.json && !accepted.stream) {
    reject(reply, 406, 'Answers are application/json or text/event-stream; Accept takes neither.', { id });
    return undefined;
  }
  const version = headers['mcp-protocol-version'];
  if (!version || SUPPORTED_PROTOCOL_VERSIONS.includes(String(version)) || begins(reading))
    return { reading, accepted };
  const known = SUPPORTED_PROTOCOL_VERSIONS.join(', ');
  reject(reply, 400, `MCP-Protocol-Version names a version unknown here; known are ${known}.`, { id });
  return undefined;
}

/**
 * Refuses an array of messages that the client's revision of MCP does not have. It has been counted as the one request
 * that it is, and nothing of it is done.
 *
 * @param agreed the revision of the session; without one, that of the header, or 2025-03-26 for want of it (MCP
 * specification 2025-11-25, transports, protocol version header)
 */
export function rejectBatch(
  { reading }: Post,
  request: FastifyRequest,
  reply: FastifyReply,
  agreed?: string,
): FastifyReply | undefined {
  if (!reading.isArray) return undefined;
  const revision =
    agreed ?? String(request.headers['mcp-protocol-version'] || DEFAULT_NEGOTIATED_PROTOCOL_VERSION);
  const why = whyNoBatch(revision);
  return why === undefined ? undefined : reject(reply, 400, why, { code: ErrorCode.InvalidRequest });
}

/** Whether a POST asks for a new connection, whose version is agreed on in its answer. */
export function begins({ messages: [first], isBatch }: Reading): boolean {
  return !isBatch && first?.kind === 'request' && first.message.method === 'initialize';
}

/** The id of what a POST asks, if it asks one thing. */
export function onlyId({ messages: [first], isBatch }: Reading): RequestId | undefined {
  return isBatch || first === undefined ? undefined : idOf(first);
}

/**
 * Answers what a POST says, by JSON or one event. The messages of a batch are counted one by one, and answered one after
 * the other, so that it takes no more than its sender may send otherwise.
 */
export async function answerPost(
  request: FastifyRequest,
  reply: FastifyReply,
  { reading, accepted }: Post,
  recipient: Recipient,
  countAgain: CountAgain,
): Promise<FastifyReply> {
  const { messages, isBatch } = reading;
  const texts: string[] = [];
  for (const [index, incoming] of messages.entries()) {
    // A client that went away asks for nothing more.
    if (reply.raw.closed) break;
    const exceeded = index > 0 && incoming.kind === 'request' ? countAgain(request) : undefined;
    const text = exceeded ? tooMany(incoming, exceeded) : await answerOne(incoming, recipient);
    if (text !== undefined) texts.push(text);
  }
  if (reply.raw.closed) return reply.hijack();
  const [text] = texts;
  if (text === undefined) return reply.code(202).send();
  const asEvent = !accepted.json;
  if (isBatch) return sendText(request, reply, `[${texts.join(',')}]`, { asEvent });
  return sendText(request, reply, text, { asEvent, status: statusOf(messages[0]) });
}

function answerOne(
  incoming: Incoming,
  recipient: Recipient,
): string | undefined | Promise<string | undefined> {
  if (incoming.kind === 'request') return recipient.answer(incoming.message);
  if (incoming.kind === 'refused') return writeMessage(incoming.answer);
  if (incoming.kind !== 'ignored') recipient.notify(incoming.message);
  return undefined;
}

function tooMany(incoming: Incoming, message: string): string {
  return writeMessage(errorAnswer(idOf(incoming), -32_000, message));
}

/** What is no message at all is a bad request; a message that asks for the wrong thing is answered. */
function statusOf(incoming: Incoming | undefined): number {
  if (incoming?.kind !== 'refused') return 200;
  return incoming.answer.error.code === ErrorCode.InvalidParams ? 200 : 400;
}

/** Leaves the rest of a request to the SDK's transport, which wants to hear the headers that its own client sends. */
export async function handOver(
  session: HttpSession,
  request: FastifyRequest,
  reply: FastifyReply,
  message?: JSONRPCMessage,
): Promise<FastifyReply> {
  for (const [name, value] of headersOf(request, reply)) reply.raw.setHeader(name, value);
  reply.hijack();
  setHeader(request.raw, 'accept', 'application/json, text/event-stream');
  if (message) setHeader(request.raw, 'content-type', 'application/json');
  session.serve(reply.raw);
  if (!reply.raw.closed) await session.transport.handleRequest(request.raw, reply.raw, message);
  return reply;
}

/** The SDK's transport reads the headers as they came. */
function setHeader({ rawHeaders, headers }: IncomingMessage, name: string, value: string): void {
  for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
    if (rawHeaders[index]?.toLowerCase() === name) rawHeaders.splice(index, 2);
  }
  rawHeaders.push(name, value);
  headers[name] = value;
}
