import { ExactNumber } from './exact-json.ts';
import { isJsonObject } from './json.ts';

/*
 * An upper estimate of the tokens of a text: a tokenizer's tables would be several times larger than this server.
 * Words cost little, since a tokenizer knows them; unusual letter pairs, as in keys and hashes, end a token.
 */

/** For each letter, the letters that often follow it in words. */
const following =
  'bcdfgijklmnprstuvwxy aeijlorsuy acehiklorstu adegilmorsuy abcdefgijlmnopqrstvwxy acefilorstuy aeghilnorsu aeiortu abcdefgklmnoprstvxz aes aeis adeijlostuy abegilmopsu acdefgiklnopstuvy abcdefgiklmnoprstuvwx adeilmoprstuvy u abcdefgiklmnorstuvy acehikloprstuvy acdefhilmoprstuwy abcdefgilmnprst aegi aehinorsw aipty lmnoprs ae';

const isUsual = new Uint8Array(26 * 26);
for (const [first, letters] of following.split(' ').entries()) {
  for (const letter of letters) isUsual[first * 26 + letter.charCodeAt(0) - 97] = 1;
}

/** Letters after which even an ordinary word is rarely one token. */
const maxWordLength = 9;
const digitsOfToken = 3;

/* Kinds of characters; non-ASCII and control characters are `other`. */
const [lower, upper, digit, space, sign, other] = [0, 1, 2, 3, 4, 5] as const;

const kinds = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[a-z]/.test(character)) return lower;
  if (/[A-Z]/.test(character)) return upper;
  if (/\d/.test(character)) return digit;
  if (character === ' ') return space;
  return /[!-~]/.test(character) ? sign : other;
});

/** The part of a text that fits a number of tokens. */
interface Fit {
  readonly tokens: number;
  /** End of the counted part, in UTF-16 units. */
  readonly end: number;
}

/**
 * Counts tokens until there are more than `max`.
 *
 * @param quoted whether the text will be escaped as a JSON string
 */
function measure(text: string, from: number, max: number, quoted: boolean): Fit {
  let tokens = 0;
  let before: number = other;
  let letter = 0;
  let run = 0;
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const kind = code < 128 ? (kinds[code] as number) : other;
    run = kind === before ? run + 1 : 1;
    if (kind === lower || kind === upper) {
      const next = code - (kind === lower ? 97 : 65);
      // A capital starts a word that continues in lower case.
      const begins = run === 1 && !(kind === lower && before === upper);
      if (begins) tokens += 1.02;
      else if (isUsual[letter * 26 + next] === 0) tokens += 0.85;
      else if (run > maxWordLength) tokens += 0.4;
      else tokens += kind === upper ? 0.15 : 0.03;
      letter = next;
    } else if (kind === digit) {
      if (run % digitsOfToken === 1) tokens += 1.03;
    } else if (kind === space) {
      tokens += run > 1 ? 0.35 : 0.15;
    } else if (kind === sign) {
      tokens += quoted && (code === 34 || code === 92) ? 1.15 : run % 2 === 1 ? 0.9 : 0.55;
    } else if (code >= 0xd800 && code < 0xe000) {
      // An unpaired surrogate is escaped.
      tokens += isSecondHalf(text, at) || isSecondHalf(text, at + 1) ? 2 : 5;
    } else tokens += costOfOther(code, quoted);
    before = kind;
    if (tokens > max) return { tokens, end: at };
  }
  return { tokens, end: text.length };
}

/** Whether this is the second half of a surrogate pair. */
function isSecondHalf(text: string, at: number): boolean {
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(at - 1, at + 1));
}

/** Cost of a control or non-ASCII character. */
function costOfOther(code: number, quoted: boolean): number {
  if (code < 32) return !quoted || code === 9 || code === 10 || code === 13 ? 1.05 : 3.5;
  if (code < 0x1200) return 1.2;
  // Kana and adjacent punctuation.
  if (code >= 0x3000 && code < 0x3100) return 1.2;
  if (code >= 0x4e00 && code < 0xa000) return 2.1;
  return code >= 0xac00 && code < 0xd800 ? 2.4 : 3;
}

/** Estimates the tokens of a text, rather too high than too low. */
export function estimateTokens(text: string): number {
  return Math.ceil(measure(text, 0, Number.POSITIVE_INFINITY, false).tokens);
}

/** Tokens for the quotes of a string and the separator after it. */
const quotes = 1.5;

/** How many UTF-16 units of a text, from a position on, fit a number of tokens. No character is cut in half. */
export function fitText(text: string, from: number, tokens: number): number {
  const { end } = measure(text, from, tokens - quotes, true);
  const whole = end > from && isSecondHalf(text, end) ? end - 1 : end;
  if (whole > from || from >= text.length) return whole - from;
  // At least one character, so that paging ends.
  return isSecondHalf(text, from + 1) ? 2 : 1;
}

/**
 * Estimates the tokens of a value as JSON. Counting stops soon after `max`, so that a long value takes no longer
 * than a short one.
 */
export function costOf(value: unknown, max = Number.POSITIVE_INFINITY): number {
  if (typeof value === 'string') return quotes + measure(value, 0, max, true).tokens;
  if (Array.isArray(value)) {
    let tokens = 1;
    for (let at = 0; at < value.length && tokens <= max; at += 1)
      tokens += 0.5 + costOf(value[at], max - tokens);
    return tokens;
  }
  if (!isJsonObject(value)) return 0.5 + measure(String(value), 0, max, false).tokens;
  let tokens = 1;
  for (const key in value) {
    if (tokens > max) break;
    if (value[key] === undefined) continue;
    tokens += 0.5 + costOf(key, max - tokens) + costOf(value[key], max - tokens);
  }
  return tokens;
}

/** Whether a value fits a number of tokens. No text has more tokens than bytes, so small ones are not counted. */
export function fitsTokens(value: unknown, tokens: number): boolean {
  if (tokens === Number.POSITIVE_INFINITY || isShort(value, tokens)) return true;
  return costOf(value, tokens) <= tokens;
}

/** Maximum bytes of a character: control characters and unpaired surrogates are escaped with six. */
const maxCharacterLength = 6;
/** Maximum bytes of a number, boolean or null: the longest number has 24 characters (`-1.2345678901234567e-300`). */
const lengthOfOther = 4;

/** Whether the JSON of a value has at most this many bytes. */
function isShort(value: unknown, bytes: number): boolean {
  const length = lengthOf(value, bytes);
  if (length > bytes) return false;
  return length * maxCharacterLength <= bytes || Buffer.byteLength(JSON.stringify(value) ?? '') <= bytes;
}

/** Characters of all strings and keys of a value, counted up to `max`. */
export function lengthOf(value: unknown, max: number): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return lengthOfOther;
  let length = 2;
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length && length <= max; at += 1)
      length += 1 + lengthOf(value[at], max - length);
    return length;
  }
  if (value instanceof ExactNumber) return value.text.length;
  for (const key in value) {
    if (length > max) break;
    length += 3 + key.length + lengthOf((value as Record<string, unknown>)[key], max - length);
  }
  return length;
}
