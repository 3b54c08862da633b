import { isServed } from '../../access/served.ts';
import { CallError, dropUndefined } from '../../errors.ts';
import { closestNames, fewNames, quoted } from '../../lib/format-names.ts';
import { isJsonObject } from '../../lib/json.ts';
import type { Session } from '../../request-context.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { type Arguments, pick } from '../arguments/parse.ts';
import type { Limits } from '../execute/deadline.ts';
import { answersTo } from '../pins/lookup.ts';
import { listOf, type Shelf, shelfOf } from './lists-by-argument.ts';
import { type Rows, readRows, soonIn, tryHint, tryRows } from './sample-rows.ts';

/** The argument that names nothing, and where it was looked for. */
interface Missing {
  readonly argument: string;
  readonly shelf: Shelf;
  /** Of the list; undefined where it could not be read. */
  readonly rows: Rows | undefined;
}

/** A failure; one to find an object says which of the arguments names none, and what is named like it. */
export async function withClosest(
  failure: unknown,
  operation: Operation,
  args: Arguments,
  session: Session,
  limits: Limits,
): Promise<unknown> {
  if (!(failure instanceof CallError) || failure.code !== 'not_found' || failure.facts.status !== 404)
    return failure;
  const missing = await tryHint(session, () =>
    findMissing(failure, operation, args, session, soonIn(limits)),
  );
  if (!missing) return failure;
  const { argument, shelf, rows } = missing;
  const wanted = String(args[argument]);
  const near = rows ? closestNames([wanted], rows.rows, shelf.by) : [];
  const closest = near.length > 0 || !rows ? near : fewNames(rows.rows, shelf.by);
  const { message, detail } = failure.facts.upstream ?? {};
  return new CallError(
    failure.code,
    `${argument} ${quoted(wanted)} names no ${shelf.what} that can be seen here. (HTTP 404)`,
    {
      ...failure.facts,
      closest: closest.length > 0 ? closest : undefined,
      // The rest says the same once more.
      upstream: dropUndefined({ message, detail }),
      next: nextAfter(missing, closest, args),
    },
  );
}

async function findMissing(
  { facts }: CallError,
  operation: Operation,
  args: Arguments,
  session: Session,
  limits: Limits,
): Promise<Missing | undefined> {
  const named = namedBy(facts.upstream, operation, args);
  const sought = named === undefined ? Object.keys(operation.params).toReversed() : [named];
  for (const argument of sought) {
    const shelf = shelfOf(operation, argument);
    if (!shelf || !isServed(listOf(shelf), session)) continue;
    const rows = await rowsOn(shelf, args, session, limits, String(args[argument]));
    // The list is not there either: what it belongs to is missing.
    if (rows === 'not found') continue;
    // What cannot be looked up is only called missing where the call names nothing else, or Synqly says so.
    if (!rows && sought.length > 1) return undefined;
    // It is there, so the answer was about something else.
    if (rows?.rows.some((row) => answersTo(row, String(args[argument])))) return undefined;
    return { argument, shelf, rows };
  }
  return undefined;
}

function rowsOn(
  shelf: Shelf,
  args: Arguments,
  session: Session,
  limits: Limits,
  wanted: string,
): Promise<Rows | 'not found' | undefined> {
  const list = listOf(shelf);
  return tryRows(session, limits, (within) =>
    readRows(list, pick(args, Object.keys(list.params)), session, within, wanted).catch((error) => {
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
  return names.find((name) => typeof args[name] === 'string' && shelfOf(operation, name));
}

/** Synqly writes its parameters both ways; a JSON Pointer begins with a slash. */
function snakeCase(id: string): string {
  return id.replace(/^\//, '').replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function nextAfter({ shelf, rows }: Missing, closest: readonly string[], args: Arguments): string {
  // What the list belongs to, as the call names it.
  const parents = pick(args, Object.keys(listOf(shelf).params));
  const list = `${shelf.list}${Object.keys(parents).length > 0 ? ` ${JSON.stringify(parents)}` : ''}`;
  const first =
    closest.length > 0
      ? `Take one of closest, or see all with ${list}.`
      : rows?.count === 0
        ? `There are none yet: ${list} is empty.`
        : `See those that there are with ${list}.`;
  return shelf.also ? `${first} ${shelf.also}` : first;
}
