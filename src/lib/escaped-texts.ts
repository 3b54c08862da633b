import { namedEntities } from './html-entities.ts';

/*
 * Decodes texts with escaped characters (JSON, URLs and forms, HTML) to find secrets in them. Writers escape
 * differently, so texts are decoded rather than secrets encoded in every possible way.
 */

interface Escaping {
  readonly escaped: RegExp;
  readonly decode: (sequence: string) => string;
}

const shortEscapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** JSON, and similar escapes of programming languages (`\x26`). */
const json: Escaping = {
  escaped: /\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|["'\\/bfnrt])/g,
  decode: (sequence) => {
    const marker = sequence.charAt(1);
    if (sequence.length > 2) return String.fromCharCode(Number.parseInt(sequence.slice(2), 16));
    return shortEscapes[marker] ?? marker;
  },
};

/** URLs and forms: one UTF-8 character of one to four bytes. */
const percent: Escaping = {
  escaped:
    /%(?:[0-7][0-9a-f]|[cd][0-9a-f]%[89ab][0-9a-f]|e[0-9a-f](?:%[89ab][0-9a-f]){2}|f[0-7](?:%[89ab][0-9a-f]){3})/gi,
  decode: (sequence) => Buffer.from(sequence.replaceAll('%', ''), 'hex').toString('utf8'),
};

const html: Escaping = {
  escaped: /&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,12}\d{0,2});/g,
  decode: (sequence) => {
    const name = sequence.slice(1, -1);
    if (!name.startsWith('#')) return namedEntities.get(name) ?? sequence;
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code <= 0x10ffff ? String.fromCodePoint(code) : sequence;
  },
};

/** By the character that starts an escape. */
const escapings: readonly (readonly [string, Escaping])[] = [
  ['\\', json],
  ['%', percent],
  ['&', html],
];

/** Maximum nesting of encodings, such as a URL in JSON in HTML. */
const maxDepth = 3;
/** Longer texts are decoded only once: each further level multiplies the work. */
const maxNestedLength = 64 * 1024;

/** Whether a text may hold an escaped character; most do not. */
export function mayBeEscaped(text: string): boolean {
  return text.includes('\\') || text.includes('%') || text.includes('&');
}

/**
 * Searches all decodings of a text, nested and in any order.
 *
 * @param find searches a decoded text; a result is passed to `onFound` with a function that maps positions back to
 * the original
 */
export function searchDecoded<Found>(
  text: string,
  find: (decoded: string) => Found | undefined,
  onFound: (found: Found, locate: () => Uint32Array) => void,
): void {
  const seen = new Set([text]);
  search(text, undefined, text.length > maxNestedLength ? 1 : maxDepth, seen, find, onFound);
}

function search<Found>(
  text: string,
  before: (() => Uint32Array) | undefined,
  depth: number,
  seen: Set<string>,
  find: (decoded: string) => Found | undefined,
  onFound: (found: Found, locate: () => Uint32Array) => void,
): void {
  for (const [marker, escaping] of escapings) {
    if (!text.includes(marker)) continue;
    const decoded = text.replace(escaping.escaped, escaping.decode);
    if (seen.has(decoded)) continue;
    seen.add(decoded);
    let starts: Uint32Array | undefined;
    const locate = () => {
      starts ??= startsIn(text, escaping, before?.());
      return starts;
    };
    const found = find(decoded);
    if (found !== undefined) onFound(found, locate);
    if (depth > 1) search(decoded, locate, depth - 1, seen, find, onFound);
  }
}

/** Maps positions in a decoded text to the original, through `before` if that was itself decoded. */
function startsIn(text: string, { escaped, decode }: Escaping, before: Uint32Array | undefined): Uint32Array {
  const starts: number[] = [];
  const inOriginal = (at: number) => (before ? (before[at] as number) : at);
  let from = 0;
  const copy = (to: number) => {
    for (; from < to; from += 1) starts.push(inOriginal(from));
  };
  for (const match of text.matchAll(escaped)) {
    copy(match.index);
    const [sequence] = match;
    const { length } = decode(sequence);
    for (let unit = 0; unit < length; unit += 1) starts.push(inOriginal(match.index));
    from = match.index + sequence.length;
  }
  copy(text.length);
  starts.push(inOriginal(text.length));
  return Uint32Array.from(starts);
}
