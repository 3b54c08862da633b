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
import { v2Revisions } from '../../protocol/envelope.ts';
import {
  errorAnswer,
  type Incoming,
  idOf,
  type ParsedMessages,
  unreadable,
  writeMessage,
} from '../json-rpc/messages.ts';
import { batchNotSupported } from '../json-rpc/revisions.ts';
import { type Accepted, readAccept } from './accept.ts';
import type { CountAgain } from './rate-limit.ts';
import { reject, replyHeaders, sendText } from './replies.ts';
import type { ResponseStream } from './response-stream.ts';
import type { HttpSession } from './sessions.ts';

/** Handles the messages of a POST: the endpoint of one caller, or a session. */
export interface Recipient {
  /** The text of the JSON-RPC response; undefined when the request was cancelled. */
  answer(request: JSONRPCRequest): Promise<string | undefined>;
  /** Handles a message that has no response. */
  notify(message: JSONRPCMessage): void;
  /** Takes the events of the request; open once it has sent one. */
  readonly stream?: ResponseStream | undefined;
}

/** For a POST without requests. */
export const noRecipient: Recipient = { answer: async () => undefined, notify: () => {} };

/** A POST whose headers are valid. */
export interface Post {
  readonly reading: ParsedMessages;
  readonly accepted: Accepted;
}

export const emptyBody: ParsedMessages = {
  messages: [unreadable({ id: undefined, isAnswer: false }, 'The body is empty; send a JSON-RPC message.')],
  isBatch: false,
};

/**
 * Returns the parsed POST; rejects it when its headers rule out a response (MCP specification 2025-11-25,
 * transports).
 */
export function readPost(
  request: FastifyRequest,
  reply: FastifyReply,
  { ignoresVersion }: { readonly ignoresVersion: boolean },
): Post | undefined {
  const { headers, reading = emptyBody } = request;
  const accepted = readAccept(headers.accept);
  const id = singleRequestId(reading);
  if (!accepted.json && !accepted.stream) {
    reject(
      reply,
      406,
      'Responses are application/json or text/event-stream; the Accept header allows neither.',
      { id },
    );
    return undefined;
  }
  const version = headers['mcp-protocol-version'];
  if (
    !version ||
    ignoresVersion ||
    SUPPORTED_PROTOCOL_VERSIONS.includes(String(version)) ||
    isInitialize(reading)
  )
    return { reading, accepted };
  const known = [...v2Revisions, ...SUPPORTED_PROTOCOL_VERSIONS].join(', ');
  reject(reply, 400, `MCP-Protocol-Version names an unknown version; supported are ${known}.`, { id });
  return undefined;
}

/**
 * Rejects an array of messages that the client's MCP revision does not allow. It counts as one request, and none of
 * its messages is handled.
 *
 * @param agreed the session's revision; without a session, the header's, or 2025-03-26 if that is missing (MCP
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
  const why = batchNotSupported(revision);
  return why === undefined ? undefined : reject(reply, 400, why, { code: ErrorCode.InvalidRequest });
}

/** Whether a POST holds `initialize`, whose response agrees on the protocol version. */
export function isInitialize({ messages: [first], isBatch }: ParsedMessages): boolean {
  return !isBatch && first?.kind === 'request' && first.message.method === 'initialize';
}

/** The request id of a POST that holds a single request. */
export function singleRequestId({ messages: [first], isBatch }: ParsedMessages): RequestId | undefined {
  return isBatch || first === undefined ? undefined : idOf(first);
}

/**
 * Answers a POST with JSON or one event. The messages of a batch are counted one by one for the rate limit, and
 * handled one after the other, so that a batch gains nothing over single requests.
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
    // The client has disconnected.
    if (reply.raw.closed) break;
    const exceeded = index > 0 && incoming.kind === 'request' ? countAgain(request) : undefined;
    const text = exceeded ? rateLimitedResponse(incoming, exceeded) : await answerOne(incoming, recipient);
    if (text !== undefined) texts.push(text);
  }
  if (reply.raw.closed) return reply.hijack();
  const [text] = texts;
  if (recipient.stream?.isOpen) return recipient.stream.end(text);
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

function rateLimitedResponse(incoming: Incoming, message: string): string {
  return writeMessage(errorAnswer(idOf(incoming), -32_000, message));
}

/** Status 400 for a body that is no valid message; invalid params are a JSON-RPC error with status 200. */
function statusOf(incoming: Incoming | undefined): number {
  if (incoming?.kind !== 'refused') return 200;
  return incoming.answer.error.code === ErrorCode.InvalidParams ? 200 : 400;
}

/** Passes a request to the SDK's transport, with the headers that it requires. */
export async function delegateToSdk(
  session: HttpSession,
  request: FastifyRequest,
  reply: FastifyReply,
  message?: JSONRPCMessage,
): Promise<FastifyReply> {
  for (const [name, value] of replyHeaders(request, reply)) reply.raw.setHeader(name, value);
  reply.hijack();
  setHeader(request.raw, 'accept', 'application/json, text/event-stream');
  if (message) setHeader(request.raw, 'content-type', 'application/json');
  session.useUntilClosed(reply.raw);
  if (!reply.raw.closed) await session.transport.handleRequest(request.raw, reply.raw, message);
  return reply;
}

/** The SDK's transport reads `rawHeaders`. */
function setHeader({ rawHeaders, headers }: IncomingMessage, name: string, value: string): void {
  for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
    if (rawHeaders[index]?.toLowerCase() === name) rawHeaders.splice(index, 2);
  }
  rawHeaders.push(name, value);
  headers[name] = value;
}
