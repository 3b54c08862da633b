import { isJsonObject } from '../../lib/json.ts';
import { costOf } from '../../lib/token-estimate.ts';
import { maskResult, type OperationCall, timeLeft } from '../call-state.ts';
import type { Outcome } from '../outcome.ts';
import { saveList } from '../output/save-list.ts';
import { explainEmptyList } from '../recovery/empty-list.ts';
import { generatedPart } from '../secrets/generated.ts';
import type { StoredResponse } from '../secrets/store-response.ts';
import { continuationFor } from './continuation.ts';
import { formatBody } from './format-body.ts';
import { truncate, truncatePart } from './truncate.ts';
import { withUndo } from './undo.ts';

/**
 * Formats the result of a call within the token limit.
 *
 * @param options `whole`: neither formatted nor cut; `cursor`: the part of the result to return
 * @throws CallError `invalid_response` for a read without a body, `not_found` for a part that does not exist
 */
export async function formatResult(
  call: OperationCall,
  { response, body, files }: StoredResponse,
  { whole = false, cursor }: { readonly whole?: boolean; readonly cursor?: string },
): Promise<Outcome> {
  const { operation, args, context } = call;
  if (args.save_as !== undefined && !whole) return saveList(call, { response, body, files });
  // The hint may use the remaining time of the call. If it fails, the result is returned without it.
  const hint =
    whole || response.remainder || !operation.listing
      ? {}
      : await explainEmptyList(operation, args, response.body, context, timeLeft(call));
  const generated = generatedPart(call);
  const maxTokens = whole ? Number.POSITIVE_INFINITY : context.maxResultTokens - costOf(generated);
  const formatted = formatBody(operation, whole ? 'whole' : args, { ...response, body }, maxTokens);
  const result = withUndo(formatted, operation, args, response, context.log);
  const masked = maskResult(call, isJsonObject(result) ? { ...result, ...hint, ...files } : result);
  const continuation = continuationFor(operation, args, context);
  const value =
    cursor === undefined
      ? truncate(masked, maxTokens, continuation)
      : truncatePart(masked, cursor, maxTokens, continuation);
  return { value: isJsonObject(value) ? { ...value, ...generated } : value, meta: response, isMasked: true };
}
