import type { Operation } from '../tools/operation.ts';
import type { Arguments } from './arguments.ts';
import { asOpenApi } from './documents/openapi.ts';
import { answerAbout } from './documents/openapi-answer.ts';

/**
 * What is shown of an answer that is too large to be given whole: OpenAPI documents and the provider catalogue.
 * Undefined when the answer is none of these.
 *
 * @throws CallError `not_found` for a part that is not there; `invalid_arguments`
 */
export function shapeDocument(operation: Operation, args: Arguments, body: unknown): unknown {
  if (operation.group === 'meta') {
    const document = asOpenApi(body);
    return document && answerAbout(document, args, operation.id);
  }
  return undefined;
}
