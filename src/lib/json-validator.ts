import { MembersError, maxNesting, NestingError } from './exact-json.ts';

/* States between values; up to `afterValue`, white space may follow. */
const [value, valueOrEnd, key, keyOrEnd, colon, afterValue] = [0, 1, 2, 3, 4, 5] as const;
/* States inside a string, a literal or the byte order mark. */
const [inText, escaped, unicode, literal] = [6, 7, 8, 9] as const;
/* States inside a number: the last part read. From `leadingZero` on, the number may end. */
const [sign, point, exponent, exponentSign] = [10, 11, 12, 13] as const;
const [leadingZero, whole, fraction, exponentDigits] = [14, 15, 16, 17] as const;
const byteOrderMark = 18;

const [quote, backslash, minus, plus, comma, dot, zero, nine] = [
  0x22, 0x5c, 0x2d, 0x2b, 0x2c, 0x2e, 0x30, 0x39,
] as const;
const [openObject, closeObject, openList, closeList] = [0x7b, 0x7d, 0x5b, 0x5d] as const;

const literals: Readonly<Record<number, readonly number[]>> = {
  116: [...Buffer.from('rue')],
  102: [...Buffer.from('alse')],
  110: [...Buffer.from('ull')],
};
const escapes = new Set(Buffer.from('"\\/bfnrt'));
const marks = [0xef, 0xbb, 0xbf] as const;

/** Maximum number of values in a JSON text: a parsed value takes far more memory than its text. */
export interface MembersLimit {
  /** In total: commas and opening brackets. */
  readonly all: number;
  /** In one array or object. */
  readonly inOne: number;
}

/**
 * Validates a JSON text in UTF-8 that arrives in chunks, in one pass and without recursion. It accepts what
 * JSON.parse accepts, after an optional byte order mark, unless it is nested deeper than `maxNesting` or holds too
 * many values.
 */
export class JsonValidator {
  #state: number = value;
  /** For each open level, whether it is an object. */
  readonly #isObject: boolean[] = [];
  /** Whether the current string is a key. */
  #isKey = false;
  /** Remaining bytes of a literal. */
  #rest: readonly number[] = [];
  /** Bytes read of an escape or a byte order mark. */
  #done = 0;
  #isAtStart = true;
  readonly #limit: MembersLimit;
  #members = 0;
  /** Members of the current array or object, and of those around it. */
  #inOne = 0;
  readonly #outer: number[] = [];

  constructor(limit: MembersLimit) {
    this.#limit = limit;
  }

