import { randomUUID } from 'node:crypto';

/*
 * JSON numbers with all their digits. JSON.parse silently rounds numbers that JavaScript cannot represent, and
 * JSON.stringify cannot write them. Texts are first checked for such numbers; most have none, and JSON.parse
 * handles them alone.
 */

/** A JSON number that a JavaScript number cannot represent exactly. */
export class ExactNumber {
  /** Its digits in the JSON text. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }

  /** Only `stringifyJson` writes the digits as a number; plain JSON.stringify writes a string. */
  toJSON(): string {
    if (!writing) return this.text;
    writing.hasExact = true;
    return markOf(this.text);
  }
}

/** Maximum nesting of a value, since most code recurses. Real responses have under thirty levels. */
export const maxNesting = 500;

/** A JSON text is nested deeper than `maxNesting`. */
export class NestingError extends Error {
  constructor() {
    super(`JSON is nested more than ${maxNesting} levels deep.`);
    this.name = 'NestingError';
  }
}

/** A JSON text holds too many values. */
export class MembersError extends Error {
  constructor() {
    super('JSON holds too many values.');
    this.name = 'MembersError';
  }
}

/**
 * Parses a JSON text, with an `ExactNumber` for each number that would be rounded. In a text nested deeper than
 * `maxNesting`, which no caller processes, numbers are parsed by JSON.parse alone.
 *
 * @throws SyntaxError
 */
export function parseExact(text: string): unknown {
  return parse(text) ?? JSON.parse(text);
}

/** Parses like `parseExact`, and rejects deep nesting. @throws SyntaxError, NestingError */
export function parseBounded(text: string): unknown {
  const value = parse(text);
  if (value === undefined) throw new NestingError();
  return value;
}

/** Whether a value is nested deeper than `maxNesting`. */
export function isNestedTooDeeply(value: unknown): boolean {
  return typeof value === 'object' && value !== null && inspect(value, 1) === tooDeep;
}

/** Serializes a value with its exact numbers; undefined where JSON.stringify returns that. */
export function stringifyJson(value: unknown, replacer?: (key: string, part: unknown) => unknown): string {
  const outer = writing;
  const own = { hasExact: false };
  writing = own;
  try {
    const text = JSON.stringify(value, replacer);
    return own.hasExact ? unmark(text) : text;
  } finally {
    writing = outer;
  }
}

/**
 * Copies a value for a library that serializes it, with exact numbers as marked strings; `unmark` turns these into
 * numbers in the serialized text.
 */
export function markExact(value: unknown): unknown {
  if (value instanceof ExactNumber) return markOf(value.text);
  if (Array.isArray(value)) return value.map(markExact);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, markExact(part)]));
}

/** Replaces the marked strings of `markExact` with their digits. */
export function unmark(text: string): string {
  if (mark === undefined) return text;
  return text.replace(markedNumber, (whole, found, digits) => (found === mark ? digits : whole));
}

/** Set while `stringifyJson` runs. */
let writing: { hasExact: boolean } | undefined;

/**
 * Prefix of digits that are temporarily written as a string. It is random, so that no input can contain it, and is
 * created on first use.
 */
let mark: string | undefined;
const markedNumber = /"(exact:[0-9a-f-]{36}:)([-+.\deE]+)"/g;

function getMark(): string {
  mark ??= `exact:${randomUUID()}:`;
  return mark;
}
const markOf = (digits: string) => `${getMark()}${digits}`;

/** Undefined if nested too deeply. */
function parse(text: string): unknown {
  const value: unknown = JSON.parse(text);
  const found = typeof value === 'object' && value !== null ? inspect(value, 1) : kindOf(value);
  if (found === tooDeep) return undefined;
  if (found === noNumbers || (found === smallIntegers && !mayRound.test(text))) return value;
  const marked = markRounded(text);
  return marked === undefined ? value : withExact(JSON.parse(marked));
}

/*
 * The kinds of numbers in a value, in the order of how much checking they need. A small integer was not rounded,
 * but may have lost a fraction or a negative exponent.
 */
