import { isAllowed } from '../../access/visibility.ts';
import { CallError, dropUndefined } from '../../errors.ts';
import { closestNames, fewNames, quoted } from '../../lib/format-names.ts';
import { type Arguments, isJsonObject } from '../../lib/json.ts';
import type { RequestContext } from '../../request-context.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { pick } from '../arguments/parse.ts';
import type { Limits } from '../execute/deadline.ts';
import { answersTo } from '../pins/lookup.ts';
import { type Collection, collectionOf, listOperationFor } from './lists-by-argument.ts';
import { type Rows, readRows, readRowsIfPossible, tryHint, withHintTimeout } from './sample-rows.ts';

/** The argument that names nothing, and where it was looked for. */
interface MissingObject {
  readonly argument: string;
  readonly collection: Collection;
  /** Of the list; undefined where it could not be read. */
  readonly rows: Rows | undefined;
}

/** A failure; one to find an object says which of the arguments names none, and what is named like it. */
export async function suggestClosest(
  failure: unknown,
  operation: Operation,
  args: Arguments,
  context: RequestContext,
  limits: Limits,
): Promise<unknown> {
  if (!(failure instanceof CallError) || failure.code !== 'not_found' || failure.details.status !== 404)
    return failure;
  const missing = await tryHint(context, () =>
    findMissing(failure, operation, args, context, withHintTimeout(limits)),
  );
  if (!missing) return failure;
  const { argument, collection, rows } = missing;
  const wanted = String(args[argument]);
  const near = rows ? closestNames([wanted], rows.rows, collection.by) : [];
  const closest = near.length > 0 || !rows ? near : fewNames(rows.rows, collection.by);
  const { message, detail } = failure.details.upstream ?? {};
  return new CallError(
    failure.code,
    `${argument} ${quoted(wanted)} names no ${collection.what} that can be seen here. (HTTP 404)`,
    {
      ...failure.details,
      closest: closest.length > 0 ? closest : undefined,
      // The rest says the same once more.
      upstream: dropUndefined({ message, detail }),
      remediation: nextAfter(missing, closest, args),
    },
  );
}

async function findMissing(
  { details }: CallError,
  operation: Operation,
  args: Arguments,
  context: RequestContext,
  limits: Limits,
): Promise<MissingObject | undefined> {
  const named = namedBy(details.upstream, operation, args);
  const sought = named === undefined ? Object.keys(operation.params).toReversed() : [named];
  for (const argument of sought) {
    const collection = collectionOf(operation, argument);
    if (!collection || !isAllowed(listOperationFor(collection), context)) continue;
    const rows = await rowsOn(collection, args, context, limits, String(args[argument]));
    // The list is not there either: what it belongs to is missing.
    if (rows === 'not found') continue;
    // What cannot be looked up is only called missing where the call names nothing else, or Synqly says so.
    if (!rows && sought.length > 1) return undefined;
    // It is there, so the answer was about something else.
    if (rows?.rows.some((row) => answersTo(row, String(args[argument])))) return undefined;
    return { argument, collection, rows };
  }
  return undefined;
}

function rowsOn(
  collection: Collection,
  args: Arguments,
  context: RequestContext,
  limits: Limits,
  wanted: string,
): Promise<Rows | 'not found' | undefined> {
  const list = listOperationFor(collection);
  return readRowsIfPossible(context, limits, (within) =>
    readRows(list, pick(args, Object.keys(list.params)), context, within, wanted).catch((error) => {
      if (error instanceof CallError && error.code === 'not_found') return 'not found';
      throw error;
    }),
  );
}

/** What Synqly calls the kinds of objects, where the argument is not called alike. */
const argumentOfType: Readonly<Record<string, string>> = {
  organization_webhook: 'webhook_id',
  token: 'refresh_token_id',
  sub_org: 'organization_id',
  transform: 'mapping_id',
};

/** The argument that Synqly itself calls missing. */
function namedBy(
  upstream: Readonly<Record<string, unknown>> | undefined,
  operation: Operation,
  args: Arguments,
): string | undefined {
  const { parameter, resources } = upstream ?? {};
  const kinds = Array.isArray(resources) ? resources.filter(isJsonObject) : [];
  const names = [
    ...(isJsonObject(parameter) ? [snakeCase(String(parameter.id))] : []),
    ...kinds.flatMap(({ type, id }) => {
      const argument = argumentOfType[String(type)] ?? `${type}_id`;
      // The owner of a credential is named by what it is.
      return [argument, 'owner_id'].filter((name) => args[name] === id);
    }),
  ];
  return names.find((name) => typeof args[name] === 'string' && collectionOf(operation, name));
}

/** Synqly writes its parameters both ways; a JSON Pointer begins with a slash. */
function snakeCase(id: string): string {
  return id.replace(/^\//, '').replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function nextAfter({ collection, rows }: MissingObject, closest: readonly string[], args: Arguments): string {
  // What the list belongs to, as the call names it.
  const parents = pick(args, Object.keys(listOperationFor(collection).params));
  const list = `${collection.list}${Object.keys(parents).length > 0 ? ` ${JSON.stringify(parents)}` : ''}`;
  const first =
    closest.length > 0
      ? `Take one of closest, or see all with ${list}.`
      : rows?.count === 0
        ? `There are none yet: ${list} is empty.`
        : `See those that there are with ${list}.`;
  return collection.also ? `${first} ${collection.also}` : first;
}
