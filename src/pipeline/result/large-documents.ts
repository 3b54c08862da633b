import { isJsonObject } from '../../lib/json.ts';
import type { Operation } from '../../tools/define-operation.ts';
import type { Arguments } from '../arguments/parse.ts';
import { roomWithin } from './document-limit.ts';
import { answerAbout } from './openapi/answer.ts';
import { tellConnectors, tellProviders } from './providers/list.ts';
import { showProvider } from './providers/provider.ts';

/**
 * What is shown of an answer that is too large to be given whole: OpenAPI documents and the provider catalogue.
 * Undefined when the answer is none of these.
 *
 * @param tokens what it may cost
 *
 * @throws CallError `not_found` for a part that is not there; `invalid_arguments`
 */
export function shapeDocument(
  { id, group }: Operation,
  args: Arguments,
  body: unknown,
  tokens: number,
): unknown {
  if (!isJsonObject(body)) return undefined;
  if (group === 'meta') return answerAbout(body, args, id, roomWithin(tokens));
  if (group !== 'capabilities') return undefined;
  const { result } = body;
  if (isJsonObject(result)) return showProvider(result, args, roomWithin(tokens));
  if (!Array.isArray(result)) return undefined;
  return id === 'capabilities_list_connectors' ? tellConnectors(result, args) : tellProviders(result, args);
}
