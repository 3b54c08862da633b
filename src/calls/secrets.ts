import { isJsonObject, type JsonObject } from '../json.ts';
import { changeTexts, isVast } from '../lazy-json.ts';
import { type Mask, maskFor, type Secrets } from '../mask.ts';
import { isAlwaysSecretName, isSecretName, withheld } from '../secret-names.ts';
import { isEcho } from '../tools/answer-secrets.ts';
import type { Operation } from '../tools/operation.ts';
import { holdsUnshownSecrets } from './secret-fields.ts';

/** What is given in the place of a secret. */
type StandIn = (secret: string) => string;

/**
 * A copy of an answer's body without the secrets that the operation declares, nor those that Synqly holds for the
 * objects of its collection and should show nowhere. A secret that someone has copied into another field of the same
 * answer is withheld there too.
 *
 * @param standIn gives what stands in the place of a secret that can be used; without it, all are withheld
 */
export function withholdDeclared(operation: Operation, body: unknown, standIn?: StandIn): unknown {
  const secrets: string[] = [];
  const rest = operation.secrets.reduce((part: unknown, path) => {
    const found: Found = { secrets, standIn: isEcho(path) ? undefined : standIn };
    return withholdAt(part, path.split('.'), found);
  }, body);
  const all = holdsUnshownSecrets(operation) ? withholdOpen(rest, { secrets, standIn }) : rest;
  return maskKnown(all, secrets);
}

interface Found {
  readonly secrets: string[];
  readonly standIn: StandIn | undefined;
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
  if (typeof value !== 'string' || value === withheld) return withheld;
  found.secrets.push(value);
  return found.standIn?.(value) ?? withheld;
}

/** Withholds secrets of an object whose fields the API leaves open (provider_config), by their names. */
function withholdOpen(value: unknown, found: Found): unknown {
  if (Array.isArray(value)) return value.map((item) => withholdOpen(item, found));
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([name, part]) => {
    if (!isSecretName(name) || typeof part === 'boolean') return [name, withholdOpen(part, found)] as const;
    return [name, isCredential(part, name) ? withholdOpen(part, found) : withholdAll(part, found)] as const;
  });
  return Object.fromEntries(entries);
}

/** Whether what has the name of a secret is an object that has the secret in it, beside what is none. */
export function isCredential(value: unknown, name: string): boolean {
  return isJsonObject(value) && (typeof value.type === 'string' || !isAlwaysSecretName(name));
}

function withholdAll(value: unknown, found: Found): unknown {
  if (!isJsonObject(value)) return withholdValue(value, found);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withholdAll(part, found)]));
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
  return collectTexts(value, texts, names) || mask.mayHold([...texts, ...names]);
}

/** Collects texts, and names of fields. Whether it came to a value that is too large for it. */
function collectTexts(value: unknown, texts: string[], names: Set<string>): boolean {
  if (typeof value === 'string') texts.push(value);
  if (typeof value !== 'object' || value === null) return false;
  if (isVast(value)) return true;
  if (Array.isArray(value)) return value.some((item) => collectTexts(item, texts, names));
  for (const name in value) {
    names.add(name);
    if (collectTexts((value as JsonObject)[name], texts, names)) return true;
  }
  return false;
}
