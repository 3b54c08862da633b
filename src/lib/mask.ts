import { mayBeEscaped, searchDecoded } from './escaped-texts.ts';
import { type FoundSecret, formsOf, minMaskedLength, type SecretForm, type Span } from './secret-forms.ts';
import { withheld } from './secret-names.ts';

/** Masks every secret in a text; returns the same text if there is none. */
export interface Mask {
  (text: string): string;
  /** Whether any of these texts may hold a secret: cheaper for many texts than masking each. */
  mayHold(texts: readonly string[]): boolean;
  /** The secrets in a text. */
  secretsIn(text: string): ReadonlySet<string>;
}

/** Secrets, or a reusable index for many of them. */
export type Secrets = Iterable<string> | SecretIndex;

/**
 * Up to this many forms, searching for each in turn is faster than an index; and the number of secrets that never
 * exceeds it.
 */
const fewForms = 48;
const fewSecrets = 8;

/**
 * Creates a mask for these secrets, in plain form and in the encodings in which servers repeat requests; undefined
 * if there are none. Secrets that overlap in a text are masked as one, so that no part of either remains.
 */
export function maskFor(...sources: readonly Secrets[]): Mask | undefined {
  const indexes: SecretIndex[] = [];
  const secrets: string[] = [];
  for (const source of sources) {
    if (source instanceof SecretIndex && source.size > fewSecrets) indexes.push(source);
    else for (const secret of source) if (secret.length >= minMaskedLength) secrets.push(secret);
  }
  const [only] = secrets;
  if (only === undefined || secrets.length > 1 || indexes.length > 0) return makeMask(secrets, indexes);
  // Cached, since over HTTP the caller's token is usually the only secret, and each call creates several masks.
  const before = cachedMasks.get(only);
  if (before) return before;
  if (cachedMasks.size >= maxCached) cachedMasks.clear();
  const made = makeMask(secrets, indexes);
  if (made) cachedMasks.set(only, made);
  return made;
}

/** Masks of single secrets. */
const cachedMasks = new Map<string, Mask>();

function makeMask(secrets: readonly string[], indexes: SecretIndex[]): Mask | undefined {
  const few = secrets.flatMap(cacheForms);
  if (few.length > fewForms) {
    const index = new SecretIndex();
    for (const form of few) index.addForm(form);
    indexes.push(index);
    few.length = 0;
  }
  if (indexes.length === 0 && few.length === 0) return undefined;
  const find = (text: string): FoundSecret[] | undefined => {
    let found: FoundSecret[] | undefined;
    // Most texts hold no secret, so this check comes before other work.
    for (const form of few) if (text.includes(form.probe)) found = findForm(text, form, found);
    for (const index of indexes) found = index.find(text, found);
    return found;
  };
  const findAll = (text: string): FoundSecret[] | undefined => {
    let found = find(text);
    if (mayBeEscaped(text)) {
      searchDecoded(text, find, (spans, locate) => {
        const starts = locate();
        const located = spans.map(({ from, to, of }) => ({
          from: starts[from] as number,
          to: endOf(starts, to),
          of,
        }));
        found = [...(found ?? []), ...located];
      });
    }
    return found;
  };
  const mask = (text: string) => {
    if (text.length < minMaskedLength) return text;
    const found = findAll(text);
    return found ? maskSpans(text, found) : text;
  };
  const mayHold = (texts: readonly string[]) => {
    const all = texts.join('\n');
    if (find(all)) return true;
    if (!mayBeEscaped(all)) return false;
    // Separately, since long texts are decoded less deeply than short ones.
    return texts.some((text) => mayBeEscaped(text) && findAll(text) !== undefined);
  };
  const secretsIn = (text: string) => new Set(findAll(text)?.map(({ of }) => of));
  return Object.assign(mask, { mayHold, secretsIn });
}

/** Where the next character outside the same escape begins. */
function endOf(starts: Uint32Array, to: number): number {
  const last = starts[to - 1] as number;
  for (let at = to; at < starts.length; at += 1)
    if ((starts[at] as number) > last) return starts[at] as number;
  return last + 1;
}

function findForm(
  text: string,
  { of, probe, spanAt }: SecretForm,
  before: FoundSecret[] | undefined,
): FoundSecret[] | undefined {
  let found = before;
  for (let from = text.indexOf(probe); from !== -1; from = text.indexOf(probe, from + 1)) {
    const span = spanAt ? spanAt(text, from) : { from, to: from + probe.length };
    if (!span) continue;
    found ??= [];
    found.push({ ...span, of });
  }
  return found;
}

