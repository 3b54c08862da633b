import { isJsonObject, type JsonObject } from '../../../lib/json.ts';
import { addressOf } from '../address.ts';
import type { ShortenOptions } from '../shorten.ts';

/** A copy of a part whose references are addresses. */
export function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  return isJsonObject(value) ? mapEntries(value, copyEntry) : value;
}

/** Replaces a `$ref` by an address and copies any other value. */
export function copyEntry(value: unknown, key: string): unknown {
  return key === '$ref' && typeof value === 'string' ? addressOf(value) : copyOf(value);
}

/** An object with each value replaced. Keys such as `__proto__` are kept as keys. */
export function mapEntries(object: JsonObject, change: (value: unknown, key: string) => unknown): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
}

/** Options to show parts of documents. */
export const withReferences: ShortenOptions = { copy: copyEntry };
