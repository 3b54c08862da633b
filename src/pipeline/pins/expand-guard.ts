import type { Arguments } from '../../lib/json.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { resultOf } from '../../synqly/endpoints.ts';
import { outsidePin } from './lookup.ts';

/** A field that expands to an object of the organization. */
const hiddenField = 'integration_point';

/**
 * Refuses filters and orders by a field of the organization: the rows returned would reveal its value letter by letter.
 *
 * @throws CallError `outside_pin`
 */
export function assertNoHiddenFieldQueried({ filter, order }: Arguments): void {
  for (const list of [filter, order]) {
    for (const item of Array.isArray(list) ? list : []) {
      const field = String(item).trimStart().toLowerCase();
      if (!field.startsWith(`${hiddenField}.`)) continue;
      throw outsidePin(
        'Rows cannot be filtered or ordered by an integration point, which is outside what this server is pinned to.',
      );
    }
  }
}

/** A response without expanded integration points; their ids stay. */
export function withoutHiddenFields(body: unknown): unknown {
  const result = resultOf(body);
  if (Array.isArray(result)) {
    const rows = result.map(strip);
    return rows.some((row, at) => row !== result[at]) ? { ...(body as JsonObject), result: rows } : body;
  }
  const stripped = strip(result);
  return stripped === result ? body : { ...(body as JsonObject), result: stripped };
}

/** Removes the field from a row and from the row's integration. Returns the same object if there is nothing to remove. */
function strip(row: unknown): unknown {
  if (!isJsonObject(row)) return row;
  const { [hiddenField]: point, integration } = row;
  const inner = strip(integration);
  if (point === undefined && inner === integration) return row;
  const { [hiddenField]: _, ...rest } = row;
  return inner === integration ? rest : { ...rest, integration: inner };
}