const [noNumbers, smallIntegers, otherNumbers, tooDeep] = [0, 1, 2, 3] as const;
type NumberKinds = typeof noNumbers | typeof smallIntegers | typeof otherNumbers | typeof tooDeep;

const kindOf = (value: unknown): NumberKinds =>
  typeof value !== 'number' ? noNumbers : Number.isSafeInteger(value) ? smallIntegers : otherNumbers;

const mayRound = /[.eE]-?\d+(?:[eE][-+]?\d+)?(?:[\],}\s]|$)/;

/** @param level nesting level of the value itself */
function inspect(value: object, level: number): NumberKinds {
  let max: NumberKinds = noNumbers;
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at += 1) {
      const found = inspectPart(value[at], level);
      if (found > max) max = found;
    }
  } else {
    for (const key in value) {
      const found = inspectPart((value as Record<string, unknown>)[key], level);
      if (found > max) max = found;
    }
  }
  return max;
}

function inspectPart(part: unknown, level: number): NumberKinds {
  if (typeof part !== 'object' || part === null) return kindOf(part);
  return level === maxNesting ? tooDeep : inspect(part, level + 1);
}

const [quote, backslash, minus, zero, nine] = [0x22, 0x5c, 0x2d, 0x30, 0x39] as const;

/** Replaces the numbers that would be rounded with marked strings; undefined if there are none. */
function markRounded(text: string): string | undefined {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfText(text, at);
    else if (code === minus || (code >= zero && code <= nine)) {
      const end = endOfNumber(text, at);
      const digits = text.slice(at, end);
      if (isRounded(digits)) {
        parts.push(text.slice(from, at), `"${markOf(digits)}"`);
        from = end;
      }
      at = end;
    } else at += 1;
  }
  return from === 0 ? undefined : parts.join('') + text.slice(from);
}

function endOfText(text: string, from: number): number {
  let at = from + 1;
  while (text.charCodeAt(at) !== quote) at += text.charCodeAt(at) === backslash ? 2 : 1;
  return at + 1;
}

function endOfNumber(text: string, from: number): number {
  let at = from + 1;
  while (isOfNumber(text.charCodeAt(at))) at += 1;
  return at;
}

/** Digits, signs, the decimal point and the exponent letter. */
const isOfNumber = (code: number) =>
  (code >= zero && code <= nine) ||
  code === 0x2e ||
  code === 0x45 ||
  code === 0x65 ||
  code === 0x2b ||
  code === minus;

/** Digits that a JavaScript number always preserves. */
const exactDigits = 15;
const ordinaryExponent = /^-?[\d.]+(?:[eE][-+]?\d{1,2})?$/;

function isRounded(digits: string): boolean {
  if (digits.length <= exactDigits && ordinaryExponent.test(digits)) return false;
  const value = Number(digits);
  return !Number.isFinite(value) || normalized(String(value)) !== normalized(digits);
}

/** Normalizes a number to its significant digits and exponent: equal for equal values. */
function normalized(number: string): string {
  const [mantissa = '', exponent = '0'] = number.slice(number.startsWith('-') ? 1 : 0).split(/[eE]/);
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = whole + fraction;
  let first = 0;
  let last = digits.length;
  while (digits.charCodeAt(first) === zero) first += 1;
  if (first === last) return '0';
  while (digits.charCodeAt(last - 1) === zero) last -= 1;
  return `${digits.slice(first, last)}e${Number(exponent) - fraction.length + digits.length - last}`;
}

/** Replaces marked strings with exact numbers, in place: the value was just parsed. */
function withExact(value: unknown): unknown {
  if (typeof value === 'string')
    return value.startsWith(getMark()) ? new ExactNumber(value.slice(getMark().length)) : value;
  if (Array.isArray(value)) {
    for (const [at, part] of value.entries()) value[at] = withExact(part);
  } else if (typeof value === 'object' && value !== null) {
    const object = value as Record<string, unknown>;
    // Only own keys are assigned, so even `__proto__` is an ordinary key.
    for (const [key, part] of Object.entries(object)) object[key] = withExact(part);
  }
  return value;
}
