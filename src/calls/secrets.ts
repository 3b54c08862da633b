import { LRUCache } from 'lru-cache';
import { isJsonObject } from '../json.ts';
import { changeTexts, isVast } from '../lazy-json.ts';
import { isEcho } from '../tools/answer-secrets.ts';
import type { Operation } from '../tools/operation.ts';

/** What stands in place of a secret. */
export const withheld = '[withheld]';

/**
 * Secret fields of the objects that the API leaves open (provider_config, patch values), by name: the rest of
 * such an object stays readable. A test holds this list against the providers' field lists.
 */
export const openSecretNames: ReadonlySet<string> = new Set([
  'secret',
  'client_secret',
  'secret_access_key',
  'session',
  'private_key',
  'provider_key',
  'integrator_key',
  'subscription_key',
]);

/** What is given in the place of a secret. */
type StandIn = (secret: string) => string;

/**
 * A copy of an answer's body without the secrets that the operation declares. A secret that someone has copied
 * into another field of the same answer is withheld there too.
 *
 * @param standIn gives what stands in the place of a secret that can be used; without it, all are withheld
 */
export function withholdDeclared(operation: Operation, body: unknown, standIn?: StandIn): unknown {
  const secrets: string[] = [];
  const rest = operation.secrets.reduce((part: unknown, path) => {
    const found: Found = { secrets, standIn: isEcho(path) ? undefined : standIn };
    return withholdAt(part, path.split('.'), found);
  }, body);
  return maskKnown(rest, secrets);
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

function withholdOpen(value: unknown, found: Found): unknown {
  if (Array.isArray(value)) return value.map((item) => withholdOpen(item, found));
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([name, part]) => {
    const hidden = openSecretNames.has(name) && !isJsonObject(part);
    return [name, hidden ? withholdValue(part, found) : withholdOpen(part, found)] as const;
  });
  return Object.fromEntries(entries);
}

/** Shorter values are words that stand in answers by chance; masking them would spoil the answer. */
const shortestMasked = 6;

/**
 * A copy of what leaves the server with every given secret masked, wherever it turns up: in clear, and in the forms that
 * servers repeat requests in.
 */
export function maskKnown(value: unknown, secrets: Iterable<string>): unknown {
  const known: string[] = [];
  for (const secret of secrets) if (secret.length >= shortestMasked) known.push(...formsOf(secret));
  // Nearly every answer holds none; looking costs less than copying.
  if (!mayHold(value, known)) return value;
  return changeTexts(value, (text) =>
    known.reduce((rest, secret) => rest.replaceAll(secret, withheld), text),
  );
}

/** What is too large to be looked through counts as holding one: it is masked as it is read. */
function mayHold(value: unknown, texts: readonly string[]): boolean {
  if (texts.length === 0) return false;
  if (typeof value === 'string') return texts.some((text) => value.includes(text));
  if (typeof value !== 'object' || value === null) return false;
  return isVast(value) || Object.values(value).some((part) => mayHold(part, texts));
}

/** Secrets that are masked in many answers, and their other forms. */
const forms = new LRUCache<string, readonly string[]>({ max: 500 });

function formsOf(secret: string): readonly string[] {
  const before = forms.get(secret);
  if (before) return before;
  const escaped = JSON.stringify(secret).slice(1, -1);
  const others = [
    escaped,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  ];
  const all = [...new Set([secret, ...others])];
  forms.set(secret, all);
  return all;
}
