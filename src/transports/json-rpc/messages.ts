import {
  ErrorCode,
  type JSONRPCMessage,
  type JSONRPCNotification,
  type JSONRPCRequest,
  type JSONRPCResponse,
  type RequestId,
} from '@modelcontextprotocol/sdk/types.js';
import { ExactNumber, stringifyJson } from '../../lib/exact-json.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { hasEnvelope } from '../../protocol/envelope.ts';
import { isDataOfRpcError } from '../../protocol/rpc-error.ts';
import type { RpcNotification, RpcResponse } from '../../protocol/stateless-server.ts';
import { type FoundId, findId } from './find-id.ts';
import { InvalidParams, readNotificationParams, readParams } from './message-params.ts';

/** Parses the text of a message. @throws on invalid JSON */
export type Parse = (text: string) => unknown;

/** The error response to an invalid message; the id is null if the message has no usable one. */
export interface ErrorAnswer {
  readonly jsonrpc: '2.0';
  readonly id: RequestId | null;
  readonly error: { readonly code: number; readonly message: string; readonly data?: unknown };
}

type Refused = Extract<Incoming, { readonly kind: 'refused' }>;

/** A received message: normalized for the SDK, or rejected with an error response. */
export type Incoming =
  | { readonly kind: 'request'; readonly message: JSONRPCRequest }
  | { readonly kind: 'notification'; readonly message: JSONRPCNotification }
  | { readonly kind: 'response'; readonly message: JSONRPCResponse }
  /** `isV2`: whether it has the envelope of the second generation. */
  | { readonly kind: 'refused'; readonly answer: ErrorAnswer; readonly isV2?: boolean }
  /** Cannot be handled, and no response is due. */
  | { readonly kind: 'ignored' };

/** One message, or a batch of messages (see `batchNotSupported` for who may send one). */
export interface ParsedMessages {
  readonly messages: readonly Incoming[];
  /** Whether the text is an array. */
  readonly isArray?: boolean;
  /** Whether the responses are sent as an array: not if the array is rejected as a whole. */
  readonly isBatch: boolean;
}

/** Maximum messages of one batch. Up to `maxInspected`, each message of a longer batch gets its own error. */
const maxInBatch = 100;
const maxInspected = 1_000;

/** Parses the text of a message or a batch. Never throws. */
export function readText(text: string, parse: Parse = JSON.parse): ParsedMessages {
  const plain = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  let value: unknown;
  try {
    value = parse(plain);
  } catch {
    return single(unreadable(findId(plain), 'The message is not valid JSON.'));
  }
  if (!Array.isArray(value)) return single(readMessage(value, plain));
  const refused =
    value.length === 0 ? 'The batch is empty.' : value.length > maxInspected ? batchTooLong : undefined;
  if (refused !== undefined) return { ...single(refuse(ErrorCode.InvalidRequest, refused)), isArray: true };
  const messages = value.map((one) => readBatchItem(one, value.length));
  return { messages, isArray: true, isBatch: true };
}

const batchTooLong = `A batch holds at most ${maxInBatch} messages.`;

const single = (message: Incoming): ParsedMessages => ({ messages: [message], isBatch: false });

function readBatchItem(value: unknown, length: number): Incoming {
  const read = readMessage(value);
  if (read.kind !== 'request') return read;
  const { id, method } = read.message;
  if (length > maxInBatch) return refuse(ErrorCode.InvalidRequest, batchTooLong, id);
  if (method !== 'initialize') return read;
  return refuse(ErrorCode.InvalidRequest, 'initialize cannot be part of a batch; send it on its own.', id);
}

/** Rejects an invalid message, unless it looks like a response. */
export function unreadable(found: FoundId, message: string, code: number = ErrorCode.ParseError): Incoming {
  if (found.isAnswer) return { kind: 'ignored' };
  return refuse(code, message, found.id === undefined ? undefined : idOfText(found.id));
}