  /** Validates the next chunk. @throws SyntaxError, NestingError, MembersError */
  push(bytes: Uint8Array): void {
    let at = 0;
    if (this.#isAtStart && bytes.length > 0) {
      this.#isAtStart = false;
      if (bytes[0] === marks[0]) this.#state = byteOrderMark;
    }
    while (at < bytes.length) {
      if (this.#state === inText) {
        at = this.#skipText(bytes, at);
        continue;
      }
      const byte = bytes[at] as number;
      if (this.#mayEndNumber()) {
        if (this.#continuesNumber(byte)) at += 1;
        // The byte after a number is processed again.
        else this.#state = afterValue;
      } else {
        this.#take(byte);
        at += 1;
      }
    }
  }

  /** Ends the text. @throws SyntaxError */
  end(): void {
    const isEnd = this.#state === afterValue || this.#mayEndNumber();
    if (this.#isObject.length > 0 || !isEnd) throw broken();
  }

  /** Whether the current number may end here. */
  #mayEndNumber(): boolean {
    return this.#state >= leadingZero && this.#state <= exponentDigits;
  }

  /** Skips a string to its end or its next escape. */
  #skipText(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length) {
      const byte = bytes[at] as number;
      if (byte === quote) {
        this.#state = this.#isKey ? colon : afterValue;
        return at + 1;
      }
      if (byte === backslash) {
        this.#state = escaped;
        return at + 1;
      }
      if (byte < 0x20) throw broken();
      at += 1;
    }
    return at;
  }

  /** Whether a byte continues a number that could end. */
  #continuesNumber(byte: number): boolean {
    const state = this.#state;
    if (isDigit(byte)) return state !== leadingZero;
    if (byte === dot && (state === leadingZero || state === whole)) this.#state = point;
    else if ((byte | 0x20) === 0x65 && state !== exponentDigits) this.#state = exponent;
    else return false;
    return true;
  }

  #take(byte: number): void {
    switch (this.#state) {
      case escaped:
        if (byte !== 0x75 && !escapes.has(byte)) throw broken();
        this.#state = byte === 0x75 ? unicode : inText;
        this.#done = 0;
        return;
      case unicode:
        if (!isHex(byte)) throw broken();
        this.#done += 1;
        if (this.#done === 4) this.#state = inText;
        return;
      case literal:
        if (byte !== this.#rest[0]) throw broken();
        this.#rest = this.#rest.slice(1);
        if (this.#rest.length === 0) this.#state = afterValue;
        return;
      case sign:
        if (!isDigit(byte)) throw broken();
        this.#state = byte === zero ? leadingZero : whole;
        return;
      case point:
        if (!isDigit(byte)) throw broken();
        this.#state = fraction;
        return;
      case exponent:
        if (byte === plus || byte === minus) this.#state = exponentSign;
        else if (isDigit(byte)) this.#state = exponentDigits;
        else throw broken();
        return;
      case exponentSign:
        if (!isDigit(byte)) throw broken();
        this.#state = exponentDigits;
        return;
      case byteOrderMark:
        if (byte !== marks[this.#done]) throw broken();
        this.#done += 1;
        if (this.#done === marks.length) this.#state = value;
        return;
      default:
        if (!isSpace(byte)) this.#takeStructure(byte);
    }
  }

  /** Handles a byte between values. */
  #takeStructure(byte: number): void {
    const state = this.#state;
    const isKey = state === key || state === keyOrEnd;
    if (state === afterValue) this.#takeAfterValue(byte);
    else if (state === colon) {
      if (byte !== 0x3a) throw broken();
      this.#state = value;
    } else if (byte === closeObject && state === keyOrEnd) this.#close();
    else if (byte === closeList && state === valueOrEnd) this.#close();
    else if (byte === quote) {
      this.#isKey = isKey;
      this.#state = inText;
    } else if (isKey) throw broken();
    else this.#beginValue(byte);
  }

  #takeAfterValue(byte: number): void {
    const isObject = this.#isObject.at(-1);
    if (isObject === undefined) throw broken();
    if (byte === comma) {
      this.#state = isObject ? key : value;
      this.#inOne += 1;
      this.#count();
      if (this.#inOne >= this.#limit.inOne) throw new MembersError();
    } else if (byte === (isObject ? closeObject : closeList)) this.#close();
    else throw broken();
  }

  #beginValue(byte: number): void {
    const rest = literals[byte];
    if (byte === openObject || byte === openList) this.#open(byte === openObject);
    else if (byte === minus) this.#state = sign;
    else if (isDigit(byte)) this.#state = byte === zero ? leadingZero : whole;
    else if (rest) {
      this.#rest = rest;
      this.#state = literal;
    } else throw broken();
  }

  #count(): void {
    this.#members += 1;
    if (this.#members > this.#limit.all) throw new MembersError();
  }

  #open(isObject: boolean): void {
    if (this.#isObject.length === maxNesting) throw new NestingError();
    this.#count();
    this.#isObject.push(isObject);
    this.#outer.push(this.#inOne);
    this.#inOne = 0;
    this.#state = isObject ? keyOrEnd : valueOrEnd;
  }

  #close(): void {
    this.#isObject.pop();
    this.#inOne = this.#outer.pop() ?? 0;
    this.#state = afterValue;
  }
}

/** Does not quote the text, which may be secret. */
const broken = () => new SyntaxError('This is not JSON.');

const isDigit = (byte: number) => byte >= zero && byte <= nine;
const isHex = (byte: number) => isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
const isSpace = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
