import { CallError, dropUndefined } from '../../errors.ts';
import type { Arguments } from '../../lib/json.ts';
import { isJsonObject, type JsonObject, mapStrings } from '../../lib/json.ts';
import { patched, stepsBetween, valueAt } from '../../lib/json-diff.ts';
import { PatchTooLarge } from '../../lib/json-patch.ts';
import { withheld } from '../../lib/secret-names.ts';
import { declaredSecrets, withholdAtPlaces } from '../../secrets/redact.ts';
import type { Operation } from '../../tools/define-operation.ts';
import type { PreparedRequest } from '../execute/build-request.ts';
import { readerOf } from '../execute/read-target.ts';
import { wholeBody } from '../execute/send.ts';
import { findSecretPlaces, findSecrets } from '../secrets/find.ts';
import { maskAllButGiven } from '../secrets/mask-result.ts';
import { identityOf } from './identity.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * What a call would send and affect: for a change the fields that differ, for a destroy the dependents of the object, and
 * what of these could not be read. Without secrets; names in it were written by others.
 *
 * @throws CallError `stale_object`
 */
export function createPreview(
  operation: Operation,
  args: Arguments,
  request: PreparedRequest,
  { object, objectUnread, dependents }: Snapshot,
): JsonObject {
  const mask = maskOf(operation, args);
  const body = operation.replacesWhole && object ? wholeBody(args, object, request) : request.body;
  const { method, path, query = {} } = request;
  const preview = dropUndefined({
    tool: operation.id,
    effect: operation.effect,
    sends: dropUndefined({
      method,
      path,
      query: Object.keys(query).length > 0 ? query : undefined,
      body: body === undefined ? undefined : mask(body),
    }),
    object: object ? identityOf(object) : objectUnread && unreadObject(operation, objectUnread),
    changes:
      operation.effect === 'change' && object
        ? changesOf(operation, object, body, mask, secretPointers(operation, args))
        : undefined,
    affects: Object.keys(dependents).length > 0 ? dependents : undefined,
  });
  const given = { operation, args };
  return maskAllButGiven(
    preview,
    given,
    [findSecrets(operation, args)],
    [secretsOf(operation, object)],
  ) as JsonObject;
}

/** The secrets of the current object. A patch may move one to a place where it is not declared as a secret. */
function secretsOf(operation: Operation, object: JsonObject | undefined): readonly string[] {
  const reader = readerOf(operation);
  return reader && object ? declaredSecrets(reader, { result: object }) : [];
}

function unreadObject({ replacesWhole }: Operation, why: string): string {
  return replacesWhole
    ? `${why}; the body shows only the given fields, which are merged into the object`
    : why;
}

type Mask = (value: unknown) => unknown;

/** Masks the secrets of an object, and the secret arguments of the call wherever they occur. */
function maskOf(operation: Operation, args: Arguments): Mask {
  const reader = readerOf(operation);
  const given = new Set(findSecrets(operation, args));
  return (value) => {
    const declared =
      reader && isJsonObject(value)
        ? (withholdAtPlaces(reader, { result: value }) as JsonObject).result
        : value;
    return mapStrings(declared, (text) => (given.has(text) ? withheld : text));
  };
}

function changesOf(
  operation: Operation,
  object: JsonObject,
  body: unknown,
  mask: Mask,
  secrets: readonly string[],
): unknown {
  const next = operation.method === 'PATCH' ? applyTo(object, body) : body;
  if (next === undefined)
    return operation.method === 'PATCH' ? 'the patch cannot be applied to the object' : undefined;
  if (!isJsonObject(next)) return undefined;
  const [from, to] = [mask(object), mask(next)] as [JsonObject, JsonObject];
  const changed = stepsBetween(object, next).map(({ path }) => path);
  // A given secret counts as a change even if it is the current one. Otherwise the preview would reveal that it is.
  const isShown = (path: string) => changed.some((one) => path.startsWith(`${one}/`));
  const given = secrets.flatMap((path) => secretPlaceIn(next, path) ?? []).filter((path) => !isShown(path));
  const others = changed.filter((path) => !given.includes(path));
  return [...new Set([...others, ...given])].map((path) => ({
    path,
    from: valueAt(from, path),
    to: valueAt(to, path),
  }));
}

/** @throws CallError `invalid_arguments` when the result of the patch is too large */
function applyTo(object: JsonObject, patch: unknown): JsonObject | undefined {
  try {
    return patched(object, patch);
  } catch (error) {
    if (!(error instanceof PatchTooLarge)) throw error;
    throw new CallError('invalid_arguments', 'The result of the patch would be too large.', {
      arguments: [{ argument: `patch.${error.step}`, problem: error.problem }],
    });
  }
}

/** The path of a secret, or of the JSON text that contains it; undefined if there is neither. */
function secretPlaceIn(object: JsonObject, path: string): string | undefined {
  if (valueAt(object, path) !== undefined) return path;
  const above = path.slice(0, path.lastIndexOf('/'));
  if (above === '') return undefined;
  const value = valueAt(object, above);
  return value === undefined ? secretPlaceIn(object, above) : typeof value === 'string' ? above : undefined;
}

/** JSON Pointers to the secrets that a call sets in its object. For a secret in a list, the list, since lists are compared as a whole. */
function secretPointers(operation: Operation, args: Arguments): readonly string[] {
  return findSecretPlaces(operation, args).flatMap(({ path: [argument = '', ...rest] }) => {
    const step = argument === 'patch' && Array.isArray(args.patch) ? args.patch[Number(rest[0])] : undefined;
    if (isJsonObject(step) && step.op === 'test') return [];
    const base = isJsonObject(step) ? String(step.path) : `/${argument}`;
    const names = rest.slice(isJsonObject(step) ? 2 : 0);
    const pointer = [base, ...names.map((name) => name.replaceAll('~', '~0').replaceAll('/', '~1'))].join(
      '/',
    );
    const keys = pointer.split('/');
    const inList = keys.findIndex((key) => /^(?:\d+|-)$/.test(key));
    return [inList < 0 ? pointer : keys.slice(0, inList).join('/')];
  });
}
