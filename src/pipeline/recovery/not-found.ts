import { isAllowed } from '../../access/visibility.ts';
import { CallError, dropUndefined } from '../../errors.ts';
import { closestNames, quoted } from '../../lib/format-names.ts';
import { type Arguments, isJsonObject } from '../../lib/json.ts';
import type { RequestContext } from '../../request-context.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { pick } from '../arguments/parse.ts';
import type { Limits } from '../execute/deadline.ts';
import { hasIdOrName } from '../pins/lookup.ts';
import { argumentOfType, type Collection, collectionOf, listOperationFor } from './lists-by-argument.ts';
import { type Rows, readRows, readRowsIfPossible, tryHint, withHintTimeout } from './sample-rows.ts';
import { describeTokenLimits } from './token-limits.ts';

/** The argument whose object does not exist, and where it was searched. */
interface MissingObject {
  readonly argument: string;
  readonly collection: Collection;
  /** Rows of the list; undefined if it could not be read. */
  readonly rows: Rows | undefined;
}

/** Adds to a `not_found` failure which argument is wrong, and similar names. Other failures are returned unchanged. */
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
  // Only names that are alike: a model may act on whatever is suggested.
  const similar = rows ? closestNames([wanted], rows.rows, collection.by) : [];
  const exact = rows && nameOfFullname(wanted, rows, collection);
  const closest = exact === undefined ? similar : [exact];
  const { message, detail } = failure.details.upstream ?? {};
  return new CallError(
    failure.code,
    `No ${collection.what} found for ${argument} ${quoted(wanted)}. (HTTP 404)`,
    {
      ...failure.details,
      closest: closest.length > 0 ? closest : undefined,
      // The other fields repeat the same.
      upstream: dropUndefined({ message, detail }),
      remediation: [
        exact === undefined ? suggestNextStep(missing, closest, args, operation) : useNameOfFullname,
        describeTokenLimits(operation, context),
      ]
        .filter(Boolean)
        .join(' '),
    },
  );
}

const useNameOfFullname =
  'An argument takes an id or a name, not a fullname. closest has the name of the only object with exactly this fullname: call again with it.';

/** The name of the only row that has a text as its fullname. */
function nameOfFullname(wanted: string, { rows, orMore }: Rows, { by }: Collection): string | undefined {
  const same = (value: unknown) =>
    typeof value === 'string' && value.trim().toLowerCase() === wanted.trim().toLowerCase();
  const matches = rows.filter(({ fullname }) => same(fullname));
  return matches.length === 1 && !orMore ? closestNames([wanted], matches, by)[0] : undefined;
}

async function findMissing(
  { details }: CallError,
  operation: Operation,
  args: Arguments,
  context: RequestContext,
  limits: Limits,
): Promise<MissingObject | undefined> {
  const named = findReportedArgument(details.upstream, operation, args);
  const candidates = named === undefined ? Object.keys(operation.params).toReversed() : [named];
  for (const argument of candidates) {
    const collection = collectionOf(operation, argument);
    if (!collection || !isAllowed(listOperationFor(collection), context)) continue;
    const rows = await readCollection(collection, args, context, limits, String(args[argument]));
    // The list does not exist either, so its parent is missing.
    if (rows === 'not found') continue;
    // Without the list, the argument is only reported if it is the only candidate.
    if (!rows && candidates.length > 1) return undefined;
    // The object exists, so something else is missing.
    if (rows?.rows.some((row) => hasIdOrName(row, String(args[argument])))) return undefined;
    return { argument, collection, rows };
  }
  return undefined;
}

function readCollection(
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

/** The argument that Synqly reports as missing. */
function findReportedArgument(
  upstream: Readonly<Record<string, unknown>> | undefined,
  operation: Operation,
  args: Arguments,
): string | undefined {
  const { parameter, resources } = upstream ?? {};
  const kinds = Array.isArray(resources) ? resources.filter(isJsonObject) : [];
  const names = [
    ...(isJsonObject(parameter) ? [snakeCase(String(parameter.id))] : []),
    ...kinds.flatMap(({ type, id }) => {
      const argument = argumentOfType(type);
      // The owner of a credential is reported by its type.
      return [argument, 'owner_id'].filter((name) => args[name] === id);
    }),
  ];
  return names.find((name) => typeof args[name] === 'string' && collectionOf(operation, name));
}

/** Synqly writes parameters in camel case, in snake case, or as a JSON Pointer with a leading slash. */
function snakeCase(id: string): string {
  return id.replace(/^\//, '').replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function suggestNextStep(
  { collection, rows }: MissingObject,
  closest: readonly string[],
  args: Arguments,
  { effect }: Operation,
): string {
  // The parents of the list, as given in the call.
  const parents = pick(args, Object.keys(listOperationFor(collection).params));
  const list = `${collection.list}${Object.keys(parents).length > 0 ? ` ${JSON.stringify(parents)}` : ''}`;
  const first =
    rows?.count === 0 ? `There are none yet: ${list} is empty.` : suggestNames(closest, list, effect);
  return collection.also ? `${first} ${collection.also}` : first;
}

/** A read of the wrong object can be repeated with the right one. A write of it cannot be undone by that. */
function suggestNames(closest: readonly string[], list: string, effect: Operation['effect']): string {
  const isRead = effect === 'read';
  if (closest.length === 0)
    return `${isRead ? '' : 'Nothing was changed. '}List the existing ones with ${list}.`;
  if (isRead) return `Use one of closest if it is meant, or list all with ${list}.`;
  return `Nothing was changed. closest has similar names: ask the person before you use one, or list all with ${list}.`;
}
