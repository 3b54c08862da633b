import { isAllowed } from '../../access/visibility.ts';
import { CallError } from '../../errors.ts';
import type { Arguments } from '../../lib/json.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import type { RequestContext } from '../../request-context.ts';
import { withholdDeclared } from '../../secrets/redact.ts';
import { rowsOf, totalOf } from '../../synqly/endpoints.ts';
import { mayBeCapped, pageLength } from '../../synqly/pages.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { bestEffort, maxReadMs } from '../execute/best-effort.ts';
import { prepareRequest } from '../execute/build-request.ts';
import type { Limits } from '../execute/deadline.ts';
import { itemsOf } from '../execute/paginate.ts';
import { holdToPins } from '../pins/enforce.ts';

/** Rows of a list that are read for a hint. */
export interface Rows {
  readonly rows: readonly JsonObject[];
  /** How many rows exist; a lower bound if `orMore`. */
  readonly count: number;
  readonly orMore: boolean;
}

/** A page with at most so many rows counts as the whole list. */
const maxCertainRows = 20;

/** Computes a hint. A hint is optional: if it fails, the call ends as it would have without it. */
export async function tryHint<Hint>(
  context: RequestContext,
  work: () => Promise<Hint>,
): Promise<Hint | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CallError)) context.log.error({ err: error }, 'a hint could not be computed');
    return undefined;
  }
}

/** The deadline of the call or of its hint, whichever is earlier. */
export function withHintTimeout({ signal, deadline }: Limits): Limits {
  return { signal, deadline: Math.min(deadline, Date.now() + maxReadMs) };
}

/** Rows of a read; undefined if it fails or takes too long. */
export async function readRowsIfPossible<Read>(
  context: RequestContext,
  limits: Limits,
  read: (limits: Limits) => Promise<Read>,
): Promise<Read | undefined> {
  const rows = await bestEffort(context, limits, read);
  return 'value' in rows ? rows.value : undefined;
}

/**
 * Reads a list for a hint: only rows that the caller's own call of the list would return. If the list has more than a
 * page, rows with names similar to `wanted` are read too.
 *
 * @throws CallError also when pins or policy do not allow the list
 */
export async function readRows(
  list: Operation,
  args: Arguments,
  context: RequestContext,
  limits: Limits,
  wanted?: string,
): Promise<Rows> {
  if (!isAllowed(list, context))
    throw new CallError('not_selected', `${list.id} is not available on this server.`);
  const read = async (more: JsonObject) => {
    const pinnedCall = await holdToPins(list, { ...args, ...more }, context, limits);
    const request = prepareRequest(pinnedCall.operation, pinnedCall.args);
    // No retries, so that an optional hint does not delay the result.
    const answer = await context.send({ ...request, ...limits, deadline: Date.now() });
    const visibleBody = withholdDeclared(pinnedCall.operation, await pinnedCall.filterResponse(answer.body));
    const rows = (rowsOf(visibleBody) ?? []).filter(isJsonObject);
    return { read: itemsOf(answer).length, total: totalOf(visibleBody), rows };
  };
  const isPaged = 'limit' in list.query;
  const first = await read(isPaged ? { limit: pageLength } : {});
  if (!isPaged || first.read < pageLength) {
    // One read is enough for a hint. A count that may be too small is marked as a lower bound.
    const orMore = isPaged && first.read > maxCertainRows && mayBeCapped(first.read);
    return { rows: first.rows, count: first.rows.length, orMore };
  }
  const prefix = wanted?.match(/^[\p{L}\p{N}_-]{1,3}/u)?.[0];
  const counts = 'total' in list.query && !context.pins;
  const [similar, total] = await Promise.all([
    prefix && read({ limit: pageLength, filter: [`name[like]${prefix}%`] }).catch(() => undefined),
    counts && read({ limit: 1, total: true }).catch(() => undefined),
  ]);
  const count = (total ? total.total : undefined) ?? first.rows.length;
  const rows = [...first.rows, ...(similar ? similar.rows : [])];
  return { rows, count, orMore: !total || total.total === undefined };
}
