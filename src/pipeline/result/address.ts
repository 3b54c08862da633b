import { maxNesting } from '../../lib/exact-json.ts';
import { isJsonObject } from '../../lib/json.ts';

/*
 * An address names a part of a document or result in one short text, which an answer gives and the next call takes:
 *   Integration                     a schema
 *   Integration/properties/name     a part of it, as a JSON Pointer goes on (RFC 6901)
 *   Integration.name                a property of it
 *   #/paths/~1v1~1accounts/get      any part, from the root
 *   Integration/properties/~@7      the seventh after the first, where the key itself is too long
 *   Integration/enum[200:]          what comes from the 200th entry (or character) on
 */

/** A part of a document, and the entry or character it is wanted from. */
export interface Part {
  readonly value: unknown;
  readonly from: number;
}

/** One key within an address. */
export const escapeKey = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1');

const unescapeKey = (key: string) => key.replaceAll('~1', '/').replaceAll('~0', '~');

/** A longer key goes by its place among the keys: addresses would be longer than what they lead to. */
const maxKeyLength = 200;

/** The name of a key within an address. */
export const stepOf = (key: string, place: number) =>
  key.length > maxKeyLength ? `~@${place}` : escapeKey(key);

/** The address of what lies under a key. */
export const below = (address: string, key: string | number, place?: number) => {
  const step = place === undefined ? escapeKey(String(key)) : stepOf(String(key), place);
  return address === '' ? step : `${address}/${step}`;
};

/** The key that an address names by its place, if it does. */
export function keyNamed(root: unknown, address: string): string | undefined {
  const { base = address } = takeApart(address) ?? {};
  const [, above, place] = /^(.*)\/~@(\d+)$/s.exec(base) ?? [];
  const owner = above === undefined ? undefined : findPart(root, root, above)?.value;
  return isJsonObject(owner) ? Object.keys(owner)[Number(place)] : undefined;
}

/** The address of the same part, from an entry or character on. */
export const onwards = (address: string, from: number) => `${address}[${from}:]`;

/** An address without the place to begin at; a key that only looks like it has one must be tried first. */
export function takeApart(address: string): { readonly base: string; readonly from: number } | undefined {
  const [, base, from] = /^(.+)\[(\d+):\]$/s.exec(address) ?? [];
  return base === undefined ? undefined : { base, from: Number(from) };
}

/** The beginning of an address, as far down as anything can lie. */
export function reachable(address: string): string {
  return address.split('/', maxNesting + 1).join('/');
}

/** What an address that begins at the root or with a key of `named` leads to. */
export function findPart(root: unknown, named: unknown, address: string): Part | undefined {
  const whole = follow(root, named, address);
  if (whole !== undefined) return { value: whole, from: 0 };
  const { base, from } = takeApart(address) ?? {};
  const value = base === undefined ? undefined : follow(root, named, base);
  return value === undefined ? undefined : { value, from: from ?? 0 };
}

function follow(root: unknown, named: unknown, address: string): unknown {
  const [first = '', ...keys] = address.split('/');
  const start = first === '#' ? root : valueUnder(named, unescapeKey(first));
  if (start !== undefined)
    return descend(start, keys.map(unescapeKey)) ?? descend(start, keys.map(decodeKey));
  return first.includes('.') ? followDots(named, address) : undefined;
}

/** Dots of an address, from its end, that are tried. */
const maxDots = 100;

/** `Integration.name`: a dot may also be part of a schema's name. */
function followDots(named: unknown, address: string): unknown {
  let dot = address.length;
  for (let tried = 0; tried < maxDots; tried += 1) {
    dot = address.lastIndexOf('.', dot - 1);
    if (dot <= 0) return undefined;
    const schema = valueUnder(named, unescapeKey(address.slice(0, dot)));
    const keys = address.slice(dot + 1).split('/');
    const found = descend(valueUnder(schema, 'properties'), keys.map(unescapeKey));
    if (found !== undefined) return found;
  }
  return undefined;
}

function descend(start: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>(valueUnder, start);
}

/** Members of a list go by their position, or by the id or name they have. */
function valueUnder(value: unknown, key: string): unknown {
  if (Array.isArray(value)) {
    if (/^\d+$/.test(key)) return value[Number(key)];
    return value.find((item) => isJsonObject(item) && (item.id === key || item.name === key));
  }
  if (!isJsonObject(value)) return undefined;
  if (Object.hasOwn(value, key)) return value[key];
  const [, place] = /^~@(\d+)$/.exec(key) ?? [];
  return place === undefined ? undefined : value[Object.keys(value)[Number(place)] ?? ''];
}

/** References may be percent-encoded, being fragments of a URI. */
function decodeKey(key: string): string {
  try {
    return unescapeKey(decodeURIComponent(key));
  } catch {
    return key;
  }
}

const schemaReference = /^#\/components\/schemas\/([^/]+)$/;

/** A reference as an address: a schema's name where it refers to one. */
export function addressOf(reference: string): string {
  return schemaReference.exec(reference)?.[1] ?? reference;
}
