import { createHash } from 'node:crypto';
import { CallError } from '../errors.ts';
import { canonicalJson, isJsonObject, type JsonObject } from '../json.ts';
import type { Session } from '../session.ts';
import { findOperation } from '../tools/catalogue.ts';
import type { Operation } from '../tools/operation.ts';
import type { Arguments } from './arguments.ts';
import type { Limits } from './deadline.ts';
import { type Loss, losses, mostRows } from './losses.ts';
import { readObject, readResult } from './reader.ts';

/** What an operation would meet, as it is now. */
export interface Look {
  /** With its secrets; undefined when it may not be read, or there is none. */
  readonly object: JsonObject | undefined;
  /** What goes with it, by what it is: counts and names, or figures. */
  readonly takes: JsonObject;
  /** The same while the object, and what goes with it, are the same. */
  readonly digest: string;
}

/**
 * Looks at the object of a call and at what would go with it. Only reads are sent.
 *
 * @throws CallError when the object cannot be read for another reason than missing rights
 */
export async function lookAt(
  operation: Operation,
  args: Arguments,
  session: Session,
  limits: Limits,
): Promise<Look> {
  const object = await orUnreadable(readObject(operation, args, session, limits), undefined);
  const found = object ? await findLosses(operation, object, args, session, limits) : [];
  const ids = found.map(({ rows }) => rows.map(({ id }) => id));
  return {
    object,
    takes: Object.fromEntries(found.map(({ what, told }) => [what, told])),
    digest: createHash('sha256')
      .update(canonicalJson({ object: object ?? null, ids }))
      .digest('base64url'),
  };
}

/** What the token may not read is not a reason to stop: Synqly decides about the call itself. */
async function orUnreadable<Value, Other>(reading: Promise<Value>, other: Other): Promise<Value | Other> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof CallError && error.code === 'forbidden') return other;
    throw error;
  }
}

interface Found {
  readonly what: string;
  readonly told: unknown;
  readonly rows: readonly JsonObject[];
}

async function findLosses(
  operation: Operation,
  object: JsonObject,
  args: Arguments,
  session: Session,
  limits: Limits,
): Promise<Found[]> {
  const read = new Map<string, Promise<unknown>>();
  const once = (by: string, given: JsonObject): Promise<unknown> => {
    const key = canonicalJson([by, given]);
    const running = read.get(key) ?? readResult(findOperation(by) as Operation, given, session, limits);
    read.set(key, running);
    return running;
  };
  const find = async (loss: Loss): Promise<Found | undefined> => {
    const given = loss.with(object, args);
    if (Object.values(given).includes(undefined) || Object.keys(given).length === 0) return undefined;
    const result = await orUnreadable(once(loss.by, given), 'unreadable');
    if (result === 'unreadable') return { what: loss.what, told: 'may not be read', rows: [] };
    return tell(loss, object, result);
  };
  const found = await Promise.all((losses[operation.id] ?? []).map(find));
  return found.filter((one) => one !== undefined);
}

/** Names that are told of a list. */
const mostNames = 10;

function tell({ what, which, figures, unnamed }: Loss, object: JsonObject, result: unknown): Found {
  if (figures && isJsonObject(result)) {
    const told = Object.fromEntries(figures.map((name) => [name, result[name]]));
    return { what, told, rows: [] };
  }
  const listed = [result].flat().filter(isJsonObject);
  const rows = which ? listed.filter((row) => which(row, object)) : listed;
  const told = {
    count: rows.length,
    ...(listed.length >= mostRows && { or_more: true }),
    ...(rows.length > 0 && !unnamed && { names: rows.slice(0, mostNames).map(({ name, id }) => name ?? id) }),
  };
  return { what, told, rows };
}
