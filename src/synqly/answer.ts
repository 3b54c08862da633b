import type { Dispatcher } from 'undici';
import { CallError } from '../errors.ts';
import { parseRetryAfter } from './retry.ts';

/** An answer, its body read whole. */
export interface ApiAnswer {
  readonly status: number;
  /** Parsed JSON; undefined when the body was empty or (on a failure) not JSON. */
  readonly body: unknown;
  /** What the body was, where it was not JSON. For an error text: the body itself is never repeated. */
  readonly description?: string | undefined;
  /** Synqly's id of the request. */
  readonly requestId: string | undefined;
  /** Seconds. */
  readonly retryAfter: number | undefined;
}

type Head = Pick<ApiAnswer, 'status' | 'requestId' | 'retryAfter'>;

/** Header names under which gateways and APIs commonly give a request's id; Synqly documents none. */
const requestIdHeaders = ['x-request-id', 'request-id', 'x-correlation-id'];

/**
 * Reads an answer up to `maxBytes`; a larger one is not buffered, its connection is given up.
 *
 * @throws CallError `response_too_large`, or `invalid_response` when a success is not JSON.
 */
export async function readAnswer(response: Dispatcher.ResponseData, maxBytes: number): Promise<ApiAnswer> {
  const header = (name: string) => [response.headers[name]].flat()[0];
  const head: Head = {
    status: response.statusCode,
    requestId: requestIdHeaders.map(header).find(Boolean),
    retryAfter: parseRetryAfter(response.headers),
  };
  const text = await readText(response.body, Number(header('content-length') ?? 0), maxBytes, head);
  if (text.trim() === '') return { ...head, body: undefined, description: 'nothing' };
  try {
    return { ...head, body: JSON.parse(text) };
  } catch (cause) {
    const description = describe(text, header('content-type') ?? '');
    const succeeded = head.status >= 200 && head.status < 300;
    if (!succeeded) return { ...head, body: undefined, description };
    throw new CallError('invalid_response', `Synqly answered with ${description} in place of JSON.`, {
      ...head,
      cause,
    });
  }
}

async function readText(
  body: Dispatcher.ResponseData['body'],
  announced: number,
  maxBytes: number,
  head: Head,
): Promise<string> {
  if (announced > 0 && announced <= maxBytes) return body.text();
  const chunks: Buffer[] = [];
  let bytes = announced;
  if (bytes <= maxBytes) {
    bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) break;
      chunks.push(chunk);
    }
  }
  if (bytes <= maxBytes) return Buffer.concat(chunks).toString('utf8');
  // Destroying a body that is still arriving reports an abort on it, which nobody waits for.
  body.on('error', () => {}).destroy();
  throw new CallError('response_too_large', `The answer is larger than ${maxBytes} bytes.`, head);
}

function describe(text: string, contentType: string): string {
  if (contentType.includes('html') || /^\s*<(!doctype|html)/i.test(text)) return 'an HTML page';
  return /^\s*[[{"]/.test(text) ? 'broken JSON' : 'plain text';
}
