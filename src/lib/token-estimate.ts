import { ExactNumber } from './exact-json.ts';
import { isJsonObject } from './json.ts';

/*
 * What a text costs a model, in tokens, from above: a tokenizer's own tables would be several times larger than this
 * server. Words cost little, since a tokenizer knows them; letters that seldom follow each other, as in keys and hashes,
 * end a token.
 */

/** For each letter the letters that often follow it in words. */
const following =
  'bcdfgijklmnprstuvwxy aeijlorsuy acehiklorstu adegilmorsuy abcdefgijlmnopqrstvwxy acefilorstuy aeghilnorsu aeiortu abcdefgklmnoprstvxz aes aeis adeijlostuy abegilmopsu acdefgiklnopstuvy abcdefgiklmnoprstuvwx adeilmoprstuvy u abcdefgiklmnorstuvy acehikloprstuvy acdefhilmoprstuwy abcdefgilmnprst aegi aehinorsw aipty lmnoprs ae';

const isUsual = new Uint8Array(26 * 26);
for (const [first, letters] of following.split(' ').entries()) {
  for (const letter of letters) isUsual[first * 26 + letter.charCodeAt(0) - 97] = 1;
}

/** Letters after which even a word of usual letters is seldom one token. */
const maxWordLength = 9;
const digitsOfToken = 3;

/* Kinds of characters: what is beyond ASCII, or controls, is `other`. */
const [lower, upper, digit, space, sign, other] = [0, 1, 2, 3, 4, 5] as const;

const kinds = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[a-z]/.test(character)) return lower;
  if (/[A-Z]/.test(character)) return upper;
  if (/\d/.test(character)) return digit;
  if (character === ' ') return space;
  return /[!-~]/.test(character) ? sign : other;
});

/** How far a text goes for so many tokens. */
interface Reach {
  readonly tokens: number;
  /** Behind the last unit (of UTF-16) that was counted. */
  readonly end: number;
}

/**
 * Counts tokens until there are more than `most`.
 *
 * @param quoted whether it will be escaped as a JSON string is
 */
function reachOf(text: string, from: number, max: number, quoted: boolean): Reach {
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
      // A capital begins a word that goes on in small letters.
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
      // Half of a character alone is written as an escape.
      tokens += isSecondHalf(text, at) || isSecondHalf(text, at + 1) ? 2 : 5;
    } else tokens += costOfOther(code, quoted);
    before = kind;
    if (tokens > max) return { tokens, end: at };
  }
  return { tokens, end: text.length };
}

/** Of a character that takes two units of UTF-16. */
function isSecondHalf(text: string, at: number): boolean {
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(at - 1, at + 1));
}

/** A control character, or one beyond ASCII. */
function costOfOther(code: number, quoted: boolean): number {
  if (code < 32) return !quoted || code === 9 || code === 10 || code === 13 ? 1.05 : 3.5;
  if (code < 0x1200) return 1.2;
  // Kana and the punctuation beside them.
  if (code >= 0x3000 && code < 0x3100) return 1.2;
  if (code >= 0x4e00 && code < 0xa000) return 2.1;
  return code >= 0xac00 && code < 0xd800 ? 2.4 : 3;
}

/** At most about so many tokens a text costs a model. */
export function estimateTokens(text: string): number {
  return Math.ceil(reachOf(text, 0, Number.POSITIVE_INFINITY, false).tokens);
}

/** Tokens for the quotes of a text, and for what stands between it and the next. */
const quotes = 1.5;

/** How many units of a text, from one of them on, can be shown for so many tokens. No character is cut in half. */
export function fitText(text: string, from: number, tokens: number): number {
  const { end } = reachOf(text, from, tokens - quotes, true);
  const whole = end > from && isSecondHalf(text, end) ? end - 1 : end;
  if (whole > from || from >= text.length) return whole - from;
  // One character at least, so that reading on comes to an end.
  return isSecondHalf(text, from + 1) ? 2 : 1;
}

/**
 * What a value costs as JSON, in tokens. Counting ends soon after `most`, so that a long value takes no longer than a
 * short one.
 */
export function costOf(value: unknown, max = Number.POSITIVE_INFINITY): number {
  if (typeof value === 'string') return quotes + reachOf(value, 0, max, true).tokens;
  if (Array.isArray(value)) {
    let tokens = 1;
    for (let at = 0; at < value.length && tokens <= max; at += 1)
      tokens += 0.5 + costOf(value[at], max - tokens);
    return tokens;
  }
  if (!isJsonObject(value)) return 0.5 + reachOf(String(value), 0, max, false).tokens;
  let tokens = 1;
  for (const key in value) {
    if (tokens > max) break;
    if (value[key] === undefined) continue;
    tokens += 0.5 + costOf(key, max - tokens) + costOf(value[key], max - tokens);
  }
  return tokens;
}

/** Whether a value costs at most so much; no text has more tokens than bytes, so small ones need no counting. */
export function fitsTokens(value: unknown, tokens: number): boolean {
  if (tokens === Number.POSITIVE_INFINITY || isShort(value, tokens)) return true;
  return costOf(value, tokens) <= tokens;
}

/** Bytes that a character takes at most: a control character is escaped as six, as is half a character alone. */
const maxCharacterLength = 6;
/** Of a number, a boolean or null: in the longest characters it is 24, as long as any number (`-1.2345678901234567e-300`). */
const lengthOfOther = 4;

/** Whether the JSON of a value has so few bytes. */
function isShort(value: unknown, bytes: number): boolean {
  const length = lengthOf(value, bytes);
  if (length > bytes) return false;
  return length * maxCharacterLength <= bytes || Buffer.byteLength(JSON.stringify(value) ?? '') <= bytes;
}

/** Characters of the texts and keys of a value, as far as `most`. */
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
