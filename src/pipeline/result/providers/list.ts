import { findClosest } from '../../../lib/did-you-mean.ts';
import type { Arguments } from '../../../lib/json.ts';
import { isJsonObject, type JsonObject } from '../../../lib/json.ts';
import { rank, wordsOf } from '../../../lib/rank.ts';
import { shortened } from '../openapi/document.ts';
import { toTable } from '../table.ts';

/** Hits that are shown. */
const maxHits = 20;

const hasMore = 'capabilities_get_provider tells more of one.';

const expandOne = 'expand is too much for all providers: use capabilities_get_provider for one.';

/** What one chooses a provider by. */
const columns = ['id', 'fullname', 'vendor', 'connector_id'];

/**
 * All providers, or those in which the words of `search` are found, as a table; by connector where `expand` would make
 * the list too long.
 */
export function formatProviders(result: readonly unknown[], { search, expand }: Arguments): JsonObject {
  const providers = result.filter(isJsonObject);
  const expanded = Array.isArray(expand) && expand.length > 0;
  const note = expanded ? { note: expandOne } : {};
  if (typeof search === 'string' && search !== '') return { ...searchProviders(providers, search), ...note };
  if (!expanded) return { ...toTable(providers, columns), next: hasMore };
  const byConnector: Record<string, JsonObject> = {};
  for (const provider of providers) {
    const connector = String(provider.connector_id);
    byConnector[connector] = { ...byConnector[connector], [String(provider.id)]: provider.fullname };
  }
  return { result: byConnector, ...note };
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
    return { result: [], closest: findClosest(search, idsOf(providers)), next: 'Search for other words.' };
  }
  const shown = hits.slice(0, maxHits).map(({ item }) => item);
  return {
    ...toTable(shown, columns),
    ...(hits.length > maxHits && { not_shown: hits.length - maxHits }),
  };
}

/** Ids of a list of providers. */
export function idsOf(providers: readonly unknown[]): readonly string[] {
  return providers.filter(isJsonObject).map(({ id }) => String(id));
}

/** Connectors with the providers of each, which `expand` gives whole; undefined for the plain list. */
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
  return { result: connectors, next: hasMore };
}
