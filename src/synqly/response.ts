import { CallError } from '../errors.ts';
import { MembersError, NestingError, parseBounded } from '../lib/exact-json.ts';
import { readLazily } from '../lib/lazy-json.ts';
import { type RawResponse, type ResponseMeta, readResponseMeta } from './response-meta.ts';

/** A response with its parsed body. */
export interface ApiResponse extends ResponseMeta {
  /** Parsed JSON; undefined if the body was empty or, in an error response, not JSON. */
  readonly body: unknown;
  /** Approximate size of the body in bytes. */
  readonly size?: number;
  /** Description of a body that is not JSON, for an error message: the body itself is never quoted. */
  readonly description?: string | undefined;
}

/**
 * Parses the body of a response.
 *
 * @throws CallError `invalid_response` when the body of a success is not JSON, or is nested too deeply or has too
 * many values
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

type ParsedBody = { readonly body: unknown } | { readonly description: string };

/** Parses a body, lazily if it is large. An invalid body is described, not quoted. */
function readBody({ text, bytes, fault, unreadable, headers }: RawResponse): ParsedBody {
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
