import { CallError } from '../errors.ts';
import type { ApiAnswer } from '../synqly/answer.ts';
import type { Operation } from '../tools/operation.ts';

/**
 * What the caller gets of an answer: the API's own body. A write without one is a success that says so.
 *
 * @throws CallError `invalid_response` for a read without a body
 */
export function shapeAnswer(operation: Operation, answer: ApiAnswer): unknown {
  const { status, requestId, body } = answer;
  if (body !== undefined) return body;
  if (operation.effect !== 'read') return { done: true, status, note: 'Synqly sent no body.' };
  throw new CallError('invalid_response', 'Synqly answered a read without a body.', { status, requestId });
}
