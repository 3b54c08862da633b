import { ExactNumber } from '../../lib/exact-json.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { costOf, fitText } from '../../lib/token-estimate.ts';
import { addressFrom, addressStep, childAddress, type Part } from './address.ts';

/*
 * Shows a part of a value in a number of tokens. A value that is too long is replaced by one of these marks:
 *   {"$cursor": address}                       left out
 *   {"$names": [...], "$each": address/{name}} the keys of an object, "$cursor": address for more
 *   {"$items": [...], "$cursor": address}      the first items of a list
 *   {"$text": "...", "$cursor": address}       the beginning of a text
 */

/** Explains the marks of a shortened part; completed by the argument that takes the values. */
export const cursorHelp = '$ref, $cursor, and $each with {name} replaced by one of $names,';

/** What was left out of a value, and its address. */
export interface Omission {
  readonly address: string;
  readonly what: string;
}

/** Options to show parts. */
export interface ShortenOptions {
  /** Copies a value that is shown whole, under its key. */
  readonly copy: (value: unknown, key: string) => unknown;
  /** Called for each omission. */
  readonly onOmit?: (left: Omission) => void;
}

/** Shortens a part to about a number of tokens. Every omitted part is replaced by a mark with its address. */
export function shortenPart(
  { value, from }: Part,
  address: string,
  tokens: number,
  options: ShortenOptions,
): unknown {
  const shortener = new Shortener(options);
  if (from === 0) return shortener.shorten(value, address, tokens);
  const text = textOf(value);
  if (text !== undefined) return shortener.text(text, address, tokens, from);
  if (Array.isArray(value)) return shortener.page(value, address, tokens, from);
  return isJsonObject(value) ? shortener.names(Object.keys(value), address, tokens, from) : value;
}

/** The text of a value that is shown in pieces: a text, or the digits of a long number. */
function textOf(value: unknown): string | undefined {
  return value instanceof ExactNumber ? value.text : typeof value === 'string' ? value : undefined;
}

/** With fewer tokens, a part of a text, list or object is less useful than its address. */
const minUseful = 90;

/** Tokens of a mark without its address. */
const markTokens = 8;

class Shortener {
  readonly #options: ShortenOptions;

  constructor(options: ShortenOptions) {
    this.#options = options;
  }

  shorten(value: unknown, address: string, tokens: number): unknown {
    if (costOf(value, tokens) <= tokens) return this.#options.copy(value, '');
    return this.#shortenInside(value, address, tokens) ?? this.#omit(address);
  }

