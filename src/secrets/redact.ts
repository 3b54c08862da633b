import { isDeepStrictEqual } from 'node:util';
import { ExactNumber, parseBounded, stringifyJson } from '../lib/exact-json.ts';
import { digitsOf, isJsonObject, type JsonObject } from '../lib/json.ts';
import { changeTexts, isLarge } from '../lib/lazy-json.ts';
import { type Mask, maskFor, type Secrets } from '../lib/mask.ts';
import { minMaskedLength } from '../lib/secret-forms.ts';
import {
  isAlwaysSecretName,
  isCredentialName,
  isSecretName,
  mayHoldSecret,
  withheld,
} from '../lib/secret-names.ts';
import type { Operation } from '../tools/define-operation.ts';
import { isEcho } from '../tools/response-secrets.ts';
import { mayHoldUndocumentedSecrets } from './secret-fields.ts';

/** Returns the replacement of a secret. */
type Replacement = (secret: string) => string;

/**
 * Copies a response body without its secrets: those that the operation declares, and those that Synqly stores for
 * the objects but should not return. Copies of them in other fields are withheld too.
 *
 * @param replacement gives the text in place of a secret that can be used; without it, all are withheld
 */
export function withholdDeclared(operation: Operation, body: unknown, replacement?: Replacement): unknown {
  const secrets: string[] = [];
  return maskKnown(withholdInto(operation, body, secrets, replacement), secrets);
}

/** Copies a response body without the secrets at their declared paths; copies of them in other fields stay. */
export function withholdAtPlaces(operation: Operation, body: unknown): unknown {
  return withholdInto(operation, body, []);
}

/** Copies a response body without the secrets at these paths, and without copies of them in other fields. */
export function withholdPlaces(paths: readonly string[], body: unknown): unknown {
  const secrets: string[] = [];
  return maskKnown(withholdPaths(paths, body, secrets), secrets);
}

/** The secrets in a response body at the paths that the operation declares. */
export function declaredSecrets(operation: Operation, body: unknown): readonly string[] {
  const secrets: string[] = [];
  withholdInto(operation, body, secrets);
  return secrets;
}

/** Copies a response body without the secrets of an operation, which are added to `secrets`. */
export function withholdInto(
  operation: Operation,
  body: unknown,
  secrets: string[],
  replacement?: Replacement,
): unknown {
  const rest = withholdPaths(operation.secrets, body, secrets, replacement);
  return mayHoldUndocumentedSecrets(operation) ? withholdOpen(rest, { secrets, replacement }) : rest;
}

/** Copies a response body without the secrets at these paths, which are added to `secrets`. */
export function withholdPaths(
  paths: readonly string[],
  body: unknown,
  secrets: string[],
  replacement?: Replacement,
): unknown {
  return paths.reduce((part: unknown, path) => {
    const found: Collected = { secrets, replacement: isEcho(path) ? undefined : replacement };
    return withholdAt(part, path.split('.'), found);
  }, body);
}

interface Collected {
  readonly secrets: string[];
  readonly replacement: Replacement | undefined;
}

function withholdAt(value: unknown, path: readonly string[], found: Collected): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return withholdValue(value, found);
  if (!isJsonObject(value)) return value;
  const name = step.replace(/\[\]$/, '');
  if (!Object.hasOwn(value, name)) return value;
  const part = value[name];
  return { ...value, [name]: withholdPart(part, name, step.endsWith('[]'), rest, found) };
}

function withholdPart(
  part: unknown,
  name: string,
  isList: boolean,
  rest: readonly string[],
  found: Collected,
): unknown {
  if (isList) return Array.isArray(part) ? part.map((item) => withholdAt(item, rest, found)) : part;
  if (rest.length === 0 && name === 'provider_config' && isJsonObject(part)) return withholdOpen(part, found);
  return withholdAt(part, rest, found);
}

function withholdValue(value: unknown, found: Collected): unknown {
  if (value === null || value === undefined || value === '') return value;
  const digits = digitsOf(value);
  // A reference is replaced by a string, so a number cannot be represented by one.
  if (digits !== undefined) found.secrets.push(digits);
  if (typeof value !== 'string' || value === withheld) return withheld;
  found.secrets.push(value);
  return found.replacement?.(value) ?? withheld;
}

/** Withholds the secrets of an object whose fields the API does not define (provider_config), by field name. */
function withholdOpen(value: unknown, found: Collected): unknown {
  if (Array.isArray(value)) return value.map((item) => withholdOpen(item, found));
  if (typeof value === 'string') return withholdInText(value, found);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([name, part]) => {
    const redaction = redactionOf(name, part);
    return [name, redaction === 'whole' ? withholdAll(part, found) : withholdOpen(part, found)] as const;
  });
  return Object.fromEntries(entries);
}

