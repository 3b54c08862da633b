/*
 * Finds where values begin and end in a JSON text in UTF-8. Its syntax characters are ASCII, and no other character
 * contains ASCII bytes.
 */

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a] as const;
const unicode = 0x75;
const [openObject, closeObject, openList, closeList] = [0x7b, 0x7d, 0x5b, 0x5d] as const;

/** A member of an array or object. */
export interface Member {
  /** Where its key begins; in an array, where the value begins. */
  readonly key: number;
  readonly start: number;
  readonly end: number;
}

export function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && isSpace(bytes[at] as number)) at += 1;
  return at;
}

const isSpace = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** The end of the value that begins here. @throws SyntaxError */
export function skipValue(bytes: Uint8Array, from: number): number {
  const first = bytes[from];
  if (first === quote) return skipText(bytes, from);
  if (first !== openObject && first !== openList) return skipWord(bytes, from);
  let depth = 0;
  let at = from;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === quote) {
      at = skipText(bytes, at);
      continue;
    }
    at += 1;
    if (byte === openObject || byte === openList) depth += 1;
    else if (byte === closeObject || byte === closeList) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  throw new SyntaxError('The JSON ends too early.');
}

function skipText(bytes: Uint8Array, from: number): number {
  let at = from + 1;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === quote) return at + 1;
    at += byte === backslash ? 2 : 1;
  }
  throw new SyntaxError('A text of the JSON does not end.');
}

/** The start of the first character of a string at or after `min`. */
export function skipCharacters(bytes: Uint8Array, from: number, min: number): number {
  let at = from;
  while (at < min) at += bytes[at] !== backslash ? 1 : bytes[at + 1] === unicode ? 6 : 2;
  while (((bytes[at] as number) & 0xc0) === 0x80) at += 1;
  return at;
}

/** A number, `true`, `false` or `null`. */
function skipWord(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length) {
    const byte = bytes[at] as number;
    if (byte === comma || byte === closeObject || byte === closeList || isSpace(byte)) break;
    at += 1;
  }
  if (at === from) throw new SyntaxError('The JSON lacks a value.');
  return at;
}

/** Calls `onMember` for each member of the array or object that begins here. @throws SyntaxError */
export function membersOf(bytes: Uint8Array, from: number, onMember: (member: Member) => void): void {
  const isList = bytes[from] === openList;
  const close = isList ? closeList : closeObject;
  let at = skipSpace(bytes, from + 1);
  if (bytes[at] === close) return;
  for (;;) {
    const key = at;
    if (!isList) {
      if (bytes[at] !== quote) throw new SyntaxError('The JSON lacks a key.');
      at = skipSpace(bytes, skipText(bytes, at));
      if (bytes[at] !== colon) throw new SyntaxError('The JSON lacks a colon.');
      at = skipSpace(bytes, at + 1);
    }
    const end = skipValue(bytes, at);
    onMember({ key, start: at, end });
    at = skipSpace(bytes, end);
    if (bytes[at] === close) return;
    if (bytes[at] !== comma) throw new SyntaxError('The JSON lacks a comma.');
    at = skipSpace(bytes, at + 1);
  }
}