function refuse(code: number, message: string, id: RequestId | undefined = undefined): Refused {
  return { kind: 'refused', answer: errorAnswer(id, code, message) };
}

/** A JSON-RPC error response. */
export function errorAnswer(
  id: RequestId | undefined,
  code: number,
  message: string,
  data?: unknown,
): ErrorAnswer {
  return { jsonrpc: '2.0', id: id ?? null, error: { code, message, ...(data !== undefined && { data }) } };
}

/** The id of a request or of a rejected message; undefined for others. */
export function idOf(incoming: Incoming): RequestId | undefined {
  if (incoming.kind === 'request') return incoming.message.id;
  return incoming.kind === 'refused' ? (incoming.answer.id ?? undefined) : undefined;
}

/**
 * Validates a parsed message. Unknown members are dropped, since JSON-RPC allows them.
 *
 * @param text source of the message, for ids with more digits than a number can hold
 */
export function readMessage(value: unknown, text?: string): Incoming {
  if (!isJsonObject(value)) {
    const form = '{"jsonrpc":"2.0","id":1,"method":"..."}';
    return refuse(ErrorCode.InvalidRequest, `A message must be a JSON object: ${form}.`);
  }
  const { jsonrpc, method, params: given } = value;
  if (method === undefined && ('result' in value || 'error' in value)) return readResponse(value);
  const id = readId(value.id, 'id', text);
  if (jsonrpc !== '2.0') return refuse(ErrorCode.InvalidRequest, 'jsonrpc must be "2.0".', id);
  if (typeof method !== 'string')
    return refuse(ErrorCode.InvalidRequest, 'method must be a string: the name of a method.', id);
  // In JSON-RPC 1.0 a notification had an id: null.
  if (value.id === undefined || (value.id === null && method.startsWith('notifications/')))
    return readNotification(method, given, text);
  if (id === undefined)
    return {
      ...refuse(ErrorCode.InvalidRequest, 'The id of a request must be a string or an integer.'),
      isV2: hasEnvelope(given),
    };
  try {
    const params = readParams(method, given);
    return {
      kind: 'request',
      message: params ? { jsonrpc, id, method, params } : { jsonrpc, id, method },
    };
  } catch (error) {
    if (!(error instanceof InvalidParams)) throw error;
    return {
      ...refuse(ErrorCode.InvalidParams, `${shortened(method)}: ${error.message}`, id),
      isV2: hasEnvelope(given),
    };
  }
}

/** The method name is arbitrary client text. */
const shortened = (method: string) => method.slice(0, 100);

function readNotification(method: string, given: unknown, text: string | undefined): Incoming {
  const params = readNotificationParams(given);
  if (method === 'notifications/progress' && !isProgress(params)) return { kind: 'ignored' };
  if (method !== 'notifications/cancelled') {
    const message = { jsonrpc: '2.0' as const, method, ...(params && { params }) };
    return { kind: 'notification', message };
  }
  const requestId = readId(params?.requestId, 'requestId', text);
  if (requestId === undefined) return { kind: 'ignored' };
  const reason = typeof params?.reason === 'string' ? { reason: params.reason } : {};
  const meta = params && hasEnvelope(params) ? { _meta: params._meta as JsonObject } : {};
  return {
    kind: 'notification',
    message: { jsonrpc: '2.0', method, params: { requestId, ...reason, ...meta } },
  };
}

function isProgress(params: JsonObject | undefined): boolean {
  const { progressToken: token, progress, total = 0, message = '' } = params ?? {};
  return (
    (typeof token === 'string' || Number.isSafeInteger(token)) &&
    typeof progress === 'number' &&
    typeof total === 'number' &&
    typeof message === 'string'
  );
}

