import { isJsonObject, type JsonObject } from '../../../lib/json.ts';
import { addressOf } from '../address.ts';
import type { ShortenOptions } from '../shorten.ts';

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

/** How parts of documents are shown. */
export const withReferences: ShortenOptions = { copy: copyEntry };
