import { randomUUID } from 'node:crypto';

/*
 * JSON numbers with all their digits. JSON.parse rounds what a JavaScript number cannot hold, in silence, and
 * JSON.stringify cannot write such a number. What rounds is looked for first: nearly no text has one, and the others are
 * left to JSON.parse alone.
 */

/** A JSON number that a JavaScript number would change. It is a leaf, as any other number is. */
export class ExactNumber {
  /** As it stands in JSON. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }

  /** Only `stringifyJson` writes the bare digits; JSON.stringify by itself can but quote them. */
  toJSON(): string {
    if (!writing) return this.text;
    writing.hasExact = true;
    return markOf(this.text);
  }
}

/** Levels that a value may be nested in, since whatever looks through one recurses. Real answers have under thirty. */
export const maxNesting = 500;

/** A JSON text is nested deeper than `deepestNesting`. */
export class NestingError extends Error {
  constructor() {
    super(`JSON is nested more than ${maxNesting} levels deep.`);
    this.name = 'NestingError';
  }
}

/** A JSON text holds more values than are looked through. */
export class MembersError extends Error {
  constructor() {
    super('JSON holds too many values.');
    this.name = 'MembersError';
  }
}

/**
 * The value of a JSON text, with an `ExactNumber` for each number that would be rounded. Of a text that is nested deeper
 * than `deepestNesting`, which no caller goes into, numbers are left to JSON.parse.
 *
 * @throws SyntaxError
 */
export function parseExact(text: string): unknown {
  return parse(text) ?? JSON.parse(text);
}

/** The value of a JSON text, as by `parseExact`. @throws SyntaxError, NestingError */
export function parseBounded(text: string): unknown {
  const value = parse(text);
  if (value === undefined) throw new NestingError();
  return value;
}

/** Whether a value is nested deeper than `deepestNesting`. */
export function isNestedTooDeeply(value: unknown): boolean {
  return typeof value === 'object' && value !== null && inspect(value, 1) === tooDeep;
}

/** The JSON text of a value, with exact numbers in it; undefined where JSON.stringify gives that. */
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

/** A copy of a value that a library is to write as JSON, for `unmark` to put the bare digits into what it wrote. */
export function markExact(value: unknown): unknown {
  if (value instanceof ExactNumber) return markOf(value.text);
  if (Array.isArray(value)) return value.map(markExact);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, markExact(part)]));
}

/** JSON in which bare digits stand where `markExact` has marked them. */
export function unmark(text: string): string {
  if (mark === undefined) return text;
  return text.replace(markedNumber, (whole, found, digits) => (found === mark ? digits : whole));
}

/** Set while `stringifyJson` writes. */
let writing: { hasExact: boolean } | undefined;

/**
 * Stands before digits that are written as a text in between. Nobody outside the process can know it. Made with the first
 * number that needs it.
 */
let mark: string | undefined;
const markedNumber = /"(exact:[0-9a-f-]{36}:)([-+.\deE]+)"/g;

function theMark(): string {
  mark ??= `exact:${randomUUID()}:`;
  return mark;
}
const markOf = (digits: string) => `${theMark()}${digits}`;

/** Undefined where it is nested too deep. */
function parse(text: string): unknown {
  const value: unknown = JSON.parse(text);
  const found = typeof value === 'object' && value !== null ? inspect(value, 1) : kindOf(value);
  if (found === tooDeep) return undefined;
  if (found === nothing || (found === small && !mayRound.test(text))) return value;
  const marked = markRounded(text);
  return marked === undefined ? value : withExact(JSON.parse(marked));
}

/*
 * What numbers a value holds, from what needs no further look to what needs one. A small integer cannot have been
 * rounded, but by losing a fraction or a negative exponent.
 */
const [nothing, small, other, tooDeep] = [0, 1, 2, 3] as const;
type Found = typeof nothing | typeof small | typeof other | typeof tooDeep;

const kindOf = (value: unknown): Found =>
  typeof value !== 'number' ? nothing : Number.isSafeInteger(value) ? small : other;

const mayRound = /[.eE]-?\d+(?:[eE][-+]?\d+)?(?:[\],}\s]|$)/;

/** @param level that the value itself is at */
function inspect(value: object, level: number): Found {
  let max: Found = nothing;
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

function inspectPart(part: unknown, level: number): Found {
  if (typeof part !== 'object' || part === null) return kindOf(part);
  return level === maxNesting ? tooDeep : inspect(part, level + 1);
}

const [quote, backslash, minus, zero, nine] = [0x22, 0x5c, 0x2d, 0x30, 0x39] as const;

/** A valid JSON text in which marked texts stand for the numbers that would be rounded; undefined where there are none. */
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

/** Digits, signs, the point and the exponent's letter. */
const isOfNumber = (code: number) =>
  (code >= zero && code <= nine) ||
  code === 0x2e ||
  code === 0x45 ||
  code === 0x65 ||
  code === 0x2b ||
  code === minus;

/** Digits that any JavaScript number keeps. */
const keptDigits = 15;
const ordinaryExponent = /^-?[\d.]+(?:[eE][-+]?\d{1,2})?$/;

function isRounded(digits: string): boolean {
  if (digits.length <= keptDigits && ordinaryExponent.test(digits)) return false;
  const value = Number(digits);
  return !Number.isFinite(value) || normalized(String(value)) !== normalized(digits);
}

/** A number as its digits from the first to the last that is not zero, and its exponent: equal for equal values. */
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

/** The value with exact numbers in the places of marked texts. It was just parsed, so that it is changed itself. */
function withExact(value: unknown): unknown {
  if (typeof value === 'string')
    return value.startsWith(theMark()) ? new ExactNumber(value.slice(theMark().length)) : value;
  if (Array.isArray(value)) {
    for (const [at, part] of value.entries()) value[at] = withExact(part);
  } else if (typeof value === 'object' && value !== null) {
    const object = value as Record<string, unknown>;
    // Only keys of its own are set, so that even `__proto__` is no more than a key.
    for (const [key, part] of Object.entries(object)) object[key] = withExact(part);
  }
  return value;
}
