import type { IncomingHttpHeaders } from 'node:http';
import { ErrorCode, type RequestId } from '@modelcontextprotocol/sdk/types.js';
import { isJsonObject } from '../../lib/json.ts';
import {
  type EnvelopeError,
  hasEnvelope,
  missingKeys,
  readEnvelope,
  v2ErrorCodes,
  v2Revisions,
} from '../../protocol/envelope.ts';
import type { RpcRequest } from '../../protocol/stateless-server.ts';
import type { ParsedMessages } from '../json-rpc/messages.ts';

/** Which protocol generation a POST belongs to. */
export type PostGeneration =
  /** `ignoresVersion`: the version header names the other generation, and is not checked. */
  | { readonly generation: 'v1'; readonly ignoresVersion: boolean }
  | { readonly generation: 'v2'; readonly request: RpcRequest }
  /** Answered with status 400 and this error. */
  | { readonly generation: undefined; readonly error: EnvelopeError; readonly id: RequestId | undefined };

const v1: PostGeneration = { generation: 'v1', ignoresVersion: false };

/**
 * Reads the generation from the body; then the headers must agree with it (MCP specification 2026-07-28, transports,
 * standard headers). A legacy body below a header of the second generation is answered as such if `Mcp-Method` is
 * missing too: hosted Claude connectors send that.
 */
export function readGeneration(headers: IncomingHttpHeaders, reading: ParsedMessages): PostGeneration {
  const { messages, isArray } = reading;
  const [first] = messages;
  if (first?.kind !== 'request' && first?.kind !== 'notification') return v1;
  if (isArray) {
    const isMixed = messages.some((one) => 'message' in one && hasEnvelope(paramsOf(one.message)));
    return isMixed ? refuse(batchError, undefined) : v1;
  }
  const { message } = first;
  const id = 'id' in message ? message.id : undefined;
  const claims = hasEnvelope(message.params);
  if (claims && message.method === 'initialize' && 'code' in readEnvelope(message.params)) return v1;
  const version = headerText(headers['mcp-protocol-version']);
  const method = headerText(headers['mcp-method']);
  if (!claims) {
    if (version === undefined || !v2Revisions.includes(version)) return v1;
    if (method === undefined) return { generation: 'v1', ignoresVersion: true };
    if (first.kind === 'request') return refuse(missingKeys(metaOf(message.params)), id);
    const wrong = method === message.method ? undefined : mismatch('Mcp-Method', method, message.method);
    return wrong ? refuse(wrong, id) : { generation: 'v1', ignoresVersion: true };
  }
  const wrong = checkHeaders(headers, message);
  if (wrong) return refuse(wrong, id);
  // A notification of the second generation says nothing that this server uses.
  if (first.kind === 'notification') return { generation: 'v1', ignoresVersion: true };
  return { generation: 'v2', request: first.message };
}

const refuse = (error: EnvelopeError, id: RequestId | undefined): PostGeneration => ({
  generation: undefined,
  error,
  id,
});

const batchError: EnvelopeError = {
  code: ErrorCode.InvalidRequest,
  message: `Protocol revision ${v2Revisions.join(', ')} has no batches: no message was handled; send each message separately.`,
};

const paramsOf = (message: object) => ('params' in message ? message.params : undefined);

const metaOf = (params: unknown) => (isJsonObject(params) && isJsonObject(params._meta) ? params._meta : {});

/** The parameter that `Mcp-Name` repeats, by method. */
const namedBy: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
};

function checkHeaders(
  headers: IncomingHttpHeaders,
  message: { readonly method: string; readonly params?: unknown; readonly id?: unknown },
): EnvelopeError | undefined {
  const { method, params } = message;
  const version = headerText(headers['mcp-protocol-version']);
  const methodHeader = headerText(headers['mcp-method']);
  const isRequest = message.id !== undefined;
  const envelope = readEnvelope(params);
  if ('code' in envelope && envelope.code !== v2ErrorCodes.unsupportedVersion && isRequest) return envelope;
  const claimed = 'revision' in envelope ? envelope.revision : envelope.data?.requested;
  if (version !== undefined && claimed !== undefined && version !== claimed)
    return mismatch('MCP-Protocol-Version', version, String(claimed));
  if (methodHeader !== undefined && methodHeader !== method)
    return mismatch('Mcp-Method', methodHeader, method);
  if (!isRequest) return undefined;
  if ('code' in envelope) return envelope;
  if (version === undefined) return missing('MCP-Protocol-Version', envelope.revision);
  if (methodHeader === undefined) return missing('Mcp-Method', method);
  const source = Object.hasOwn(namedBy, method) ? namedBy[method] : undefined;
  const name = source === undefined || !isJsonObject(params) ? undefined : params[source];
  if (typeof name !== 'string') return undefined;
  const given = headerText(headers['mcp-name']);
  if (given === undefined) return missing('Mcp-Name', name);
  const decoded = decodeHeader(given);
  if (decoded === undefined)
    return headerError(`Mcp-Name is not valid: =?base64?...?= must hold the Base64 of UTF-8 text.`);
  return decoded === name ? undefined : mismatch('Mcp-Name', decoded, name);
}

function missing(header: string, value: string): EnvelopeError {
  return headerError(`The header ${header} is missing; the body says ${shown(value)}.`);
}

function mismatch(header: string, value: string, inBody: string): EnvelopeError {
  return headerError(`The header ${header} says ${shown(value)}, and the body ${shown(inBody)}.`);
}

const headerError = (message: string): EnvelopeError => ({ code: v2ErrorCodes.headerMismatch, message });

/** The values are arbitrary client text. */
const shown = (value: string) => JSON.stringify(value.slice(0, 100));

function headerText(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header.trim() : undefined;
}

/** The text of a header value, which is Base64 if it cannot stand in a header (SEP-2243). */
function decodeHeader(value: string): string | undefined {
  const [, encoded] = /^=\?base64\?(.*)\?=$/.exec(value) ?? [];
  if (encoded === undefined) return value;
  const bytes = Buffer.from(encoded, 'base64');
  const plain = bytes.toString('base64');
  const unpadded = plain.slice(0, Math.ceil((bytes.length * 4) / 3));
  // Buffer skips what is no Base64.
  if (encoded !== plain && encoded !== unpadded) return undefined;
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined;
}