  #omit(address: string): JsonObject {
    this.#options.onOmit?.({ address, what: 'left out' });
    return { $cursor: address };
  }

  /** Undefined if there are too few tokens to show anything useful. */
  #shortenInside(value: unknown, address: string, tokens: number): unknown {
    const useful = tokens >= minUseful + 2 * costOf(address);
    const text = textOf(value);
    if (text !== undefined) return useful ? this.text(text, address, tokens, 0) : undefined;
    if (Array.isArray(value)) {
      const shared = this.#shareOut(value.keys(), value.length, (at) => value[at as number], address, tokens);
      if (shared) return shared.map(([, shown]) => shown);
      return useful ? this.page(value, address, tokens, 0) : undefined;
    }
    if (!isJsonObject(value)) return undefined;
    const keys = Object.keys(value);
    const shared = this.#shareOut(keys, keys.length, (key) => value[key], address, tokens);
    if (shared) return Object.fromEntries(shared);
    return useful ? this.names(keys, address, tokens, 0) : undefined;
  }

  /**
   * All entries: short ones whole, long ones with equal shares of the remaining tokens. Undefined if there are too many
   * entries, or if most would only be an address.
   */
  #shareOut(
    keys: Iterable<string | number>,
    count: number,
    valueAt: (key: string | number) => unknown,
    address: string,
    tokens: number,
  ): readonly (readonly [string, unknown])[] | undefined {
    if (count > tokens) return undefined;
    const wanted = [...keys].map((key, place) => {
      const nested = childAddress(address, key, place);
      const keyTokens = typeof key === 'string' ? costOf(key) + 1 : 1;
      const min = keyTokens + costOf(nested) + markTokens;
      return { key, nested, keyTokens, min, size: keyTokens + costOf(valueAt(key), tokens) };
    });
    if (wanted.reduce((sum, { min, size }) => sum + Math.min(min, size), 2) > tokens) return undefined;
    const shares = new Map<string | number, number>();
    let left = tokens - 2;
    for (const [index, { key, size, min }] of wanted
      .toSorted((one, other) => one.size - other.size)
      .entries()) {
      const share = Math.max(Math.min(size, Math.floor(left / (count - index))), Math.min(min, size));
      shares.set(key, share);
      left -= share;
    }
    const isWhole = ({ key, size }: (typeof wanted)[number]) => size <= (shares.get(key) ?? 0);
    const tooShort = wanted.filter((one) => {
      const share = (shares.get(one.key) ?? 0) - one.keyTokens;
      return !isWhole(one) && share < minUseful + 2 * costOf(one.nested);
    });
    if (count > 3 && tooShort.length > count / 2) return undefined;
    return wanted.map((one) => {
      const { key, nested, keyTokens } = one;
      const value = valueAt(key);
      if (isWhole(one)) return [String(key), this.#options.copy(value, String(key))] as const;
      const part = this.#shortenInside(value, nested, (shares.get(key) ?? 0) - keyTokens);
      return [String(key), part ?? this.#omit(nested)] as const;
    });
  }

  names(keys: readonly string[], address: string, tokens: number, from: number): JsonObject {
    let left = tokens - 2 * costOf(address) - 25;
    let end = from;
    while (end < keys.length) {
      left -= costOf(addressStep(keys[end] ?? '', end)) + 0.5;
      if (left < 0 && end > from) break;
      end += 1;
    }
    const what = `names of ${from === 0 ? '' : `fields ${from} to `}${end} of ${keys.length} fields`;
    const isLast = end === keys.length;
    this.#options.onOmit?.({ address: isLast ? address : addressFrom(address, end), what });
    return {
      $names: keys.slice(from, end).map((key, index) => addressStep(key, from + index)),
      $each: childAddress(address, '{name}'),
      ...(!isLast && { $cursor: addressFrom(address, end) }),
    };
  }

  page(items: readonly unknown[], address: string, tokens: number, from: number): JsonObject {
    let left = tokens - costOf(address) - 15;
    const shown: unknown[] = [];
    const max = Math.max(Math.floor(tokens / 4), minUseful);
    for (let at = from; at < items.length; at += 1) {
      // An item that does not fit is left to the next page, without its own omissions.
      const cost = costOf(items[at], max);
      if (shown.length > 0 && Math.min(cost, max) > left) break;
      const item = this.shorten(
        items[at],
        childAddress(address, at),
        Math.max(Math.min(max, left), markTokens),
      );
      left -= costOf(item) + 0.5;
      shown.push(item);
    }
    const end = from + shown.length;
    if (end === items.length) return { $items: shown };
    const what = `${from === 0 ? 'first' : `from ${from} to`} ${end} of ${items.length} items`;
    this.#options.onOmit?.({ address: addressFrom(address, end), what });
    return { $items: shown, $cursor: addressFrom(address, end) };
  }

  text(text: string, address: string, tokens: number, from: number): JsonObject {
    const end = from + fitText(text, from, tokens - costOf(address) - 20);
    if (end >= text.length) return { $text: text.slice(from) };
    const what = `${from === 0 ? 'first' : `from ${from} to`} ${end} of ${text.length} characters`;
    this.#options.onOmit?.({ address: addressFrom(address, end), what });
    return { $text: text.slice(from, end), $cursor: addressFrom(address, end) };
  }
}
