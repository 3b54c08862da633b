import { isJsonObject, type JsonObject } from '../../json.ts';
import { addressOf, below, escapeKey, onwards, type Part } from './address.ts';
import { bytesOf } from './size.ts';

/*
 * Shows a part of a document in so many bytes. What is too long for its share gives way to one of:
 *   {"$see": address}                        left out
 *   {"$names": [...], "$at": address/{name}} the keys of an object; "$rest": address has further ones
 *   {"$items": [...], "$rest": address}      the first items of a list
 *   {"$text": "...", "$rest": address}       the beginning of a text
 */

/** What the marks of a shortened part mean, for whoever reads one. */
export const legend = '$ref, $see, $rest and $at (with a name from $names put in)';

/** A part of a document in about so many bytes; every part left out has its address in its place. */
export function shortenPart({ value, from }: Part, address: string, bytes: number): unknown {
  if (from === 0) return shorten(value, address, bytes);
  if (typeof value === 'string') return shortenText(value, address, bytes, from);
  if (Array.isArray(value)) return pageOf(value, address, bytes, from);
  return isJsonObject(value) ? namesOf(Object.keys(value), address, bytes, from) : value;
}

/** A part as it is, references by the address they can be followed by. */
export function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  return isJsonObject(value) ? mapEntries(value, copyEntry) : value;
}

/** A `$ref` becomes an address; what else is under a key is copied. */
export function copyEntry(value: unknown, key: string): unknown {
  return key === '$ref' && typeof value === 'string' ? addressOf(value) : copyOf(value);
}

/** An object with each value changed. Keys such as `__proto__` stay what they are. */
export function mapEntries(object: JsonObject, change: (value: unknown, key: string) => unknown): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
}

function shorten(value: unknown, address: string, bytes: number): unknown {
  if (bytesOf(value, bytes) <= bytes) return copyOf(value);
  const fitted = shortenInside(value, address, bytes);
  return fitted === undefined ? { $see: address } : fitted;
}

/** Below this, a part of a text, list or object says less than its address. */
const leastUseful = 300;

function shortenInside(value: unknown, address: string, bytes: number): unknown {
  const useful = bytes >= leastUseful + 2 * address.length;
  if (typeof value === 'string') return useful ? shortenText(value, address, bytes, 0) : undefined;
  if (Array.isArray(value)) {
    return (
      shareOut(value.entries(), value.length, address, bytes, false) ??
      (useful ? pageOf(value, address, bytes, 0) : undefined)
    );
  }
  if (!isJsonObject(value)) return undefined;
  const keys = Object.keys(value);
  const entries = keys.map((key) => [key, value[key]] as const);
  return (
    shareOut(entries, keys.length, address, bytes, true) ??
    (useful ? namesOf(keys, address, bytes, 0) : undefined)
  );
}

/** Bytes of a mark beside the address in it. */
const markBytes = 16;

/**
 * All entries, the short ones whole and the long ones in equal shares of what is left. Undefined when there are too
 * many for that, or when most would be nothing but an address.
 */
function shareOut(
  entries: Iterable<readonly [string | number, unknown]>,
  count: number,
  address: string,
  bytes: number,
  named: boolean,
): unknown {
  if (count * (address.length + markBytes) > bytes) return undefined;
  const wanted = [...entries].map(([key, value]) => {
    const keyBytes = named ? bytesOf(key) + 2 : 1;
    const least = keyBytes + bytesOf(below(address, key)) + markBytes;
    return { key, value, keyBytes, least, size: keyBytes + bytesOf(value, bytes) };
  });
  if (wanted.reduce((sum, { least, size }) => sum + Math.min(least, size), 2) > bytes) return undefined;
  const shares = new Map<string | number, number>();
  let left = bytes - 2;
  for (const [index, { key, size, least }] of wanted
    .toSorted((one, other) => one.size - other.size)
    .entries()) {
    const share = Math.max(Math.min(size, Math.floor(left / (count - index))), Math.min(least, size));
    shares.set(key, share);
    left -= share;
  }
  let bare = 0;
  const fitted = wanted.map(({ key, value, keyBytes }) => {
    const share = (shares.get(key) ?? 0) - keyBytes;
    const whole = bytesOf(value, share) <= share;
    const part = whole ? undefined : shortenInside(value, below(address, key), share);
    if (!whole && part === undefined) bare += 1;
    const shown = whole ? copyEntry(value, String(key)) : (part ?? { $see: below(address, key) });
    return [String(key), shown] as const;
  });
  if (count > 3 && bare > count / 2) return undefined;
  return named ? Object.fromEntries(fitted) : fitted.map(([, shown]) => shown);
}

function namesOf(keys: readonly string[], address: string, bytes: number, from: number): JsonObject {
  let left = bytes - 3 * address.length - 60;
  let end = from;
  while (end < keys.length) {
    left -= bytesOf(escapeKey(keys[end] ?? '')) + 1;
    if (left < 0 && end > from) break;
    end += 1;
  }
  return {
    $names: keys.slice(from, end).map(escapeKey),
    $at: `${address}/{name}`,
    ...(end < keys.length && { $rest: onwards(address, end) }),
  };
}

function pageOf(items: readonly unknown[], address: string, bytes: number, from: number): JsonObject {
  let left = bytes - address.length - 40;
  const shown: unknown[] = [];
  for (let at = from; at < items.length; at += 1) {
    const item = shorten(items[at], below(address, at), Math.max(Math.floor(bytes / 4), leastUseful));
    left -= bytesOf(item) + 1;
    if (left < 0 && shown.length > 0) break;
    shown.push(item);
  }
  const end = from + shown.length;
  return { $items: shown, ...(end < items.length && { $rest: onwards(address, end) }) };
}

function shortenText(text: string, address: string, bytes: number, from: number): JsonObject {
  const most = bytes - address.length - 50;
  let length = Math.min(text.length - from, most);
  while (bytesOf(text.slice(from, from + length)) > most && length > 1) length = Math.floor(length * 0.8);
  const end = from + length;
  // A character that takes two units of UTF-16 is not cut in half.
  const cut = /[\ud800-\udbff]/.test(text.charAt(end - 1)) && length > 1 ? end - 1 : end;
  return { $text: text.slice(from, cut), ...(cut < text.length && { $rest: onwards(address, cut) }) };
}
