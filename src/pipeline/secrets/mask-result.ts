import { ExactNumber } from '../../lib/exact-json.ts';
import { type Arguments, digitsOf, isJsonObject, type JsonObject, mapKeys } from '../../lib/json.ts';
import { changeTexts, isLarge } from '../../lib/lazy-json.ts';
import { type Mask, maskFor, type Secrets } from '../../lib/mask.ts';
import { maskKnown } from '../../secrets/redact.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { pick } from '../arguments/parse.ts';

/*
 * Where a result repeats the caller's own arguments, they are shown even if they equal a stored secret. Otherwise a caller
 * could guess a secret: only the right guess would be masked. Repeated arguments are recognized by their place, not by
 * their value, since the same value in another place may be the secret itself.
 */

/** A value with the structure of the result, which holds the caller's arguments at their places and nothing else. */
type Given = unknown;

/** Operations that compute their result from their arguments, so that places cannot be matched. */
const computingOperations: ReadonlySet<string> = new Set(['mappings_apply']);

/** Minimum length of secrets, of digits or other characters, that cannot be found by trying all values. */
const minDigits = 12;
const minCharacters = 8;

/**
 * A copy of a result with the secrets masked, except where it repeats the caller's own arguments.
 *
 * @param own secrets that are masked even there: tokens, and secrets of the call itself
 * @param known other known secrets
 */
export function maskAllButGiven(
  value: unknown,
  { operation, args }: { readonly operation: Operation; readonly args: Arguments },
  own: readonly Secrets[],
  known: readonly Secrets[],
): unknown {
  const all = maskKnown(value, ...own, ...known);
  // Nearly every result ends here.
  if (all === value) return value;
  const mask = maskFor(...known);
  if (!mask) return all;
  const plain = maskKnown(value, ...own);
  if (computingOperations.has(operation.id) && isJsonObject(plain) && !('error' in plain))
    return maskKnown(plain, ...withoutGuesses(args, mask, known));
  const given = maskKnown(givenIn(plain, operation, args), ...own);
  return maskExceptGiven(plain, given, mask);
}

/** Secrets that are not in the arguments and are too long to be guessed. */
function withoutGuesses(args: Arguments, mask: Mask, known: readonly Secrets[]): readonly Secrets[] {
  const contained = mask.secretsIn(textsOf(args).join('\n'));
  const isStrong = (secret: string) => secret.length >= (/^\d*$/.test(secret) ? minDigits : minCharacters);
  const kept = (secret: string) => !contained.has(secret) && isStrong(secret);
  return known.map((secrets) => [...secrets].filter(kept));
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof ExactNumber) return [value.text];
  if (typeof value !== 'object' || value === null) return value === undefined ? [] : [String(value)];
  return Object.entries(value).flatMap(([name, part]) => [name, ...textsOf(part)]);
}

/** Fields of a result that hold the created object, beside others that were created with it. */
const createdObjectFields = ['account', 'bridge', 'integration', 'mapping', 'member', 'organization'];

/** The parts of a result that repeat the caller's arguments. */
function givenIn(value: unknown, operation: Operation, args: Arguments): Given {
  if (!isJsonObject(value)) return undefined;
  if (isJsonObject(value.error)) return { error: givenInError(value.error, operation, args) };
  if (isJsonObject(value.sends)) return givenInPreview(value, operation, args);
  const body = givenBody(operation, args);
  const result = isJsonObject(value.result) ? value.result : {};
  const nested = createdObjectFields.filter((name) => isJsonObject(result[name]) && !(name in body));
  return {
    result: { ...body, ...Object.fromEntries(nested.map((name) => [name, body])) },
    more: { arguments: args },
    undo: { arguments: pick(args, Object.keys(operation.params)) },
  };
}

function givenInError(error: JsonObject, operation: Operation, args: Arguments): Given {
  const { confirmation } = error;
  const preview = isJsonObject(confirmation) ? confirmation.preview : undefined;
  return {
    // Names of arguments, from the caller or this server. Their problems are separate fields.
    arguments: Array.isArray(error.arguments)
      ? error.arguments.map((fault) => (isJsonObject(fault) ? { argument: fault.argument } : undefined))
      : undefined,
    example: { arguments: args },
    // Names of arguments, and URLs from this server.
    pages: error.pages,
    confirmation: {
      preview: isJsonObject(preview) ? givenInPreview(preview, operation, args) : undefined,
    },
  };
}

