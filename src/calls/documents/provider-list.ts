import { isJsonObject, type JsonObject } from '../../json.ts';
import type { Arguments } from '../arguments.ts';
import { closest } from '../hints/closest.ts';
import { shortened } from './openapi.ts';
import { rank, wordsOf } from './rank.ts';

/** Hits that are shown. */
const mostHits = 20;

const expandOne = 'expand is too much for all providers: use capabilities_get_provider for one.';

/**
 * Providers in which the words of `search` are found, or all of them by connector where `expand` would make the list too
 * long. Undefined for the plain list.
 */
export function tellProviders(
  result: readonly unknown[],
  { search, expand }: Arguments,
): JsonObject | undefined {
  const providers = result.filter(isJsonObject);
  const expanded = Array.isArray(expand) && expand.length > 0;
  const note = expanded ? { note: expandOne } : {};
  if (typeof search === 'string' && search !== '') return { ...searchProviders(providers, search), ...note };
  if (!expanded) return undefined;
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
    return { result: [], closest: closest(search, idsOf(providers)), next: 'Search for other words.' };
  }
  const result = hits.slice(0, mostHits).map(({ item: { id, fullname, vendor, connector_id } }) => {
    return { id, fullname, vendor, connector_id };
  });
  return { result, ...(hits.length > mostHits && { not_shown: hits.length - mostHits }) };
}

/** Ids of a list of providers. */
export function idsOf(providers: readonly unknown[]): readonly string[] {
  return providers.filter(isJsonObject).map(({ id }) => String(id));
}

/** Connectors with the providers of each, which `expand` gives whole; undefined for the plain list. */
export function tellConnectors(result: readonly unknown[], { expand }: Arguments): JsonObject | undefined {
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
  return { result: connectors, next: 'capabilities_get_provider tells more of one.' };
}
