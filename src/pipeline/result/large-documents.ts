import type { Arguments } from '../../lib/json.ts';
import { isJsonObject } from '../../lib/json.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { documentBudget } from './document-limit.ts';
import { answerAbout } from './openapi/answer.ts';
import { formatConnectors, formatProviders } from './providers/list.ts';
import { showProvider } from './providers/provider.ts';

/**
 * What is shown of an answer that is too large to be given whole: OpenAPI documents and the provider catalogue.
 * Undefined when the answer is none of these.
 *
 * @param tokens what it may cost
 *
 * @throws CallError `not_found` for a part that is not there; `invalid_arguments`
 */
export function formatDocument(
  { id, group }: Operation,
  args: Arguments,
  body: unknown,
  tokens: number,
): unknown {
  if (!isJsonObject(body)) return undefined;
  if (group === 'meta') return answerAbout(body, args, id, documentBudget(tokens));
  if (group !== 'capabilities') return undefined;
  const { result } = body;
  if (isJsonObject(result)) return showProvider(result, args, documentBudget(tokens));
  if (!Array.isArray(result)) return undefined;
  return id === 'capabilities_list_connectors'
    ? formatConnectors(result, args)
    : formatProviders(result, args);
}
