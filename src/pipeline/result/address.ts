import { maxNesting } from '../../lib/exact-json.ts';
import { isJsonObject } from '../../lib/json.ts';

/*
 * An address names a part of a document or result in one short text, which a result contains and the next call takes:
 *   Integration                     a schema
 *   Integration/properties/name     a part of it, by a JSON Pointer (RFC 6901)
 *   Integration.name                a property of it
 *   #/paths/~1v1~1accounts/get      any part, from the root
 *   Integration/properties/~@7      the key at position 7 (from 0), if the key itself is too long
 *   Integration/enum[200:]          the entries (or characters) from position 200 on
 */

/** A part of a document, and the entry or character to begin at. */
export interface Part {
  readonly value: unknown;
  readonly from: number;
}

/** One key within an address. */
export const escapeKey = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1');

const unescapeKey = (key: string) => key.replaceAll('~1', '/').replaceAll('~0', '~');

/** Longer keys are addressed by their position, to keep addresses short. */
const maxKeyLength = 200;

/** A key, or its position, within an address. */
export const addressStep = (key: string, place: number) =>
  key.length > maxKeyLength ? `~@${place}` : escapeKey(key);

/** The address of the value under a key. */
export const childAddress = (address: string, key: string | number, place?: number) => {
  const step = place === undefined ? escapeKey(String(key)) : addressStep(String(key), place);
  return address === '' ? step : `${address}/${step}`;
};

/** The key of an address that ends with a position. */
export function keyAtPosition(root: unknown, address: string): string | undefined {
  const { base = address } = splitAddress(address) ?? {};
  const [, above, place] = /^(.*)\/~@(\d+)$/s.exec(base) ?? [];
  const owner = above === undefined ? undefined : findPart(root, root, above)?.value;
  return isJsonObject(owner) ? Object.keys(owner)[Number(place)] : undefined;
}

/** The address of the same part, from an entry or character on. */
export const addressFrom = (address: string, from: number) => `${address}[${from}:]`;

/** Splits an address with a position to begin at. A key may look the same, so try the whole address first. */
export function splitAddress(address: string): { readonly base: string; readonly from: number } | undefined {
  const [, base, from] = /^(.+)\[(\d+):\]$/s.exec(address) ?? [];
  return base === undefined ? undefined : { base, from: Number(from) };
}

/** An address cut to the maximum depth of JSON. */
export function limitDepth(address: string): string {
  return address.split('/', maxNesting + 1).join('/');
}

/** The part at an address that begins at the root (`#`) or with a key of `named`. */
export function findPart(root: unknown, named: unknown, address: string): Part | undefined {
  const whole = follow(root, named, address);
  if (whole !== undefined) return { value: whole, from: 0 };
  const { base, from } = splitAddress(address) ?? {};
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

/** Dots of an address that are tried, from its end. */
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

/** Items of a list are addressed by position, id or name. */
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

/** A reference as an address; for a schema, its name. */
export function addressOf(reference: string): string {
  return schemaReference.exec(reference)?.[1] ?? reference;
}
