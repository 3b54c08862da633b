import { createHash } from 'node:crypto';
import { isAllowed } from '../../access/visibility.ts';
import type { CallError, ErrorCode } from '../../errors.ts';
import type { Arguments } from '../../lib/json.ts';
import { canonicalJson, isJsonObject, type JsonObject } from '../../lib/json.ts';
import type { RequestContext } from '../../request-context.ts';
import { findOperation } from '../../tools/catalogue.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { type Attempt, bestEffort } from '../execute/best-effort.ts';
import type { Limits } from '../execute/deadline.ts';
import { isObjectOfApi, readObject, readResult } from '../execute/read-target.ts';
import { type Dependent, dependents, maxRows } from './dependents.ts';
import { lastingIdentityOf } from './identity.ts';

/** What an operation would meet, as it is now. */
export interface Snapshot {
  /** With its secrets; undefined when it could not be read, or no operation reads it. */
  readonly object: JsonObject | undefined;
  /** Why the object could not be read. */
  readonly objectUnread: string | undefined;
  /** What goes with it, by what it is: counts and names, figures, or that it could not be read. */
  readonly dependents: JsonObject;
  /** What could not be read: `object`, and kinds of what goes with it. */
  readonly unread: readonly string[];
  /** The same while the object, what goes with it, and what cannot be read of both, are the same. */
  readonly digest: string;
}

/**
 * Looks at the object of a call and at what would go with it. Only reads are sent, and what they cannot show is told:
 * the call does not depend on them.
 *
 * @throws CallError when the call itself would fail in the same way, or has ended
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
  // In whatever order they come; a row without an id is compared whole.
  const rows = found.map(
    (one) => one.rows?.map((row) => canonicalJson(row.id ? lastingIdentityOf(row) : row)).sort() ?? null,
  );
  return {
    object,
    objectUnread,
    dependents: Object.fromEntries(found.map(({ what, summary }) => [what, summary])),
    unread,
    digest: createHash('sha256')
      .update(canonicalJson({ object: object ?? null, rows, unread }))
      .digest('base64url'),
  };
}

/** Failures after which no call succeeds: of the token, the organization, or the way to Synqly. */
const endsEveryCall: ReadonlySet<ErrorCode> = new Set([
  'unauthorized',
  'payment_required',
  'token_unavailable',
  'connection_failed',
]);

/** Whether the failure to read the object is what the call itself would meet: to ask a person about that is no use. */
function isFailureOfCall({ code }: CallError, operation: Operation): boolean {
  // Of a path that names nothing, a 404 says that this Synqly does not offer to read it.
  const namesObject = Object.keys(operation.params).length > 0;
  return (code === 'not_found' && namesObject) || endsEveryCall.has(code);
}

const notRead = 'could not be read';

/** Why something is not shown, without words of others. */
function reasonFor({ code, details: { status } }: CallError): string {
  if (code === 'forbidden') return 'may not be read';
  return `${notRead} (${status !== undefined && status >= 400 ? `HTTP ${status}` : code})`;
}

interface FoundDependent {
  readonly what: string;
  readonly summary: unknown;
  /** Undefined where they could not be read. */
  readonly rows: readonly JsonObject[] | undefined;
}

/** Side by side, so that one read that hangs holds back none of the others. */
async function findDependents(
  operation: Operation,
  object: JsonObject | undefined,
  args: Arguments,
  context: RequestContext,
  limits: Limits,
): Promise<FoundDependent[]> {
  if (!object) return [];
  const read = new Map<string, Promise<Attempt<unknown>>>();
  const once = (by: string, given: JsonObject): Promise<Attempt<unknown>> => {
    const key = canonicalJson([by, given]);
    const running =
      read.get(key) ??
      bestEffort(context, limits, (within) =>
        readResult(findOperation(by) as Operation, given, context, within),
      );
    read.set(key, running);
    return running;
  };
  const find = async (dependent: Dependent): Promise<FoundDependent | undefined> => {
    const given = dependent.with(object, args);
    if (Object.values(given).includes(undefined) || Object.keys(given).length === 0) return undefined;
    const result = await once(dependent.by, given);
    if ('failure' in result)
      return { what: dependent.what, summary: reasonFor(result.failure), rows: undefined };
    // Of what this server does not serve otherwise, how much there is.
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

/** Names that are told of a list. */
const maxNames = 10;

/** Names, or ids of those without. What is no text may be anything, secrets too. */
function namesOf(rows: readonly JsonObject[]): JsonObject {
  const names = rows.flatMap(
    ({ name, id }) => [name, id].find((one) => typeof one === 'string' && one !== '') ?? [],
  );
  return names.length > 0 ? { names: names.slice(0, maxNames) } : {};
}

/** What a read found; undefined where its answer has not the shape of one. */
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
