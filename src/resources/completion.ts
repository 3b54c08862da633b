import { isJsonObject } from '../lib/json.ts';
import { entriesOf, schemasOf } from '../pipeline/result/openapi/document.ts';
import { runOperation } from '../pipeline/run-operation.ts';
import type { Session } from '../request-context.ts';
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
  session: Session,
  cancelled: AbortSignal,
): Promise<Completion> {
  const { argument, value, chosen } = request;
  const about = documentPartOf(request.uriTemplate);
  if (about)
    return argument === about.part?.argument ? completePart(about, value, session, cancelled) : nothing;
  if (request.uriTemplate !== integrationTimeseries.uriTemplate) return nothing;
  if (argument === 'account_id') return completeName('accounts_list', {}, value, session, cancelled);
  if (argument !== 'integration_id') return nothing;
  const account = chosen.account_id;
  return account
    ? completeName('integrations_list_account', { account_id: account }, value, session, cancelled)
    : completeName('integrations_list', {}, value, session, cancelled);
}

const none = { objects: [], goesOn: false };
const nothing: Completion = { values: [], hasMore: false };

/** Names of operations or schemas of an OpenAPI document that begin with what was typed, without regard to case. */
async function completePart(
  { operation, part }: DocumentPart,
  typed: string,
  session: Session,
  cancelled: AbortSignal,
): Promise<Completion> {
  const { value: document, error } = await runOperation(operation, {}, session, cancelled, {
    takes: 'pinned too',
    whole: true,
  });
  if (error || !isJsonObject(document)) return nothing;
  const names =
    part?.argument === 'operation'
      ? entriesOf(document).map(({ id }) => id)
      : Object.keys(schemasOf(document));
  const begun = names.filter((name) => name.toLowerCase().startsWith(typed.toLowerCase()));
  return { values: begun.slice(0, mostValues), hasMore: begun.length > mostValues };
}

/** A completion holds at most this many values (MCP specification 2025-11-25, completion). */
const mostValues = 100;

/**
 * Names of a list operation's objects that begin with what was typed, ids where the typed text begins an id.
 * A list that cannot be read completes nothing: completion is a courtesy.
 */
async function completeName(
  operation: string,
  args: Readonly<Record<string, unknown>>,
  typed: string,
  session: Session,
  cancelled: AbortSignal,
): Promise<Completion> {
  const list = async (query: Readonly<Record<string, unknown>>) => {
    const { value } = await runOperation(
      operation,
      { ...args, ...query, limit: mostValues },
      session,
      cancelled,
      { takes: 'pinned too', whole: true },
    );
    if (!isJsonObject(value) || !Array.isArray(value.result)) return undefined;
    return { objects: value.result.filter(isJsonObject), goesOn: value.more !== undefined };
  };
  // The API does not document which fields it filters by, so a refused filter falls back to the first page.
  const narrowed = typed === '' ? undefined : await list({ filter: [`name[like]${typed}%`] });
  const { objects, goesOn } = (narrowed?.objects.length ? narrowed : await list({})) ?? none;
  const begins = (text: unknown): text is string =>
    typeof text === 'string' && text.toLowerCase().startsWith(typed.toLowerCase());
  // Integrations of several accounts may share a name.
  const values = new Set(
    objects.flatMap(({ name, id }) => [name, typed === '' ? undefined : id].filter(begins).slice(0, 1)),
  );
  return { values: [...values].slice(0, mostValues), hasMore: goesOn };
}
