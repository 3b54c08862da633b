import { parseExact } from './exact-json.ts';
import { collectGarbage } from './garbage-collection.ts';
import { getOrCreate } from './get-or-create.ts';
import { isJsonObject, mapKeys, mapTexts } from './json.ts';
import { type Member, membersOf, skipCharacters, skipSpace, skipValue } from './json-scanner.ts';

/*
 * Lazy parsing of large JSON texts. A proxy looks like the parsed value and reads it from the bytes on access: a
 * parsed tree takes several times the memory of its text, and most of it is never shown.
 */

/** Objects and arrays below this many bytes are parsed as a whole on first access. */
const LAZY_THRESHOLD = 32 * 1024;
/** Below this many bytes, they are parsed at once: a proxy would save no memory. */
const INLINE_THRESHOLD = 512;
/** Strings from this many bytes on are cached once read. */
const LONG_STRING_THRESHOLD = 64 * 1024;
/** Bytes of a long string decoded at a time: V8 does not move strings of this size, but copies smaller ones. */
const CHUNK_SIZE = 256 * 1024;
/** Bytes parsed between two garbage collections. */
const collectInterval = 3 * 1024 * 1024;

type Change = (text: string) => string;

/** The bytes, and the change to apply to each string. */
interface Source {
  readonly bytes: Buffer;
  /**
   * Decoded long strings by start position, before the change: most changes leave them equal, so that one string is
   * shared.
   */
  readonly texts: Map<number, string>;
  readonly change: Change | undefined;
  /** The last parsed value, which is often accessed several times in a row. */
  last: { readonly start: number; readonly value: unknown } | undefined;
}

