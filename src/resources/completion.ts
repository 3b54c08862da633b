import type { StopSignal } from '../lib/cancellation.ts';
import { isJsonObject } from '../lib/json.ts';
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
  if (argument === 'account_id') return completeName('accounts_list', {}, value, context, cancelled);
  if (argument !== 'integration_id') return noValues;
  const account = chosen.account_id;
  return account
    ? completeName('integrations_list_account', { account_id: account }, value, context, cancelled)
    : completeName('integrations_list', {}, value, context, cancelled);
}

const noObjects = { objects: [], hasMore: false };
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
  return { values: matches.slice(0, maxValues), hasMore: matches.length > maxValues };
}

/** A completion holds at most this many values (MCP specification 2025-11-25, completion). */
const maxValues = 100;

/**
 * Names of a list operation's objects that begin with the typed text, or ids where it begins an id.
 * When the list cannot be read there are no values: completion is optional.
 */
async function completeName(
  operation: string,
  args: Readonly<Record<string, unknown>>,
  typed: string,
  context: RequestContext,
  cancelled: StopSignal,
): Promise<Completion> {
  const list = async (query: Readonly<Record<string, unknown>>) => {
    const { value } = await runOperationById(
      operation,
      { ...args, ...query, limit: maxValues },
      context,
      cancelled,
      { acceptsPinned: true, whole: true },
    );
    if (!isJsonObject(value) || !Array.isArray(value.result)) return undefined;
    return { objects: value.result.filter(isJsonObject), hasMore: value.more !== undefined };
  };
  // The API does not document which fields it filters by, so a refused filter falls back to the first page.
  const matching = typed === '' ? undefined : await list({ filter: [`name[like]${typed}%`] });
  const { objects, hasMore } = (matching?.objects.length ? matching : await list({})) ?? noObjects;
  const begins = (text: unknown): text is string =>
    typeof text === 'string' && text.toLowerCase().startsWith(typed.toLowerCase());
  // Integrations of several accounts may share a name.
  const values = new Set(
    objects.flatMap(({ name, id }) => [name, typed === '' ? undefined : id].filter(begins).slice(0, 1)),
  );
  return { values: [...values].slice(0, maxValues), hasMore };
}