/** Reads the client's response to a server request. A malformed one becomes an error, so that nothing waits for it. */
function readResponse({ id: given, result, error }: JsonObject): Incoming {
  const id = readId(given, 'id', undefined);
  if (id === undefined) return { kind: 'ignored' };
  if (isJsonObject(result)) {
    const { _meta, ...rest } = result;
    return {
      kind: 'response',
      message: { jsonrpc: '2.0', id, result: isJsonObject(_meta) ? result : rest },
    };
  }
  if (isNil(error)) return { kind: 'response', message: { jsonrpc: '2.0', id, result: {} } };
  const { code, message } = isJsonObject(error) ? error : { code: undefined, message: error };
  const shown = {
    code: Number.isSafeInteger(code) ? (code as number) : ErrorCode.InternalError,
    message: typeof message === 'string' ? message : 'The client gave no reason.',
  };
  return { kind: 'response', message: { jsonrpc: '2.0', id, error: shown } };
}

const isNil = (value: unknown) => value === undefined || value === null;

/**
 * Marks an id that the SDK rejects, such as a fraction or a large number. The id is carried as a string with this
 * prefix, and sent back with its original digits. The random part keeps client ids from colliding.
 */
const rawIdPrefix = `number ${Math.random()} `;

function readId(given: unknown, key: 'id' | 'requestId', text: string | undefined): RequestId | undefined {
  if (typeof given === 'string' || Number.isSafeInteger(given)) return given as RequestId;
  if (given instanceof ExactNumber)
    return Number.isFinite(Number(given.text)) ? idOfText(given.text) : undefined;
  if (isNil(given) || typeof given === 'boolean' || Array.isArray(given)) return undefined;
  const digits = text === undefined ? undefined : digitsIn(text, key);
  if (digits !== undefined) return idOfText(digits);
  return typeof given === 'number' && Number.isFinite(given) ? `${rawIdPrefix}${given}` : undefined;
}

/** The original digits of an id. */
function digitsIn(text: string, key: 'id' | 'requestId'): string | undefined {
  if (key === 'id') return findId(text).id;
  return /"requestId"\s*:\s*(-?\d[\d.eE+-]*)/.exec(text)?.[1];
}

function idOfText(text: string): RequestId {
  if (text.startsWith('"')) return JSON.parse(text) as string;
  return Number.isSafeInteger(Number(text)) ? Number(text) : `${rawIdPrefix}${text}`;
}

/** The JSON text of an id, exactly as the client sent it. */
export function idText(id: RequestId): string {
  return isOrdinaryId(id) ? JSON.stringify(id) : String(id).slice(rawIdPrefix.length);
}

/** The id as a value inside a message, for `stringifyJson`. */
export function idValue(id: RequestId): RequestId | ExactNumber {
  return isOrdinaryId(id) ? id : new ExactNumber(idText(id));
}

/** Whether an id is a plain number or string, not one carried with `rawIdPrefix`. */
export const isOrdinaryId = (id: RequestId) => typeof id === 'number' || !id.startsWith(rawIdPrefix);

/** A message for the client, of either protocol generation. */
export type WrittenMessage = JSONRPCMessage | ErrorAnswer | RpcNotification | RpcResponse;

/** Serializes a message for the client. */
export function writeMessage(message: WrittenMessage): string {
  const shown = plainMessage(message);
  if (!('id' in shown) || shown.id === null || shown.id === undefined || isOrdinaryId(shown.id))
    return stringifyJson(shown);
  const { jsonrpc, id, ...rest } = shown;
  return `{"jsonrpc":"2.0","id":${idText(id)},${stringifyJson(rest).slice(1)}`;
}

/**
 * Hides unexpected error messages: the SDK sends whatever a handler throws, which may come from a library. Errors
 * meant for clients are McpErrors, or have the data of an RpcError.
 */
export function plainMessage<Message extends WrittenMessage>(message: Message): Message {
  if (!('error' in message)) return message;
  const { code, message: words, data } = message.error;
  const isForClients = words.startsWith('MCP error ') || isDataOfRpcError(data);
  if (code !== ErrorCode.InternalError || isForClients) return message;
  return { ...message, error: { code, message: internalErrorMessage } };
}

/** The message of an unexpected error. */
export const internalErrorMessage = 'Internal error.';
