import { createHash } from 'node:crypto';
import { isAllowed } from '../../access/visibility.ts';
import type { CallError, ErrorCode } from '../../errors.ts';
import { getOrCreate } from '../../lib/get-or-create.ts';
import type { Arguments } from '../../lib/json.ts';
import { canonicalJson, isJsonObject, type JsonObject } from '../../lib/json.ts';
import type { RequestContext } from '../../request-context.ts';
import { findOperation } from '../../tools/catalogue.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { type Attempt, bestEffort } from '../execute/best-effort.ts';
import type { Limits } from '../execute/deadline.ts';
import { isObjectOfApi, readObject, readResult } from '../execute/read-target.ts';
import { type Dependent, dependents, maxRows } from './dependents.ts';
import { stableIdentityOf } from './identity.ts';

/** The current state of the objects that a call affects. */
export interface Snapshot {
  /** The object with its secrets; undefined when it could not be read, or no operation reads it. */
  readonly object: JsonObject | undefined;
  /** Why the object could not be read. */
  readonly objectUnread: string | undefined;
  /** Its dependents by kind: counts and names, figures, or why they could not be read. */
  readonly dependents: JsonObject;
  /** The ids of the dependents that were read, by kind; of a row without an id, the row. */
  readonly dependentIds: readonly { readonly what: string; readonly ids: readonly string[] }[];
  /** What could not be read: `object`, and kinds of dependents. */
  readonly unread: readonly string[];
  /** Changes when the object, its dependents, or what can be read of them changes. */
  readonly digest: string;
}

/**
 * Reads the object of a call and its dependents. Only reads are sent. A read that fails does not fail the call; the
 * snapshot says what could not be read.
 *
 * @throws CallError when the call itself would fail in the same way, or was cancelled
 */
export async function takeSnapshot(
  operation: Operation,
  args: Arguments,
  context: RequestContext,
  limits: Limits,
): Promise<Snapshot> {
  const read = await bestEffort(context, limits, (within) => readObject(operation, args, context, within));
  if ('failure' in read && isFailureOfCall(read.failure, operation)) throw read.failure;
  const object = 'value' in read ? read.value : undefined;
  const objectUnread = 'failure' in read ? reasonFor(read.failure) : undefined;
  const found =
    objectUnread === undefined
      ? await findDependents(operation, object, args, context, limits)
      : (dependents[operation.id] ?? []).map(
          ({ what }): FoundDependent => ({ what, summary: notRead, rows: undefined }),
        );
  const unread = [
    ...(objectUnread === undefined ? [] : ['object']),
    ...found.filter(({ rows }) => rows === undefined).map(({ what }) => what),
  ];
  // Sorted, because the order of rows may vary. A row without an id is compared as a whole.
  const rows = found.map(
    (one) => one.rows?.map((row) => canonicalJson(row.id ? stableIdentityOf(row) : row)).sort() ?? null,
  );
  return {
    object,
    objectUnread,
    dependents: Object.fromEntries(found.map(({ what, summary }) => [what, summary])),
    dependentIds: found.map(({ what, rows = [] }) => ({
      what,
      ids: rows.map((row) => (typeof row.id === 'string' ? row.id : canonicalJson(row))),
    })),
    unread,
    digest: createHash('sha256')
      .update(canonicalJson({ object: object ?? null, rows, unread }))
      .digest('base64url'),
  };
}

/** Failures of the token, the organization or the connection, with which every call fails. */
const fatalCodes: ReadonlySet<ErrorCode> = new Set([
  'unauthorized',
  'payment_required',
  'token_unavailable',
  'connection_failed',
]);

/** Whether the call itself would fail like the read of its object. The person is then not asked. */
function isFailureOfCall({ code }: CallError, operation: Operation): boolean {
  // For a path without parameters, a 404 means that this Synqly installation has no such read.
  const namesObject = Object.keys(operation.params).length > 0;
  return (code === 'not_found' && namesObject) || fatalCodes.has(code);
}

const notRead = 'could not be read';

/** Why something is not shown, without texts of others. */
function reasonFor({ code, details: { status } }: CallError): string {
  if (code === 'forbidden') return 'may not be read';
  return `${notRead} (${status !== undefined && status >= 400 ? `HTTP ${status}` : code})`;
}

interface FoundDependent {
  readonly what: string;
  readonly summary: unknown;
  /** Undefined if they could not be read. */
  readonly rows: readonly JsonObject[] | undefined;
}

/** Reads in parallel, so that one slow read does not delay the others. */
async function findDependents(
  operation: Operation,
  object: JsonObject | undefined,
  args: Arguments,
  context: RequestContext,
  limits: Limits,
): Promise<FoundDependent[]> {
  if (!object) return [];
  const reads = new Map<string, Promise<Attempt<unknown>>>();
  const readOnce = (by: string, given: JsonObject): Promise<Attempt<unknown>> => {
    const key = canonicalJson([by, given]);
    return getOrCreate(reads, key, () =>
      bestEffort(context, limits, (within) =>
        readResult(findOperation(by) as Operation, given, context, within),
      ),
    );
  };
  const find = async (dependent: Dependent): Promise<FoundDependent | undefined> => {
    const given = dependent.with(object, args);
    if (Object.values(given).includes(undefined) || Object.keys(given).length === 0) return undefined;
    const result = await readOnce(dependent.by, given);
    if ('failure' in result)
      return { what: dependent.what, summary: reasonFor(result.failure), rows: undefined };
    // Rows of operations that the caller may not call are only counted.
    const isNamed = !dependent.unnamed && isAllowed(findOperation(dependent.by) as Operation, context);
    return (
      summarize(dependent, object, result.value, isNamed) ?? {
        what: dependent.what,
        summary: `${notRead} (invalid_response)`,
        rows: undefined,
      }
    );
  };
  const found = await Promise.all((dependents[operation.id] ?? []).map(find));
  return found.filter((one) => one !== undefined);
}

/** Names that are shown of a list. */
const maxNames = 10;

/** Names, or ids of rows without one. A value that is not a text is left out, since it may hold a secret. */
function namesOf(rows: readonly JsonObject[]): JsonObject {
  const names = rows.flatMap(
    ({ name, id }) => [name, id].find((one) => typeof one === 'string' && one !== '') ?? [],
  );
  return names.length > 0 ? { names: names.slice(0, maxNames) } : {};
}

/** The result of a read; undefined if the response has another shape. */
function summarize(
  { what, which, figures }: Dependent,
  object: JsonObject,
  result: unknown,
  isNamed: boolean,
): FoundDependent | undefined {
  if (figures) {
    if (!isJsonObject(result) || !figures.some((name) => name in result)) return undefined;
    return { what, summary: Object.fromEntries(figures.map((name) => [name, result[name]])), rows: [] };
  }
  const listed = Array.isArray(result) ? result : isObjectOfApi(result) ? [result] : undefined;
  if (!listed?.every(isJsonObject)) return undefined;
  const rows = which ? listed.filter((row) => which(row, object)) : listed;
  const summary = {
    count: rows.length,
    ...(listed.length >= maxRows && { or_more: true }),
    ...(isNamed && namesOf(rows)),
  };
  return { what, summary, rows };
}
