import type { StopSignal } from '../lib/cancellation.ts';
import { isJsonObject } from '../lib/json.ts';
import { completeName, maxCompletions } from '../pipeline/complete-name.ts';
import { entriesOf, schemasOf } from '../pipeline/result/openapi/document.ts';
import { runOperationById } from '../pipeline/run-operation.ts';
import type { RequestContext } from '../request-context.ts';
import {
  type Completion,
  type CompletionRequest,
  type DocumentPart,
  documentPartOf,
  integrationTimeseries,
} from './definitions.ts';

/** Names that complete an argument of a template; none for an unknown template or argument. */
export async function completeTemplate(
  request: CompletionRequest,
  context: RequestContext,
  cancelled: StopSignal,
): Promise<Completion> {
  const { argument, value, chosen } = request;
  const documentPart = documentPartOf(request.uriTemplate);
  if (documentPart)
    return argument === documentPart.part?.argument
      ? completePart(documentPart, value, context, cancelled)
      : noValues;
  if (request.uriTemplate !== integrationTimeseries.uriTemplate) return noValues;
  if (argument === 'account_id')
    return completeName({ operation: 'accounts_list' }, value, context, cancelled);
  if (argument !== 'integration_id') return noValues;
  const account = chosen.account_id;
  const source = account
    ? { operation: 'integrations_list_account', args: { account_id: account } }
    : { operation: 'integrations_list' };
  return completeName(source, value, context, cancelled);
}

const noValues: Completion = { values: [], hasMore: false };

/** Names of operations or schemas of an OpenAPI document that begin with the typed text, ignoring case. */
async function completePart(
  { operation, part }: DocumentPart,
  typed: string,
  context: RequestContext,
  cancelled: StopSignal,
): Promise<Completion> {
  const { value: document, error } = await runOperationById(operation, {}, context, cancelled, {
    acceptsPinned: true,
    whole: true,
  });
  if (error || !isJsonObject(document)) return noValues;
  const names =
    part?.argument === 'operation'
      ? entriesOf(document).map(({ id }) => id)
      : Object.keys(schemasOf(document));
  const matches = names.filter((name) => name.toLowerCase().startsWith(typed.toLowerCase()));
  return { values: matches.slice(0, maxCompletions), hasMore: matches.length > maxCompletions };
}