interface Place {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

/** The property by which a proxy exposes its place in the bytes; a separate table would grow with each. */
const placeKey = Symbol('place');

/**
 * Returns the lazy value of a JSON text.
 *
 * @param bytes checked by a JsonValidator; otherwise later access may throw a SyntaxError
 * @throws SyntaxError when the text is obviously not JSON
 */
export function readLazily(bytes: Buffer): unknown {
  const isMarked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const start = skipSpace(bytes, isMarked ? 3 : 0);
  const end = skipValue(bytes, start);
  if (skipSpace(bytes, end) < bytes.length) throw new SyntaxError('Something follows the JSON.');
  return valueAt({ source: { bytes, texts: new Map(), change: undefined, last: undefined }, start, end });
}

/** Whether a value is lazy and too large to be read without need. */
export function isLarge(value: unknown): boolean {
  const place = placeOf(value);
  return place !== undefined && place.end - place.start >= LAZY_THRESHOLD;
}

/** Applies `change` to every string of a value: at once, or on access for lazy values. */
export function changeTexts(value: unknown, change: Change): unknown {
  const place = placeOf(value);
  if (!place) {
    if (Array.isArray(value)) return value.map((item) => changeTexts(item, change));
    if (!isJsonObject(value)) return mapTexts(value, change);
    const keys = mapKeys(Object.keys(value), change);
    return Object.fromEntries(
      Object.values(value).map((part, index) => [keys[index] as string, changeTexts(part, change)]),
    );
  }
  const { change: before, ...source } = place.source;
  const both: Change = before ? (text) => change(before(text)) : change;
  return valueAt({ ...place, source: { ...source, change: both, last: undefined } });
}

function placeOf(value: unknown): Place | undefined {
  return typeof value === 'object' && value !== null
    ? (value as { [placeKey]?: Place })[placeKey]
    : undefined;
}

function valueAt(place: Place): unknown {
  const { source, start, end } = place;
  const isList = source.bytes[start] === 0x5b;
  if ((!isList && source.bytes[start] !== 0x7b) || end - start < INLINE_THRESHOLD) return parse(place);
  return end - start < LAZY_THRESHOLD ? lazyValue(isList, place) : lazyMembers(isList, place);
}

function parse(place: Place): unknown {
  const { source, start, end } = place;
  const { bytes, change } = source;
  const isLong = bytes[start] === 0x22 && end - start >= LONG_STRING_THRESHOLD;
  if (!isLong) collectIfDue(end - start);
  const value = isLong ? longTextAt(place) : parseExact(bytes.toString('utf8', start, end));
  return change ? mapTexts(value, change) : value;
}

let parsed = 0;

/**
 * Collects garbage after much parsing. V8 treats what parsing leaves behind as old, and would keep it until the
 * heap has grown far more.
 */
function collectIfDue(bytes: number): void {
  parsed += bytes;
  if (parsed < collectInterval) return;
  parsed = 0;
  collectGarbage();
}

function longTextAt({ source: { bytes, texts }, start, end }: Place): string {
  return getOrCreate(texts, start, () => longTextOf(bytes, start, end));
}

/** Decoded in chunks: there is no memory for a second copy with its escapes. */
function longTextOf(bytes: Buffer, start: number, end: number): string {
  if (!bytes.subarray(start, end).includes(0x5c)) return bytes.toString('utf8', start + 1, end - 1);
  const pieces: string[] = [];
  for (let from = start + 1; from < end - 1; ) {
    const to = skipCharacters(bytes, from, Math.min(from + CHUNK_SIZE, end - 1));
    pieces.push(JSON.parse(`"${bytes.toString('utf8', from, to)}"`));
    from = to;
  }
  return pieces.join('');
}

function parseOnce(place: Place): object {
  const { source, start } = place;
  if (source.last?.start !== start) source.last = { start, value: parse(place) };
  return source.last.value as object;
}

/** A proxy whose value is parsed on access. */
function lazyValue(isList: boolean, place: Place): object {
  return new Proxy(isList ? [] : {}, {
    get: (_, key) => (key === placeKey ? place : Reflect.get(parseOnce(place), key)),
    has: (_, key) => Reflect.has(parseOnce(place), key),
    ownKeys: () => Reflect.ownKeys(parseOnce(place)),
    getOwnPropertyDescriptor: (_, key) => Reflect.getOwnPropertyDescriptor(parseOnce(place), key),
    ...readOnlyTraps,
  });
}

const readOnlyTraps = {
  set: () => false,
  defineProperty: () => false,
  deleteProperty: () => false,
};

/** A proxy for an array or object whose members are read one by one. */
function lazyMembers(isList: boolean, place: Place): object {
  let found: Members | undefined;
  const members = () => {
    found ??= new Members(place, isList);
    return found;
  };
  const isOwn = (key: string | symbol) => typeof key === 'string' && members().has(key);
  return new Proxy(isList ? [] : {}, {
    get: (target, key) => {
      if (key === placeKey) return place;
      if (isList && key === 'length') return members().count;
      return isOwn(key) ? members().get(key as string) : Reflect.get(target, key);
    },
    has: (target, key) => isOwn(key) || Reflect.has(target, key),
    ownKeys: () => (isList ? [...members().keys(), 'length'] : [...members().keys()]),
    getOwnPropertyDescriptor: (target, key) => {
      if (isList && key === 'length')
        return { ...Reflect.getOwnPropertyDescriptor(target, key), value: members().count };
      // Iteration reads the descriptor first, then the value.
      return isOwn(key)
        ? { value: undefined, writable: true, enumerable: true, configurable: true }
        : undefined;
    },
    ...readOnlyTraps,
  });
}

function withChangedKeys(places: Map<string, number>, change: Change): Map<string, number> {
  const keys = mapKeys([...places.keys()], change);
  return new Map([...places.values()].map((place, index) => [keys[index] as string, place]));
}

/** The positions of the members of an array or object. */
class Members {
  readonly count: number;
  readonly #source: Source;
  /** Start and end of each value. */
  readonly #ends: Uint32Array;
  /** For an object, the index of each key's value. The last duplicate wins, as in JSON.parse. */
  readonly #places: Map<string, number> | undefined;
  readonly #read = new Map<number, unknown>();

  constructor({ source, start }: Place, isList: boolean) {
    this.#source = source;
    const ends: number[] = [];
    const places = isList ? undefined : new Map<string, number>();
    const onMember = ({ key, start, end }: Member) => {
      places?.set(
        JSON.parse(source.bytes.toString('utf8', key, skipValue(source.bytes, key))),
        ends.length / 2,
      );
      ends.push(start, end);
    };
    membersOf(source.bytes, start, onMember);
    this.#ends = Uint32Array.from(ends);
    this.#places = places && source.change ? withChangedKeys(places, source.change) : places;
    this.count = ends.length / 2;
  }

  keys(): Iterable<string> {
    return this.#places?.keys() ?? Array.from({ length: this.count }, (_, index) => String(index));
  }

  has(key: string): boolean {
    return this.#at(key) !== undefined;
  }

  get(key: string): unknown {
    const at = this.#at(key) as number;
    if (this.#read.has(at)) return this.#read.get(at);
    const [start, end] = [this.#ends[2 * at] as number, this.#ends[2 * at + 1] as number];
    const value = valueAt({ source: this.#source, start, end });
    if (end - start >= (typeof value === 'string' ? LONG_STRING_THRESHOLD : LAZY_THRESHOLD))
      this.#read.set(at, value);
    return value;
  }

  #at(key: string): number | undefined {
    if (this.#places) return this.#places.get(key);
    return /^(0|[1-9]\d*)$/.test(key) && Number(key) < this.count ? Number(key) : undefined;
  }
}