/** The parts of a preview that repeat the caller's arguments: the request, except for fields that were read, and new values. */
export function givenInPreview(preview: JsonObject, operation: Operation, args: Arguments): Given {
  const sends = isJsonObject(preview.sends) ? preview.sends : {};
  const body = givenBody(operation, args);
  const sent = operation.bodyIn === undefined ? body : { [operation.bodyIn]: body };
  const changes = Array.isArray(preview.changes) ? preview.changes.filter(isJsonObject) : [];
  return {
    sends: {
      path: sends.path,
      query: args,
      body: operation.method === 'PATCH' ? args.patch : sent,
    },
    changes: changes.map(({ path }) => {
      const to = givenAt(body, String(path));
      return to === undefined ? undefined : { path, to };
    }),
  };
}

/** The fields of the object that the caller gave; for a patch, by the paths of its steps. */
function givenBody(operation: Operation, args: Arguments): JsonObject {
  if (operation.method !== 'PATCH') return pick(args, Object.keys(operation.body ?? {}));
  const root: JsonObject = {};
  for (const step of Array.isArray(args.patch) ? args.patch : []) {
    if (isJsonObject(step) && (step.op === 'add' || step.op === 'replace'))
      setGiven(root, keysOf(String(step.path)), step.value);
  }
  return root;
}

const keysOf = (pointer: string) =>
  pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));

const isPlace = (key: string | undefined) => key !== undefined && /^(\d+|-)$/.test(key);

/** Sets the value of a patch step. Values for a list are collected, since later steps may shift positions. */
function setGiven(object: JsonObject, [key, next, ...rest]: readonly string[], value: unknown): void {
  if (key === undefined) {
    if (isJsonObject(value)) Object.assign(object, value);
    return;
  }
  const before = Object.hasOwn(object, key) ? object[key] : undefined;
  if (next === undefined) object[key] = value;
  else if (isPlace(next)) {
    const list = Array.isArray(before) ? before : [];
    const item: JsonObject = {};
    if (rest.length > 0) setGiven(item, rest, value);
    object[key] = [...list, rest.length > 0 ? item : value];
  } else {
    const nested = isJsonObject(before) ? { ...before } : {};
    setGiven(nested, [next, ...rest], value);
    object[key] = nested;
  }
}

function givenAt(body: JsonObject, pointer: string): Given {
  return keysOf(pointer).reduce(
    (part: unknown, key) => (isJsonObject(part) && Object.hasOwn(part, key) ? part[key] : undefined),
    body,
  );
}

function maskExceptGiven(value: unknown, given: Given, mask: Mask): unknown {
  if (given === undefined || isLarge(value)) return changeTexts(value, mask);
  if (typeof value === 'string') return value === given ? value : mask(value);
  if (digitsOf(value) !== undefined)
    return digitsOf(given) === digitsOf(value) ? value : changeTexts(value, mask);
  if (Array.isArray(value)) return maskList(value, Array.isArray(given) ? given : [], mask);
  if (!isJsonObject(value)) return value;
  const nested = isJsonObject(given) ? given : {};
  const names = Object.keys(value);
  const shown = mapKeys(names, (name) => (Object.hasOwn(nested, name) ? name : mask(name)));
  return Object.fromEntries(
    names.map((name, index) => [
      shown[index] as string,
      maskExceptGiven(value[name], Object.hasOwn(nested, name) ? nested[name] : undefined, mask),
    ]),
  );
}

/** Positions in a list may have shifted, so a given text or number may be anywhere in it. */
function maskList(list: readonly unknown[], given: readonly unknown[], mask: Mask): unknown[] {
  const plain = (one: unknown) => (typeof one === 'string' ? one : digitsOf(one));
  const texts = new Set(given.map(plain).filter((text) => text !== undefined));
  return list.map((item, index) => {
    const text = plain(item);
    return maskExceptGiven(item, text !== undefined && texts.has(text) ? item : given[index], mask);
  });
}
