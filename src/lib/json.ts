import { ExactNumber, parseExact, stringifyJson } from './exact-json.ts';

export type JsonObject = Record<string, unknown>;

/** Whether a value is an object with keys: neither null, an array nor a number. */
export function isJsonObject(value: unknown): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber)
  );
}

/** Parses a JSON text with exact numbers; undefined if it is invalid. */
export function parseJson(text: string): unknown {
  try {
    return parseExact(text);
  } catch {
    return undefined;
  }
}

/** Copies a JSON value with `change` applied to every string, and to every number's digits, which may be a secret. */
export function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, change));
  if (typeof value === 'number' || value instanceof ExactNumber) return changeDigits(value, change);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, mapStrings(part, change)]));
}

/** Like `mapStrings`, for keys too. Keys that become equal get a number, so that none is lost. */
export function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (!isJsonObject(value)) return mapStrings(value, change);
  const keys = mapKeys(Object.keys(value), change);
  return Object.fromEntries(
    Object.values(value).map((part, index) => [keys[index] as string, mapTexts(part, change)]),
  );
}

/** Applies `change` to keys; a duplicate gets a number appended. */
export function mapKeys(keys: readonly string[], change: (text: string) => string): string[] {
  const changed = keys.map(change);
  // Most keys do not change.
  if (changed.every((key, index) => key === keys[index])) return changed;
  const taken = new Set(changed.filter((key, index) => key === keys[index]));
  return changed.map((key, index) => {
    if (key === keys[index]) return key;
    let free = key;
    for (let count = 2; taken.has(free); count += 1) free = `${key} ${count}`;
    taken.add(free);
    return free;
  });
}

/** Changed digits become a string. */
function changeDigits(number: number | ExactNumber, change: (text: string) => string): unknown {
  const digits = String(number);
  const changed = change(digits);
  return changed === digits ? number : changed;
}

/** The digits of a number in JSON; undefined for other values. */
export function digitsOf(value: unknown): string | undefined {
  if (value instanceof ExactNumber) return value.text;
  return typeof value === 'number' ? String(value) : undefined;
}

/** Serializes with sorted keys: equal values have equal texts. */
export function canonicalJson(value: unknown): string {
  return stringifyJson(value, (_, part: unknown) =>
    isJsonObject(part)
      ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)))
      : part,
  );
}
export type Arguments = Readonly<JsonObject>;
