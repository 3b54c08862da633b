import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { findId } from '../json-rpc/find-id.ts';
import { type Parse, type ParsedMessages, readText, unreadable } from '../json-rpc/messages.ts';
import type { Rejection } from './host-guard.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The messages in the body of a POST. */
    reading: ParsedMessages | undefined;
  }
}

/**
 * Parses the bodies of POST requests into messages. A key such as `__proto__` is data: no code here merges parsed
 * objects.
 */
export function readBodies(mcp: FastifyInstance, parse: Parse = JSON.parse): void {
  mcp.decorateRequest('reading', undefined);
  mcp.removeAllContentTypeParsers();
  const read = (request: FastifyRequest, body: Buffer, done: (error: null, value: undefined) => void) => {
    // A DELETE has no body, but some clients send one or its headers.
    if (request.method === 'POST' && body.length > 0) request.reading = readBody(body, parse);
    done(null, undefined);
  };
  // JSON by name, since Fastify checks `*` only after all names.
  for (const type of ['application/json', '*']) mcp.addContentTypeParser(type, { parseAs: 'buffer' }, read);
}

function readBody(body: Buffer, parse: Parse): ParsedMessages {
  const text = body.toString('utf8');
  if (isUtf8(body)) return readText(text, parse);
  return { messages: [unreadable(findId(text), 'The message is not valid UTF-8.')], isBatch: false };
}

/** Checks the headers that describe the body of a POST. */
export function checkBody(headers: IncomingHttpHeaders): Rejection | undefined {
  const { 'content-type': type, 'content-encoding': encoding } = headers;
  if (encoding !== undefined && !['', 'identity'].includes(encoding.trim().toLowerCase())) {
    return {
      status: 415,
      message: 'Compressed bodies are not supported: send the body without Content-Encoding.',
    };
  }
  // A missing type is taken as JSON; the Origin check keeps other sites out.
  if (type === 'application/json' || type === undefined || type.trim() === '') return undefined;
  const [name = '', ...parameters] = type.split(';').map((part) => part.trim().toLowerCase());
  if (name !== 'application/json')
    return { status: 415, message: 'Send the message as JSON, with Content-Type: application/json.' };
  const charset = parameters.find((one) => one.startsWith('charset'))?.replace(/^charset\s*=\s*|"/g, '');
  if (charset === undefined || /^(?:utf-?8|us-ascii)?$/.test(charset)) return undefined;
  return { status: 415, message: 'Send the message in UTF-8, the only charset of JSON (RFC 8259).' };
}
