import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { findId } from '../json-rpc/find-id.ts';
import { type Parse, type Reading, readText, unreadable } from '../json-rpc/messages.ts';
import type { Rejection } from './host-guard.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The messages that its body holds; those of a POST only. */
    reading: Reading | undefined;
  }
}

/**
 * Reads the bodies of POST requests as messages, whatever they hold. A key such as `__proto__` is data: nothing here assigns
 * the keys of one object to another.
 */
export function readBodies(mcp: FastifyInstance, parse: Parse = JSON.parse): void {
  mcp.decorateRequest('reading', undefined);
  mcp.removeAllContentTypeParsers();
  const read = (request: FastifyRequest, body: Buffer, done: (error: null, value: undefined) => void) => {
    // A DELETE has nothing to say in a body, and some clients send one all the same, or say that they do.
    if (request.method === 'POST' && body.length > 0) request.reading = readBody(body, parse);
    done(null, undefined);
  };
  // By name what nearly all requests have: what is under `*` is found only after all names were gone through.
  for (const type of ['application/json', '*']) mcp.addContentTypeParser(type, { parseAs: 'buffer' }, read);
}

function readBody(body: Buffer, parse: Parse): Reading {
  const text = body.toString('utf8');
  if (isUtf8(body)) return readText(text, parse);
  return { messages: [unreadable(findId(text), 'The message is not valid UTF-8.')], isBatch: false };
}

/** What keeps the body of a POST from being read at all, by what its headers say of it. */
export function checkBody(headers: IncomingHttpHeaders): Rejection | undefined {
  const { 'content-type': type, 'content-encoding': encoding } = headers;
  if (encoding !== undefined && !['', 'identity'].includes(encoding.trim().toLowerCase())) {
    return { status: 415, message: 'The body is compressed; send it plain, without Content-Encoding.' };
  }
  // Without a type it can be nothing else; a page of another site is kept out by its Origin.
  if (type === 'application/json' || type === undefined || type.trim() === '') return undefined;
  const [name = '', ...parameters] = type.split(';').map((part) => part.trim().toLowerCase());
  if (name !== 'application/json')
    return { status: 415, message: 'Send the message as JSON, with Content-Type: application/json.' };
  const charset = parameters.find((one) => one.startsWith('charset'))?.replace(/^charset\s*=\s*|"/g, '');
  if (charset === undefined || /^(?:utf-?8|us-ascii)?$/.test(charset)) return undefined;
  return { status: 415, message: 'Send the message in UTF-8: JSON has no other charset (RFC 8259).' };
}
