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
import { type Found, findId } from './find-id.ts';
import { readNotificationParams, readParams, WrongParams } from './message-params.ts';

/** Turns the text of a message into its value. @throws when it is no JSON */
export type Parse = (text: string) => unknown;

/** The answer to a message that could not be understood; without an id where it had none that can be told back. */
export interface ErrorAnswer {
  readonly jsonrpc: '2.0';
  readonly id: RequestId | null;
  readonly error: { readonly code: number; readonly message: string };
}

/** A message as it came in: in the form that the SDK takes, or refused in plain words. */
export type Incoming =
  | { readonly kind: 'request'; readonly message: JSONRPCRequest }
  | { readonly kind: 'notification'; readonly message: JSONRPCNotification }
  | { readonly kind: 'response'; readonly message: JSONRPCResponse }
  | { readonly kind: 'refused'; readonly answer: ErrorAnswer }
  /** Nobody waits for an answer to it, and nothing can be done with it. */
  | { readonly kind: 'ignored' };

/** One message, or a batch of them (see `whyNoBatch` for who may send one). */
export interface Reading {
  readonly messages: readonly Incoming[];
  /** Whether it came as an array. */
  readonly isArray?: boolean;
  /** Whether the answers go out as an array too: not where the array is refused as a whole. */
  readonly isBatch: boolean;
}

/** Messages of one batch; of one with very many, no message is looked at and answered by itself. */
const maxInBatch = 100;
const maxInspected = 1_000;

/** Reads the text of a message, or of a batch. Never throws. */
export function readText(text: string, parse: Parse = JSON.parse): Reading {
  const plain = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  let value: unknown;
  try {
    value = parse(plain);
  } catch {
    return oneOf(unreadable(findId(plain), 'The message is not valid JSON.'));
  }
  if (!Array.isArray(value)) return oneOf(readMessage(value, plain));
  const refused =
    value.length === 0 ? 'The batch is empty.' : value.length > maxInspected ? tooLong : undefined;
  if (refused !== undefined) return { ...oneOf(refuse(ErrorCode.InvalidRequest, refused)), isArray: true };
  const messages = value.map((one) => readOfBatch(one, value.length));
  return { messages, isArray: true, isBatch: true };
}

const tooLong = `A batch holds at most ${maxInBatch} messages.`;

const oneOf = (message: Incoming): Reading => ({ messages: [message], isBatch: false });

function readOfBatch(value: unknown, length: number): Incoming {
  const read = readMessage(value);
  if (read.kind !== 'request') return read;
  const { id, method } = read.message;
  if (length > maxInBatch) return refuse(ErrorCode.InvalidRequest, tooLong, id);
  if (method !== 'initialize') return read;
  return refuse(ErrorCode.InvalidRequest, 'initialize cannot be part of a batch; send it on its own.', id);
}

/** What is answered to a text that is no message, where something waits for an answer. */
export function unreadable(found: Found, message: string, code: number = ErrorCode.ParseError): Incoming {
  if (found.isAnswer) return { kind: 'ignored' };
  return refuse(code, message, found.id === undefined ? undefined : idOfText(found.id));
}

function refuse(code: number, message: string, id: RequestId | undefined = undefined): Incoming {
  return { kind: 'refused', answer: errorAnswer(id, code, message) };
}

/** A JSON-RPC error, with the id of what it answers if that has one. */
export function errorAnswer(id: RequestId | undefined, code: number, message: string): ErrorAnswer {
  return { jsonrpc: '2.0', id: id ?? null, error: { code, message } };
}

/** Id of a request, or of what is refused; undefined for what has none. */
export function idOf(incoming: Incoming): RequestId | undefined {
  if (incoming.kind === 'request') return incoming.message.id;
  return incoming.kind === 'refused' ? (incoming.answer.id ?? undefined) : undefined;
}

