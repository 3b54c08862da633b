import { CallError } from '../errors.ts';
import { MembersError, NestingError, parseBounded } from '../lib/exact-json.ts';
import { readLazily } from '../lib/lazy-json.ts';
import { type RawResponse, type ResponseMeta, readResponseMeta } from './response-meta.ts';

/** An answer, its body read whole. */
export interface ApiResponse extends ResponseMeta {
  /** Parsed JSON; undefined when the body was empty or (on a failure) not JSON. */
  readonly body: unknown;
  /** Bytes of the body, about. */
  readonly size?: number;
  /** What the body was, where it was not JSON. For an error text: the body itself is never repeated. */
  readonly description?: string | undefined;
}

/**
 * Reads the body of an answer.
 *
 * @throws CallError `invalid_response` when a success is not JSON, or none that can be looked through.
 */
export function readResponse(answer: RawResponse): ApiResponse {
  const { text, bytes, status } = answer;
  const responseHead = readResponseMeta(answer);
  const size = bytes?.length ?? text.length;
  const isEmpty = !bytes && answer.unreadable === undefined && text.trim() === '';
  if (isEmpty) return { ...responseHead, body: undefined, description: 'nothing' };
  const read = readBody(answer);
  if ('body' in read) return { ...responseHead, size, body: read.body };
  const { description } = read;
  if (status < 200 || status >= 300) return { ...responseHead, body: undefined, description };
  throw new CallError('invalid_response', `Synqly answered with ${description}.`, responseHead);
}

type Read = { readonly body: unknown } | { readonly description: string };

/** A large body is read as far as it is looked at. What is wrong with one is described, and nothing of it repeated. */
function readBody({ text, bytes, fault, unreadable, headers }: RawResponse): Read {
  if (unreadable !== undefined) return { description: unreadable };
  try {
    if (fault) throw fault;
    return { body: bytes ? readLazily(bytes) : parseBounded(text) };
  } catch (error) {
    if (error instanceof NestingError) return { description: 'JSON that is nested too deeply' };
    if (error instanceof MembersError) return { description: 'JSON that holds too many values' };
    if (!(error instanceof SyntaxError)) throw error;
    const beginning = bytes?.toString('utf8', 0, 1_000) ?? text;
    return { description: describe(beginning, [headers['content-type']].flat()[0] ?? '') };
  }
}

function describe(text: string, contentType: string): string {
  if (contentType.includes('html') || /^\s*<(!doctype|html)/i.test(text)) return 'an HTML page';
  return /^\s*[[{"]/.test(text) ? 'broken JSON' : 'plain text';
}
