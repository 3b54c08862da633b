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
import { holdsUnshownSecrets } from './secret-fields.ts';

/** What is given in the place of a secret. */
type Replacement = (secret: string) => string;

/**
 * A copy of an answer's body without the secrets that the operation declares, nor those that Synqly holds for the
 * objects of its collection and should show nowhere. A secret that someone has copied into another field of the same
 * answer is withheld there too.
 *
 * @param replacement gives what stands in the place of a secret that can be used; without it, all are withheld
 */
export function withholdDeclared(operation: Operation, body: unknown, replacement?: Replacement): unknown {
  const secrets: string[] = [];
  return maskKnown(withholdInto(operation, body, secrets, replacement), secrets);
}

/** A copy of an answer's body without the secrets at their places; copies of them elsewhere stay. */
export function withholdAtPlaces(operation: Operation, body: unknown): unknown {
  return withholdInto(operation, body, []);
}

/** A copy of an answer's body without the secrets at these places, nor copies of them elsewhere. */
export function withholdPlaces(paths: readonly string[], body: unknown): unknown {
  const secrets: string[] = [];
  return maskKnown(withholdPaths(paths, body, secrets), secrets);
}

/** The secrets of an answer's body at the places that the operation declares. */
export function declaredSecrets(operation: Operation, body: unknown): readonly string[] {
  const secrets: string[] = [];
  withholdInto(operation, body, secrets);
  return secrets;
}

function withholdInto(
  operation: Operation,
  body: unknown,
  secrets: string[],
  replacement?: Replacement,
): unknown {
  const rest = withholdPaths(operation.secrets, body, secrets, replacement);
  return holdsUnshownSecrets(operation) ? withholdOpen(rest, { secrets, replacement }) : rest;
}

function withholdPaths(
  paths: readonly string[],
  body: unknown,
  secrets: string[],
  replacement?: Replacement,
): unknown {
  return paths.reduce((part: unknown, path) => {
    const found: Found = { secrets, replacement: isEcho(path) ? undefined : replacement };
    return withholdAt(part, path.split('.'), found);
  }, body);
}

interface Found {
  readonly secrets: string[];
  readonly replacement: Replacement | undefined;
}

function withholdAt(value: unknown, path: readonly string[], found: Found): unknown {
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
  found: Found,
): unknown {
  if (isList) return Array.isArray(part) ? part.map((item) => withholdAt(item, rest, found)) : part;
  if (rest.length === 0 && name === 'provider_config' && isJsonObject(part)) return withholdOpen(part, found);
  return withholdAt(part, rest, found);
}

function withholdValue(value: unknown, found: Found): unknown {
  if (value === null || value === undefined || value === '') return value;
  const digits = digitsOf(value);
  // A reference stands for a text: in the place of a number it would give something else.
  if (digits !== undefined) found.secrets.push(digits);
  if (typeof value !== 'string' || value === withheld) return withheld;
  found.secrets.push(value);
  return found.replacement?.(value) ?? withheld;
}

/** Withholds secrets of an object whose fields the API leaves open (provider_config), by their names. */
function withholdOpen(value: unknown, found: Found): unknown {
  if (Array.isArray(value)) return value.map((item) => withholdOpen(item, found));
  if (typeof value === 'string') return withholdInText(value, found);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([name, part]) => {
    const redaction = redactionOf(name, part);
    return [name, redaction === 'whole' ? withholdAll(part, found) : withholdOpen(part, found)] as const;
  });
  return Object.fromEntries(entries);
}

/**
 * How a field of an object that the API leaves open is a secret: all of it, what in it is named like one, or (`open` too)
 * not at all.
 */
export function redactionOf(name: string, value: unknown): 'whole' | 'open' {
  if (typeof value === 'boolean') return 'open';
  if (isSecretName(name)) return isCredential(value, name) ? 'open' : 'whole';
  if (!isCredentialName(name)) return 'open';
  return typeof value === 'string' || digitsOf(value) !== undefined || isBareCredential(value, name)
    ? 'whole'
    : 'open';
}

/** A credential with its secret under the name of an id. */
function isBareCredential(value: unknown, name: string): boolean {
  return isJsonObject(value) && 'value' in value && !isCredential(value, name);
}

/** An object in a text: what in it is named like a secret is withheld as if it were none. */
function withholdInText(text: string, { secrets }: Found): string {
  const value = objectInText(text);
  if (value === undefined) return text;
  const rest = withholdOpen(value, { secrets, replacement: undefined });
  return isDeepStrictEqual(rest, value) ? text : stringifyJson(rest);
}

/** Characters of a text that is looked into: configurations are far shorter. */
const maxJsonTextLength = 256 * 1024;

/** The value of a JSON text; undefined where it is none, or is nested too deep. */
function readJson(text: string): unknown {
  try {
    return parseBounded(text);
  } catch {
    return undefined;
  }
}

/** The object or list that a text is the JSON of. */
export function objectInText(text: string): unknown {
  if (text.length > maxJsonTextLength || !/^\s*[[{]/.test(text)) return undefined;
  const value = readJson(text);
  return typeof value === 'object' && value !== null ? value : undefined;
}

/**
 * Whether what has the name of a secret is an object that has the secret in it, under a name of its own, beside what is
 * none; or one that refers to a stored credential.
 */
export function isCredential(value: unknown, name: string): boolean {
  if (!isJsonObject(value)) return false;
  const { type } = value;
  if (typeof type === 'string' && /_id$/.test(type)) return true;
  const holdsNamed = Object.keys(value).some(mayHoldSecret);
  return holdsNamed && (typeof type === 'string' || !isAlwaysSecretName(name));
}

function withholdAll(value: unknown, found: Found): unknown {
  if (Array.isArray(value)) {
    // How many there are tells something, too.
    for (const item of value) withholdAll(item, { ...found, replacement: undefined });
    return withheld;
  }
  if (!isJsonObject(value)) return withholdValue(value, found);
  // What kind of credential it is tells nothing.
  const entries = Object.entries(value).map(([name, part]) => [
    name,
    name === 'type' ? part : withholdAll(part, found),
  ]);
  return Object.fromEntries(entries);
}

/**
 * A copy of what leaves the server with every given secret masked, wherever it turns up, names included: in clear, and in
 * the forms that servers repeat requests in.
 */
export function maskKnown(value: unknown, ...secrets: readonly Secrets[]): unknown {
  const mask = maskFor(...secrets);
  // Nearly every answer holds none; looking costs less than copying.
  return mask && mayHold(value, mask) ? changeTexts(value, mask) : value;
}

/** What is too large to be looked through counts as holding one: it is masked as it is read. */
function mayHold(value: unknown, mask: Mask): boolean {
  if (typeof value === 'string') return mask.mayHold([value]);
  const texts: string[] = [];
  const names = new Set<string>();
  if (collectTexts(value, texts, names)) return true;
  for (const name of names) texts.push(name);
  return mask.mayHold(texts);
}

/** Of fewer digits than the shortest secret that is masked. Nearly all numbers are below. */
const minMasked = 10 ** (minMaskedLength - 1);

/** Collects texts, numbers that can be secrets, and names of fields. Whether it came to a value that is too large for it. */
function collectTexts(value: unknown, texts: string[], names: Set<string>): boolean {
  if (typeof value === 'string') texts.push(value);
  else if (typeof value === 'number' && !(Math.abs(value) < minMasked)) texts.push(String(value));
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