/**
 * Reads a parsed message. Members that are unknown are left out, since JSON-RPC lets a message have them.
 *
 * @param text where the digits of an id stand that a number cannot hold
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
    return refuse(ErrorCode.InvalidRequest, 'The id of a request must be a string or an integer.');
  try {
    const params = readParams(method, given);
    return {
      kind: 'request',
      message: params ? { jsonrpc, id, method, params } : { jsonrpc, id, method },
    };
  } catch (error) {
    if (!(error instanceof WrongParams)) throw error;
    return refuse(ErrorCode.InvalidParams, `${shown(method)}: ${error.message}`, id);
  }
}

/** Names of methods are the client's own words. */
const shown = (method: string) => method.slice(0, 100);

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
  return { kind: 'notification', message: { jsonrpc: '2.0', method, params: { requestId, ...reason } } };
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

/** The client's answer to a request of this server. One that is not well formed fails what waits for it, rather than let it wait. */
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
  if (isNothing(error)) return { kind: 'response', message: { jsonrpc: '2.0', id, result: {} } };
  const { code, message } = isJsonObject(error) ? error : { code: undefined, message: error };
  const shown = {
    code: Number.isSafeInteger(code) ? (code as number) : ErrorCode.InternalError,
    message: typeof message === 'string' ? message : 'The client gave no reason.',
  };
  return { kind: 'response', message: { jsonrpc: '2.0', id, error: shown } };
}

const isNothing = (value: unknown) => value === undefined || value === null;

/**
 * An id that the SDK does not take, since it is no integer that a number can hold, stands in as a string; the digits are
 * told back as they came. No id of a client begins so.
 */
const placeholder = `number ${Math.random()} `;

function readId(given: unknown, key: 'id' | 'requestId', text: string | undefined): RequestId | undefined {
  if (typeof given === 'string' || Number.isSafeInteger(given)) return given as RequestId;
  if (given instanceof ExactNumber)
    return Number.isFinite(Number(given.text)) ? idOfText(given.text) : undefined;
  if (isNothing(given) || typeof given === 'boolean' || Array.isArray(given)) return undefined;
  const digits = text === undefined ? undefined : digitsIn(text, key);
  if (digits !== undefined) return idOfText(digits);
  return typeof given === 'number' && Number.isFinite(given) ? `${placeholder}${given}` : undefined;
}

/** The digits of an id as they stand in a message. */
function digitsIn(text: string, key: 'id' | 'requestId'): string | undefined {
  if (key === 'id') return findId(text).id;
  return /"requestId"\s*:\s*(-?\d[\d.eE+-]*)/.exec(text)?.[1];
}

function idOfText(text: string): RequestId {
  if (text.startsWith('"')) return JSON.parse(text) as string;
  return Number.isSafeInteger(Number(text)) ? Number(text) : `${placeholder}${text}`;
}

/** JSON text of an id, as the client sent it. */
export function idText(id: RequestId): string {
  return isOrdinaryId(id) ? JSON.stringify(id) : String(id).slice(placeholder.length);
}

/** Whether an id can stand in JSON as a number or a string of its own, without a stand-in. */
export const isOrdinaryId = (id: RequestId) => typeof id === 'number' || !id.startsWith(placeholder);

/** JSON text of a message for the client. */
export function writeMessage(message: JSONRPCMessage | ErrorAnswer): string {
  const shown = plainMessage(message);
  if (!('id' in shown) || shown.id === null || shown.id === undefined || isOrdinaryId(shown.id))
    return stringifyJson(shown);
  const { jsonrpc, id, ...rest } = shown;
  return `{"jsonrpc":"2.0","id":${idText(id)},${stringifyJson(rest).slice(1)}`;
}

/** The SDK tells whatever a handler throws, which may be the words of a library; errors that are meant for clients say so. */
export function plainMessage<Message extends JSONRPCMessage | ErrorAnswer>(message: Message): Message {
  if (!('error' in message)) return message;
  const { code, message: words } = message.error;
  if (code !== ErrorCode.InternalError || words.startsWith('MCP error ')) return message;
  return { ...message, error: { code, message: ownFault } };
}

/** What is told of an error that is not the client's. */
export const ownFault = 'A fault of this server.';
