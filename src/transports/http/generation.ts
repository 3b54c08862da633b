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
import { type Incoming, idOf, type ParsedMessages } from '../json-rpc/messages.ts';
import { batchHoldsV2, isV2 } from '../json-rpc/revisions.ts';

/** Which protocol generation a POST belongs to. */
export type PostGeneration =
  /** `ignoresVersion`: the version header names the other generation, and is not checked. */
  | { readonly generation: 'v1'; readonly ignoresVersion: boolean }
  /** Without a request for a notification, which says nothing that this server uses. */
  | { readonly generation: 'v2'; readonly request: RpcRequest | undefined }
  /** Answered with status 400 and this error. */
  | { readonly generation: undefined; readonly error: EnvelopeError; readonly id: RequestId | undefined };

const v1: PostGeneration = { generation: 'v1', ignoresVersion: false };
const v1WithV2Header: PostGeneration = { generation: 'v1', ignoresVersion: true };
const v2Notification: PostGeneration = { generation: 'v2', request: undefined };

/**
 * Reads the generation from the body; then the headers must agree with it (MCP specification 2026-07-28, transports,
 * standard headers). A legacy body below a header of the second generation is answered as such if `Mcp-Method` is
 * missing too: hosted Claude connectors send that.
 */
export function readGeneration(headers: IncomingHttpHeaders, reading: ParsedMessages): PostGeneration {
  const { messages, isArray } = reading;
  const [first] = messages;
  const version = headerText(headers['mcp-protocol-version']);
  const method = headerText(headers['mcp-method']);
  const isV2Header = version !== undefined && v2Revisions.includes(version);
  if (isArray) return isV2Header || messages.some(isV2) ? refuse(batchError, undefined) : v1;
  if (first?.kind !== 'request' && first?.kind !== 'notification')
    return isV2Header ? readInvalid(first, method) : v1;
  const { message } = first;
  const id = 'id' in message ? message.id : undefined;
  // In `initialize`, an envelope that is not valid says nothing.
  const claims =
    hasEnvelope(message.params) &&
    !(message.method === 'initialize' && 'code' in readEnvelope(message.params));
  if (!claims) {
    if (!isV2Header) return v1;
    if (method === undefined) return v1WithV2Header;
    if (first.kind === 'request') {
      const envelope = readEnvelope(message.params);
      return refuse('code' in envelope ? envelope : missingKeys(), id);
    }
    const wrong = method === message.method ? undefined : mismatch('Mcp-Method', method, message.method);
    return wrong ? refuse(wrong, id) : v2Notification;
  }
  const wrong = checkHeaders(headers, message);
  if (wrong) return refuse(wrong, id);
  return first.kind === 'notification' ? v2Notification : { generation: 'v2', request: first.message };
}

/** A message that is no request or notification, below a version header of the second generation. */
function readInvalid(first: Incoming | undefined, method: string | undefined): PostGeneration {
  const lacksEnvelope =
    first?.kind === 'refused' && first.answer.error.code === ErrorCode.InvalidParams && !first.isV2;
  return lacksEnvelope && method !== undefined ? refuse(missingKeys(), idOf(first)) : v1WithV2Header;
}

const refuse = (error: EnvelopeError, id: RequestId | undefined): PostGeneration => ({
  generation: undefined,
  error,
  id,
});

const batchError: EnvelopeError = {
  code: ErrorCode.InvalidRequest,
  message: batchHoldsV2,
};

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
    return headerError(
      'Mcp-Name',
      'Mcp-Name is not valid: write ASCII text as it is, and other text as =?base64?...?= with the Base64 of its UTF-8.',
    );
  return decoded === name ? undefined : mismatch('Mcp-Name', decoded, name);
}

function missing(header: string, value: string): EnvelopeError {
  return headerError(
    header,
    `The header ${header} is missing: it must say ${shown(value)}, as the body does.`,
  );
}

function mismatch(header: string, value: string, inBody: string): EnvelopeError {
  return headerError(
    header,
    `The header ${header} says ${shown(value)}, and the body ${shown(inBody)}: both must say the same.`,
  );
}

const headerError = (header: string, message: string): EnvelopeError => ({
  code: v2ErrorCodes.headerMismatch,
  message,
  header,
});

/** The values are arbitrary client text. */
const shown = (value: string) => JSON.stringify(value.slice(0, 100));

/** Node has removed the whitespace around it, and joined the values of repeated headers with commas. */
function headerText(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}

/** The text of a header value, which is Base64 if it cannot stand in a header (SEP-2243). */
function decodeHeader(value: string): string | undefined {
  const [, encoded] = /^=\?base64\?(.*)\?=$/.exec(value) ?? [];
  if (encoded === undefined) return /^[\t\x20-\x7e]*$/.test(value) ? value : undefined;
  const bytes = Buffer.from(encoded, 'base64');
  // Buffer skips what is no Base64.
  if (bytes.toString('base64') !== encoded) return undefined;
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined;
}
