import { runCall } from '../calls/call.ts';
import { isJsonObject } from '../json.ts';
import type { Session } from '../session.ts';
import { findOperation } from '../tools/catalogue.ts';

/** A completion holds at most this many values (MCP specification 2025-11-25, completion). */
const mostValues = 100;

/**
 * Names of a list operation's objects that begin with what was typed, ids where the typed text begins an id.
 * A list that cannot be read completes nothing: completion is a courtesy.
 */
export async function completeName(
  operationId: string,
  args: Readonly<Record<string, unknown>>,
  typed: string,
  session: Session,
  cancelled: AbortSignal,
): Promise<{ values: string[]; hasMore: boolean }> {
  const operation = findOperation(operationId);
  if (!operation) return { values: [], hasMore: false };
  const list = async (query: Readonly<Record<string, unknown>>) => {
    const { value } = await runCall(operation, { ...args, ...query, limit: mostValues }, session, cancelled);
    return isJsonObject(value) && Array.isArray(value.result) ? value.result.filter(isJsonObject) : undefined;
  };
  // The API does not document which fields it filters by, so a refused filter falls back to the first page.
  const narrowed = typed === '' ? undefined : await list({ filter: [`name[like]${typed}%`] });
  const objects = narrowed?.length ? narrowed : ((await list({})) ?? []);
  const begins = (text: unknown): text is string =>
    typeof text === 'string' && text.toLowerCase().startsWith(typed.toLowerCase());
  const values = objects.flatMap(({ name, id }) =>
    [name, typed === '' ? undefined : id].filter(begins).slice(0, 1),
  );
  return { values, hasMore: objects.length === mostValues };
}