function maskSpans(text: string, spans: Span[]): string {
  spans.sort((one, other) => one.from - other.from || other.to - one.to);
  let masked = '';
  let end = 0;
  for (const { from, to } of spans) {
    if (from >= end) masked += text.slice(end, from) + withheld;
    end = Math.max(end, to);
  }
  return masked + text.slice(end);
}

/** Cached forms of secrets that many responses are masked for, such as the token in use. */
const cachedForms = new Map<string, readonly SecretForm[]>();
const maxCached = 200;

function cacheForms(secret: string): readonly SecretForm[] {
  const before = cachedForms.get(secret);
  if (before) return before;
  if (cachedForms.size >= maxCached) cachedForms.clear();
  const forms = formsOf(secret);
  cachedForms.set(secret, forms);
  return forms;
}

/** Size of the filter, in bits of the hash, by which most positions of a text are skipped. */
const filterBits = 20;
/** Removed forms after which the filter is rebuilt. */
const maxStale = 1 << (filterBits - 4);

/**
 * Indexes secrets by a hash of the last characters of each form, so that a text is scanned once for any number of
 * secrets. The last, since tokens of one kind start alike.
 */
export class SecretIndex implements Iterable<string> {
  readonly #secrets = new Set<string>();
  readonly #forms = new Map<number, SecretForm[]>();
  #filter = new Uint8Array(1 << (filterBits - 3));
  #stale = 0;

  get size(): number {
    return this.#secrets.size;
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#secrets.values();
  }

  add(secret: string): void {
    if (this.#secrets.has(secret)) return;
    this.#secrets.add(secret);
    if (secret.length >= minMaskedLength) for (const form of formsOf(secret)) this.addForm(form);
  }

  addForm(form: SecretForm): void {
    const hash = hashOfEnd(form.probe);
    const others = this.#forms.get(hash);
    if (others) others.push(form);
    else this.#forms.set(hash, [form]);
    this.#mark(hash);
  }

  delete(secret: string): void {
    if (!this.#secrets.delete(secret) || secret.length < minMaskedLength) return;
    for (const form of formsOf(secret)) {
      const hash = hashOfEnd(form.probe);
      const rest = this.#forms.get(hash) ?? [];
      const at = rest.findIndex((one) => one.probe === form.probe && one.of === form.of);
      if (at !== -1) rest.splice(at, 1);
      if (rest.length === 0) this.#forms.delete(hash);
      this.#stale += 1;
    }
    if (this.#stale < maxStale) return;
    this.#filter = new Uint8Array(this.#filter.length);
    this.#stale = 0;
    for (const hash of this.#forms.keys()) this.#mark(hash);
  }

  /** Finds secrets in a text, in addition to those found before. */
  find(text: string, before: FoundSecret[] | undefined): FoundSecret[] | undefined {
    let found = before;
    const filter = this.#filter;
    let hash = 0;
    for (let to = 0; to < text.length; to += 1) {
      hash = (Math.imul(hash, base) + text.charCodeAt(to)) | 0;
      if (to >= minMaskedLength)
        hash = (hash - Math.imul(text.charCodeAt(to - minMaskedLength), leaving)) | 0;
      const bit = bitOf(hash);
      if (((filter[bit >>> 3] as number) & (1 << (bit & 7))) === 0) continue;
      for (const form of this.#forms.get(hash) ?? []) {
        if (!text.endsWith(form.probe, to + 1)) continue;
        const from = to + 1 - form.probe.length;
        const span = form.spanAt ? form.spanAt(text, from) : { from, to: to + 1 };
        if (!span) continue;
        found ??= [];
        found.push({ ...span, of: form.of });
      }
    }
    return found;
  }

  #mark(hash: number): void {
    const bit = bitOf(hash);
    this.#filter[bit >>> 3] = (this.#filter[bit >>> 3] ?? 0) | (1 << (bit & 7));
  }
}

/* A rolling hash (Rabin-Karp) over as many characters as the shortest secret has. */
const base = 0x01000193;
const leaving = Array.from({ length: minMaskedLength }).reduce<number>((power) => Math.imul(power, base), 1);

function hashOfEnd(form: string): number {
  let hash = 0;
  for (let at = form.length - minMaskedLength; at < form.length; at += 1)
    hash = (Math.imul(hash, base) + form.charCodeAt(at)) | 0;
  return hash;
}

function bitOf(hash: number): number {
  return Math.imul(hash, 0x9e3779b1) >>> (32 - filterBits);
}
