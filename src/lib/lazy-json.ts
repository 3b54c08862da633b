import { parseExact } from './exact-json.ts';
import { collectGarbage } from './garbage-collection.ts';
import { isJsonObject, mapKeys, mapTexts } from './json.ts';
import { type Member, membersOf, skipCharacters, skipSpace, skipValue } from './json-scanner.ts';

/*
 * A large JSON text that stays bytes: what looks like its value is read from them when it is looked at. A parsed tree
 * takes several times the room of its text, and hardly any of it is ever shown.
 */

/** Bytes below which an object or list is parsed whole, as soon as it is looked into. */
const LAZY_THRESHOLD = 32 * 1024;
/** Bytes below which it is parsed at once: it would take no less room unread. */
const INLINE_THRESHOLD = 512;
/** Bytes of a text from which on it is kept once read. */
const longText = 64 * 1024;
/** Bytes of a long text that are read at a time: V8 leaves what is as large where it is, and copies what is smaller. */
const CHUNK_SIZE = 256 * 1024;
/** Bytes that are parsed before what is no longer used of that is collected. */
const step = 3 * 1024 * 1024;

type Change = (text: string) => string;

/** The bytes, and what is done to each text that is read from them. */
interface Source {
  readonly bytes: Buffer;
  /** Long texts as they are without a change, by where they begin: most changes leave them so, and share one then. */
  readonly texts: Map<number, string>;
  readonly change: Change | undefined;
  /** What was parsed last: one is often looked at several times in a row. */
  last: { readonly start: number; readonly value: unknown } | undefined;
}

interface Place {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

/** By which an unread value tells where it is; a table beside would grow by each. */
const placed = Symbol('place');

/**
 * The value of a JSON text, unread.
 *
 * @param bytes that have passed a JsonValidator; of others, what is looked at later may throw a SyntaxError
 * @throws SyntaxError when it is not JSON at a glance
 */
export function readLazily(bytes: Buffer): unknown {
  const isMarked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const start = skipSpace(bytes, isMarked ? 3 : 0);
  const end = skipValue(bytes, start);
  if (skipSpace(bytes, end) < bytes.length) throw new SyntaxError('Something follows the JSON.');
  return valueAt({ source: { bytes, texts: new Map(), change: undefined, last: undefined }, start, end });
}

/** Whether a value is unread, and too large to be read whole without need. */
export function isLarge(value: unknown): boolean {
  const place = placeOf(value);
  return place !== undefined && place.end - place.start >= LAZY_THRESHOLD;
}

/** A JSON value with every text replaced by what `change` gives for it: at once, or as soon as it is read. */
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
  return typeof value === 'object' && value !== null ? (value as { [placed]?: Place })[placed] : undefined;
}

function valueAt(place: Place): unknown {
  const { source, start, end } = place;
  const isList = source.bytes[start] === 0x5b;
  if ((!isList && source.bytes[start] !== 0x7b) || end - start < INLINE_THRESHOLD) return parse(place);
  return end - start < LAZY_THRESHOLD ? inspect(isList, place) : inspectMembers(isList, place);
}

function parse(place: Place): unknown {
  const { source, start, end } = place;
  const { bytes, change } = source;
  const isLong = bytes[start] === 0x22 && end - start >= longText;
  if (!isLong) tidyUp(end - start);
  const value = isLong ? longTextAt(place) : parseExact(bytes.toString('utf8', start, end));
  return change ? mapTexts(value, change) : value;
}

let parsed = 0;

/**
 * What parsing thousands of objects leaves behind counts as old for V8, which keeps it until the heap has grown by far
 * more than it is worth.
 */
function tidyUp(bytes: number): void {
  parsed += bytes;
  if (parsed < step) return;
  parsed = 0;
  collectGarbage();
}

function longTextAt({ source: { bytes, texts }, start, end }: Place): string {
  const text = texts.get(start) ?? longTextOf(bytes, start, end);
  texts.set(start, text);
  return text;
}

/** Read piece by piece: beside a long text there is no room for itself with its escapes. */
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

/** What behaves like the value that is parsed when it is looked at. */
function inspect(isList: boolean, place: Place): object {
  return new Proxy(isList ? [] : {}, {
    get: (_, key) => (key === placed ? place : Reflect.get(parseOnce(place), key)),
    has: (_, key) => Reflect.has(parseOnce(place), key),
    ownKeys: () => Reflect.ownKeys(parseOnce(place)),
    getOwnPropertyDescriptor: (_, key) => Reflect.getOwnPropertyDescriptor(parseOnce(place), key),
    ...unchangeable,
  });
}

const unchangeable = {
  set: () => false,
  defineProperty: () => false,
  deleteProperty: () => false,
};

/** What behaves like a list or object whose members are read one by one. */
function inspectMembers(isList: boolean, place: Place): object {
  let found: Members | undefined;
  const members = () => {
    found ??= new Members(place, isList);
    return found;
  };
  const isOwn = (key: string | symbol) => typeof key === 'string' && members().has(key);
  return new Proxy(isList ? [] : {}, {
    get: (target, key) => {
      if (key === placed) return place;
      if (isList && key === 'length') return members().count;
      return isOwn(key) ? members().get(key as string) : Reflect.get(target, key);
    },
    has: (target, key) => isOwn(key) || Reflect.has(target, key),
    ownKeys: () => (isList ? [...members().keys(), 'length'] : [...members().keys()]),
    getOwnPropertyDescriptor: (target, key) => {
      if (isList && key === 'length')
        return { ...Reflect.getOwnPropertyDescriptor(target, key), value: members().count };
      // Whoever goes through all entries asks for this first, and for the value then.
      return isOwn(key)
        ? { value: undefined, writable: true, enumerable: true, configurable: true }
        : undefined;
    },
    ...unchangeable,
  });
}

function withChangedKeys(places: Map<string, number>, change: Change): Map<string, number> {
  const keys = mapKeys([...places.keys()], change);
  return new Map([...places.values()].map((place, index) => [keys[index] as string, place]));
}

/** Where the members of a list or object are. */
class Members {
  readonly count: number;
  readonly #source: Source;
  /** Start and end of each value. */
  readonly #ends: Uint32Array;
  /** Of an object: which value each key has. The last one counts, as for JSON.parse. */
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
    if (end - start >= (typeof value === 'string' ? longText : LAZY_THRESHOLD)) this.#read.set(at, value);
    return value;
  }

  #at(key: string): number | undefined {
    if (this.#places) return this.#places.get(key);
    return /^(0|[1-9]\d*)$/.test(key) && Number(key) < this.count ? Number(key) : undefined;
  }
}
