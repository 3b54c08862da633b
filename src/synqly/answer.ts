import { CallError } from '../errors.ts';
import { readLazily } from '../lazy-json.ts';
import { type Head, readHead, type TextAnswer } from './head.ts';

/** An answer, its body read whole. */
export interface ApiAnswer extends Head {
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
 * @throws CallError `invalid_response` when a success is not JSON.
 */
export function readAnswer(answer: TextAnswer): ApiAnswer {
  const { text, bytes } = answer;
  const head = readHead(answer);
  if (bytes) return { ...head, size: bytes.length, body: readLarge(bytes, head) };
  if (text.trim() === '') return { ...head, body: undefined, description: 'nothing' };
  try {
    return { ...head, size: text.length, body: JSON.parse(text) };
  } catch (cause) {
    const description = describe(text, [answer.headers['content-type']].flat()[0] ?? '');
    const succeeded = head.status >= 200 && head.status < 300;
    if (!succeeded) return { ...head, body: undefined, description };
    throw new CallError('invalid_response', `Synqly answered with ${description} in place of JSON.`, {
      ...head,
      cause,
    });
  }
}

/** A large body is read as far as it is looked at. */
function readLarge(bytes: Buffer, head: Head): unknown {
  try {
    return readLazily(bytes);
  } catch (cause) {
    throw new CallError('invalid_response', 'Synqly answered with broken JSON.', { ...head, cause });
  }
}

function describe(text: string, contentType: string): string {
  if (contentType.includes('html') || /^\s*<(!doctype|html)/i.test(text)) return 'an HTML page';
  return /^\s*[[{"]/.test(text) ? 'broken JSON' : 'plain text';
}
