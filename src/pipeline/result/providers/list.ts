import { findClosest } from '../../../lib/did-you-mean.ts';
import type { Arguments } from '../../../lib/json.ts';
import { isJsonObject, type JsonObject } from '../../../lib/json.ts';
import { rank, wordsOf } from '../../../lib/rank.ts';
import { shortened } from '../openapi/document.ts';
import { toTable } from '../table.ts';

/** Matches that are shown. */
const maxHits = 20;

const detailsHint = 'capabilities_get_provider has the details of one.';

const expandHint = 'expand is too large for all providers: use capabilities_get_provider for one.';

/** Fields that are shown of each provider. */
const columns = ['id', 'fullname', 'vendor', 'connector_id'];

/**
 * All providers, or those that match `search`, as a table; grouped by connector if `expand` would make the list too long.
 */
export function formatProviders(result: readonly unknown[], { search, expand }: Arguments): JsonObject {
  const providers = result.filter(isJsonObject);
  const expanded = Array.isArray(expand) && expand.length > 0;
  const note = expanded ? { note: expandHint } : {};
  if (typeof search === 'string' && search !== '') {
    const { those, rest } = withOperations(providers, search);
    if (those === undefined) return { ...searchProviders(providers, search), ...note };
    return rest === '' ? { ...toTable(those, columns) } : searchProviders(those, rest);
  }
  if (!expanded) return { ...toTable(providers, columns), next: detailsHint };
  const byConnector: Record<string, JsonObject> = {};
  for (const provider of providers) {
    const connector = String(provider.connector_id);
    byConnector[connector] = { ...byConnector[connector], [String(provider.id)]: provider.fullname };
  }
  return { result: byConnector, ...note };
}

/**
 * The providers that support all operations that the search names, and the rest of the search. Undefined if it names none, or
 * if the list is not expanded by operations.
 */
function withOperations(providers: readonly JsonObject[], search: string) {
  const supported = new Map(providers.map((provider) => [provider, operationsOf(provider)]));
  const terms = search
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((term) => term !== '');
  const isOperation = (term: string) => [...supported.values()].some((names) => names.has(term));
  const named = terms.filter(isOperation);
  if (named.length === 0) return { rest: search };
  return {
    those: providers.filter((provider) => named.every((term) => supported.get(provider)?.has(term))),
    rest: terms.filter((term) => !named.includes(term)).join(' '),
  };
}

/** The ids and names of the operations that a provider supports. */
function operationsOf({ operations }: JsonObject): ReadonlySet<string> {
  const supported = (Array.isArray(operations) ? operations : [])
    .filter(isJsonObject)
    .filter((one) => one.supported !== false);
  return new Set(supported.flatMap(({ id, name }) => [id, name].map((one) => String(one).toLowerCase())));
}

function searchProviders(providers: readonly JsonObject[], search: string): JsonObject {
  const hits = rank(providers, wordsOf(search), (provider) => {
    const { id, fullname, vendor, connector_id, description } = provider;
    return [
      [8, `${id} ${fullname}`.replaceAll('_', ' ')],
      [6, `${vendor} ${connector_id}`],
      [1, String(description ?? '')],
    ];
  });
  if (hits.length === 0) {
    return {
      result: [],
      closest: findClosest(search, idsOf(providers)),
      next: 'Call again with other words.',
    };
  }
  const shown = hits.slice(0, maxHits).map(({ item }) => item);
  return {
    ...toTable(shown, columns),
    ...(hits.length > maxHits && { not_shown: hits.length - maxHits }),
  };
}

/** The ids of providers. */
export function idsOf(providers: readonly unknown[]): readonly string[] {
  return providers.filter(isJsonObject).map(({ id }) => String(id));
}

/** Connectors with the names of their providers, for `expand`; undefined without it. */
export function formatConnectors(result: readonly unknown[], { expand }: Arguments): JsonObject | undefined {
  if (!Array.isArray(expand) || expand.length === 0) return undefined;
  const connectors = result.filter(isJsonObject).map(({ id, fullname, description, providers }) => ({
    id,
    fullname,
    description: shortened(description, 200),
    providers: Object.fromEntries(
      (Array.isArray(providers) ? providers : [])
        .filter(isJsonObject)
        .map((one) => [String(one.id), one.fullname]),
    ),
  }));
  return { result: connectors, next: detailsHint };
}
