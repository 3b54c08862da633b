import { isAllowed } from '../../access/visibility.ts';
import { CallError } from '../../errors.ts';
import type { Arguments } from '../../lib/json.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import type { RequestContext } from '../../request-context.ts';
import { withholdDeclared } from '../../secrets/redact.ts';
import { mayBeCut, pageLength } from '../../synqly/pages.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { bestEffort, maxReadMs } from '../execute/best-effort.ts';
import { prepareRequest } from '../execute/build-request.ts';
import type { Limits } from '../execute/deadline.ts';
import { holdToPins } from '../pins/enforce.ts';

/** Rows of a list that are read for a hint. */
export interface Rows {
  readonly rows: readonly JsonObject[];
  /** How many there are; at least so many where `orMore`. */
  readonly count: number;
  readonly orMore: boolean;
}

/** Rows of a page that are told as all there are, whatever their number. */
const fewRows = 20;

/** Works out a hint. It is a courtesy: whatever goes wrong, the call ends as it would have without. */
export async function tryHint<Hint>(
  context: RequestContext,
  work: () => Promise<Hint>,
): Promise<Hint | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CallError)) context.log.error({ err: error }, 'a hint could not be worked out');
    return undefined;
  }
}

/** The end of a call, or of what its hint may take, whichever is sooner. */
export function withHintTimeout({ signal, deadline }: Limits): Limits {
  return { signal, deadline: Math.min(deadline, Date.now() + maxReadMs) };
}

/** `readRows`, or nothing where that fails or takes too long. */
export async function readRowsIfPossible<Read>(
  context: RequestContext,
  limits: Limits,
  read: (limits: Limits) => Promise<Read>,
): Promise<Read | undefined> {
  const rows = await bestEffort(context, limits, read);
  return 'value' in rows ? rows.value : undefined;
}

/**
 * Reads a list for a hint: what this context's own call of it would give, and no more. Where that is more than a
 * page, what is named like the wanted is among the rows all the same.
 *
 * @throws CallError also when pins or policy keep the list from the context
 */
export async function readRows(
  list: Operation,
  args: Arguments,
  context: RequestContext,
  limits: Limits,
  wanted?: string,
): Promise<Rows> {
  if (!isAllowed(list, context)) throw new CallError('not_selected', `${list.id} is not served here.`);
  const read = async (more: JsonObject) => {
    const pinnedCall = await holdToPins(list, { ...args, ...more }, context, limits);
    const request = prepareRequest(pinnedCall.operation, pinnedCall.args);
    // No repeat: the caller waits for a courtesy.
    const { body } = await context.send({ ...request, ...limits, deadline: Date.now() });
    const visibleRows = withholdDeclared(pinnedCall.operation, await pinnedCall.filterResponse(body));
    return { read: itemsOf(body).length, total: totalOf(visibleRows), rows: rowsOf(visibleRows) };
  };
  const isPaged = 'limit' in list.query;
  const first = await read(isPaged ? { limit: pageLength } : {});
  if (!isPaged || first.read < pageLength) {
    // One read is enough for a hint: a number that may be too small is told as such.
    const orMore = isPaged && first.read > fewRows && mayBeCut(first.read);
    return { rows: first.rows, count: first.rows.length, orMore };
  }
  const beginning = wanted?.match(/^[\p{L}\p{N}_-]{1,3}/u)?.[0];
  const counts = 'total' in list.query && !context.pins;
  const [near, total] = await Promise.all([
    beginning && read({ limit: pageLength, filter: [`name[like]${beginning}%`] }).catch(() => undefined),
    counts && read({ limit: 1, total: true }).catch(() => undefined),
  ]);
  const count = (total ? total.total : undefined) ?? first.rows.length;
  const rows = [...first.rows, ...(near ? near.rows : [])];
  return { rows, count, orMore: !total || total.total === undefined };
}

/** @throws CallError `invalid_response` */
function itemsOf(body: unknown): readonly unknown[] {
  const items = isJsonObject(body) ? body.result : undefined;
  if (Array.isArray(items)) return items;
  throw new CallError('invalid_response', 'Synqly answered without the rows of a list.');
}

function rowsOf(body: unknown): readonly JsonObject[] {
  const rows = isJsonObject(body) ? body.result : undefined;
  return Array.isArray(rows) ? rows.filter(isJsonObject) : [];
}

function totalOf(body: unknown): number | undefined {
  return isJsonObject(body) && typeof body.total === 'number' ? body.total : undefined;
}
