import { dropUndefined } from '../../errors.ts';
import type { Arguments } from '../../lib/json.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { type Step, stepsBetween, valueAt } from '../../lib/json-diff.ts';
import { withheld } from '../../lib/secret-names.ts';
import type { Log } from '../../observability/logger.ts';
import { withholdDeclared } from '../../secrets/redact.ts';
import { resultOf } from '../../synqly/endpoints.ts';
import { catalogue } from '../../tools/catalogue.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { readerOf } from '../execute/read-target.ts';
import type { Sent } from '../execute/send.ts';
import { findSecrets } from '../secrets/find.ts';
import { withoutZeroTimes } from './absent-times.ts';
import { pickPaths, pruneEmpty } from './table.ts';

/** Characters of an undo. A longer one is not returned. */
const maxLength = 16_000;

const secretNote = 'The former secret cannot be restored.';

/**
 * Adds to a result, after a change, `undo`: the call that reverts it; after a delete, `deleted`: the deleted object.
 *
 * @param given the arguments as the caller gave them, without those that pins fill in
 */
export function withUndo(
  result: unknown,
  operation: Operation,
  given: Arguments,
  { before, body }: Pick<Sent, 'before' | 'body'>,
  log: Log,
): unknown {
  if (!isJsonObject(result)) return result;
  try {
    return { ...result, ...undoFields(operation, given, before, body) };
  } catch (err) {
    // The change is done, so an undo that cannot be computed must not fail the call.
    log.error({ err, tool: operation.id }, 'the undo of a call could not be computed');
    return result;
  }
}

function undoFields(
  operation: Operation,
  given: Arguments,
  before: JsonObject | undefined,
  body: unknown,
): JsonObject {
  const reader = readerOf(operation);
  if (!before || !reader) return {};
  const shown = (withholdDeclared(reader, { result: before }) as { result: JsonObject }).result;
  if (operation.method === 'DELETE') return { deleted: deletedObject(operation, shown) };
  const after = resultOf(body);
  if (operation.effect !== 'change' || !isJsonObject(after)) return {};
  const undo = undoOf(operation, given, { before, shown, after }, body as JsonObject);
  return undo ? { undo } : {};
}

function deletedObject(operation: Operation, object: JsonObject): unknown {
  const { deletedFields } = operation;
  return deletedFields ? pickPaths(object, deletedFields) : pruneEmpty(withoutZeroTimes(operation, object));
}

interface States {
  readonly before: JsonObject;
  /** `before` without its secrets. */
  readonly shown: JsonObject;
  readonly after: JsonObject;
}

function undoOf(
  operation: Operation,
  given: Arguments,
  { before, shown, after }: States,
  body: JsonObject,
): JsonObject | undefined {
  const [put, patch] = ['PUT', 'PATCH'].map((method) =>
    catalogue.find((one) => one.method === method && one.path === operation.path && one.body),
  );
  if (!put?.body || !patch) return undefined;
  const writable = Object.keys(put.body);
  const steps = stepsBetween(pick(after, writable), pick(before, writable));
  const possible = steps.filter(({ path }) => !isUnrecoverable(operation, path, valueAt(shown, path), body));
  const lost = possible.length < steps.length || findSecrets(operation, given).length > 0;
  const patchBack = possible.map(
    (step): Step => (step.op === 'remove' ? step : { ...step, value: valueAt(shown, step.path) }),
  );
  const undo = dropUndefined({
    ...(patchBack.length > 0 && {
      tool: patch.id,
      arguments: { ...address(operation, given, after), patch: patchBack },
    }),
    note: lost ? secretNote : undefined,
  });
  if (JSON.stringify(undo).length > maxLength) return { note: 'Too long to show.' };
  return Object.keys(undo).length > 0 ? undo : undefined;
}

/** Whether a step cannot be undone without the former secret. */
function isUnrecoverable({ group }: Operation, path: string, value: unknown, body: JsonObject): boolean {
  if (JSON.stringify(value ?? null).includes(JSON.stringify(withheld))) return true;
  const [, field] = path.split('/');
  if (group === 'credentials') return field === 'config';
  // The change replaced the credentials that the former configuration refers to.
  return field === 'provider_config' && Array.isArray(body.credentials_created);
}

/** The path arguments as the caller gave them, with the id of the object, since its name may have changed. */
function address({ params }: Operation, given: Arguments, { id }: JsonObject): JsonObject {
  const names = Object.keys(params).filter((name) => given[name] !== undefined);
  const last = Object.keys(params).at(-1);
  return Object.fromEntries(
    names.map((name) => [name, name === last && typeof id === 'string' ? id : given[name]]),
  );
}

function pick(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.filter((name) => name in object).map((name) => [name, object[name]]));
}
