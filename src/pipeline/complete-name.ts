import type { StopSignal } from '../lib/cancellation.ts';
import { isJsonObject } from '../lib/json.ts';
import type { RequestContext } from '../request-context.ts';
import { runOperationById } from './run-operation.ts';

/** A completion holds at most this many values (MCP specification 2025-11-25, completion). */
export const maxCompletions = 100;

/** A list whose objects' names complete an argument. */
export interface NameSource {
  readonly operation: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

const noObjects = { objects: [], hasMore: false };

/**
 * Names of a list operation's objects that begin with the typed text, or ids where it begins an id.
 * When the list cannot be read there are no values: completion is optional.
 */
export async function completeName(
  { operation, args }: NameSource,
  typed: string,
  context: RequestContext,
  cancelled: StopSignal,
): Promise<{ values: string[]; hasMore: boolean }> {
  const list = async (query: Readonly<Record<string, unknown>>) => {
    const { value } = await runOperationById(
      operation,
      { ...args, ...query, limit: maxCompletions },
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
  return { values: [...values].slice(0, maxCompletions), hasMore };
}