/** How a field of a free-form object is redacted: `whole`, or `open`: by the names of the fields inside it. */
export function redactionOf(name: string, value: unknown): 'whole' | 'open' {
  if (typeof value === 'boolean') return 'open';
  if (isSecretName(name)) return isCredential(value, name) ? 'open' : 'whole';
  if (!isCredentialName(name)) return 'open';
  return typeof value === 'string' || digitsOf(value) !== undefined || isBareCredential(value, name)
    ? 'whole'
    : 'open';
}

/** A credential whose secret is in the field `value`. */
function isBareCredential(value: unknown, name: string): boolean {
  return isJsonObject(value) && 'value' in value && !isCredential(value, name);
}

/** Redacts JSON inside a string. Its secrets are always withheld, never replaced by references. */
function withholdInText(text: string, { secrets }: Collected): string {
  const value = objectInText(text);
  if (value === undefined) return text;
  const rest = withholdOpen(value, { secrets, replacement: undefined });
  return isDeepStrictEqual(rest, value) ? text : stringifyJson(rest);
}

/** Maximum characters of a string that is parsed: configurations are far shorter. */
const maxJsonTextLength = 256 * 1024;

/** Parses a JSON text; undefined if it is invalid or nested too deeply. */
function readJson(text: string): unknown {
  try {
    return parseBounded(text);
  } catch {
    return undefined;
  }
}

/** The object or array in a JSON text. */
export function objectInText(text: string): unknown {
  if (text.length > maxJsonTextLength || !/^\s*[[{]/.test(text)) return undefined;
  const value = readJson(text);
  return typeof value === 'object' && value !== null ? value : undefined;
}

/**
 * Whether the value of a field with a secret's name is an object that holds the secret in one of several fields, or
 * that refers to a stored credential.
 */
export function isCredential(value: unknown, name: string): boolean {
  if (!isJsonObject(value)) return false;
  const { type } = value;
  if (typeof type === 'string' && /_id$/.test(type)) return true;
  const holdsNamed = Object.keys(value).some(mayHoldSecret);
  return holdsNamed && (typeof type === 'string' || !isAlwaysSecretName(name));
}

function withholdAll(value: unknown, found: Collected): unknown {
  if (Array.isArray(value)) {
    // One mark for the whole array: its length is not shown either.
    for (const item of value) withholdAll(item, { ...found, replacement: undefined });
    return withheld;
  }
  if (!isJsonObject(value)) return withholdValue(value, found);
  // The type of a credential is not secret.
  const entries = Object.entries(value).map(([name, part]) => [
    name,
    name === 'type' ? part : withholdAll(part, found),
  ]);
  return Object.fromEntries(entries);
}

/**
 * Copies a value with every given secret masked, in values and in keys: in plain form and in the encodings in which
 * servers repeat requests.
 */
export function maskKnown(value: unknown, ...secrets: readonly Secrets[]): unknown {
  const mask = maskFor(...secrets);
  // Most responses hold none, and checking costs less than copying.
  return mask && mayHold(value, mask) ? changeTexts(value, mask) : value;
}

/** Large values are not searched: they are masked lazily as they are read. */
function mayHold(value: unknown, mask: Mask): boolean {
  if (typeof value === 'string') return mask.mayHold([value]);
  const texts: string[] = [];
  const names = new Set<string>();
  if (collectTexts(value, texts, names)) return true;
  for (const name of names) texts.push(name);
  return mask.mayHold(texts);
}

/** Numbers below this have fewer digits than the shortest masked secret; most numbers are. */
const minMaskedNumber = 10 ** (minMaskedLength - 1);

/**
 * Collects strings, numbers that may be secrets, and field names. Returns whether it met a value that is too large
 * to search.
 */
function collectTexts(value: unknown, texts: string[], names: Set<string>): boolean {
  if (typeof value === 'string') texts.push(value);
  else if (typeof value === 'number' && !(Math.abs(value) < minMaskedNumber)) texts.push(String(value));
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof ExactNumber) texts.push(value.text);
  if (isLarge(value)) return true;
  if (Array.isArray(value)) return value.some((item) => collectTexts(item, texts, names));
  for (const name in value) {
    names.add(name);
    if (collectTexts((value as JsonObject)[name], texts, names)) return true;
  }
  return false;
}
