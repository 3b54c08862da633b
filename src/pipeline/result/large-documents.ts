import type { Arguments } from '../../lib/json.ts';
import { isJsonObject } from '../../lib/json.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { documentBudget } from './document-limit.ts';
import { showDocument } from './openapi/answer.ts';
import { formatConnectors, formatProviders } from './providers/list.ts';
import { showProvider } from './providers/provider.ts';

/**
 * Formats responses that are too large to return whole: OpenAPI documents and the provider catalogue. Undefined for any
 * other response.
 *
 * @param tokens the limit for the result
 *
 * @throws CallError `not_found` for an unknown part; `invalid_arguments`
 */
export function formatDocument(
  { id, group }: Operation,
  args: Arguments,
  body: unknown,
  tokens: number,
): unknown {
  if (!isJsonObject(body)) return undefined;
  if (group === 'meta') return showDocument(body, args, id, documentBudget(tokens));
  if (group !== 'capabilities') return undefined;
  const { result } = body;
  if (isJsonObject(result)) return showProvider(result, args, documentBudget(tokens));
  if (!Array.isArray(result)) return undefined;
  return id === 'capabilities_list_connectors'
    ? formatConnectors(result, args)
    : formatProviders(result, args);
}
