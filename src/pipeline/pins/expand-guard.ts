import type { Arguments } from '../../lib/json.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { outsidePin } from './lookup.ts';

/** Rows may hold it in full; it belongs to the organization. */
const hidden = 'integration_point';

/**
 * Refuses a filter or an order by what belongs to the organization: which rows come would tell it letter by letter.
 *
 * @throws CallError `outside_pin`
 */
export function assertNotByHidden({ filter, order }: Arguments): void {
  for (const list of [filter, order]) {
    for (const item of Array.isArray(list) ? list : []) {
      const field = String(item).trimStart().toLowerCase();
      if (!field.startsWith(`${hidden}.`)) continue;
      throw outsidePin(
        'Rows can be neither filtered nor ordered by an integration point, which is not inside.',
      );
    }
  }
}

/** An answer without the integration points that stand in it in full; their ids stay. */
export function withoutHidden(body: unknown): unknown {
  const result = isJsonObject(body) ? body.result : undefined;
  if (Array.isArray(result)) {
    const rows = result.map(strip);
    return rows.some((row, at) => row !== result[at]) ? { ...(body as JsonObject), result: rows } : body;
  }
  const stripped = strip(result);
  return stripped === result ? body : { ...(body as JsonObject), result: stripped };
}

/** Of a row, and of the integration that a row may hold. The same object where there is nothing to take away. */
function strip(row: unknown): unknown {
  if (!isJsonObject(row)) return row;
  const { [hidden]: point, integration } = row;
  const inner = strip(integration);
  if (point === undefined && inner === integration) return row;
  const { [hidden]: _, ...rest } = row;
  return inner === integration ? rest : { ...rest, integration: inner };
}
