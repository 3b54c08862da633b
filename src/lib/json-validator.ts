import { MembersError, maxNesting, NestingError } from './exact-json.ts';

/* What comes next in the text. In those up to `afterValue`, white space may. */
const [value, valueOrEnd, key, keyOrEnd, colon, afterValue] = [0, 1, 2, 3, 4, 5] as const;
/* Inside a text, a literal or the mark at the start. */
const [inText, escaped, unicode, literal] = [6, 7, 8, 9] as const;
/* Of a number, what was last; behind `leadingZero` and those after it a number may end. */
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

/** How many values a JSON text may hold: a value takes far more room than the two bytes it may have in a text. */
export interface MembersLimit {
  /** In all: commas, and brackets that open. */
  readonly all: number;
  /** In one list or object. */
  readonly inOne: number;
}

/**
 * Checks a JSON text in UTF-8 that arrives in pieces, in one pass and without recursion. It takes what JSON.parse takes,
 * behind a byte order mark if there is one, and nothing that is nested deeper than `deepestNesting` or
 * holds more values than it may.
 */
export class JsonValidator {
  #state: number = value;
  /** Levels that are open: whether each is an object. */
  readonly #isObject: boolean[] = [];
  /** Whether the text that is read now is a key. */
  #isKey = false;
  /** What is left of a literal. */
  #rest: readonly number[] = [];
  /** Of an escape or a byte order mark, how many bytes are done. */
  #done = 0;
  #isAtStart = true;
  readonly #limit: MembersLimit;
  #members = 0;
  /** Of the list or object that is read now, and of those around it. */
  #inOne = 0;
  readonly #outer: number[] = [];

  constructor(limit: MembersLimit) {
    this.#limit = limit;
  }

  /** Takes the next piece. @throws SyntaxError, NestingError, MembersError */
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
      if (this.#isPerhapsWhole()) {
        if (this.#goesOn(byte)) at += 1;
        // What ends a number is looked at again.
        else this.#state = afterValue;
      } else {
        this.#take(byte);
        at += 1;
      }
    }
  }

  /** Says that there is no more. @throws SyntaxError */
  end(): void {
    const isEnd = this.#state === afterValue || this.#isPerhapsWhole();
    if (this.#isObject.length > 0 || !isEnd) throw broken();
  }

  /** Whether a number is read that may end here. */
  #isPerhapsWhole(): boolean {
    return this.#state >= leadingZero && this.#state <= exponentDigits;
  }

  /** Behind the bytes of a text that need no look: as far as its end or its next escape. */
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

  /** Whether a number that could end goes on with a byte. */
  #goesOn(byte: number): boolean {
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
        if (!isSpace(byte)) this.#takeSign(byte);
    }
  }

  /** Between values, keys and signs. */
  #takeSign(byte: number): void {
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

/** Says nothing of what the text holds: it may be secret. */
const broken = () => new SyntaxError('This is not JSON.');

const isDigit = (byte: number) => byte >= zero && byte <= nine;
const isHex = (byte: number) => isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
const isSpace = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
