import { withheld } from './secret-names.ts';

/** Shorter values are words that stand in texts by chance; masking them would spoil the text. */
export const shortestMasked = 6;

/** Gives a text with every secret in it masked; the very same text where there is none. */
export type Mask = (text: string) => string;

/** Secrets, or an index of them where they are many and stay the same for longer. */
export type Secrets = Iterable<string> | SecretIndex;

/** Forms up to which it is faster to look for one after the other, and secrets of which there are surely no more. */
const fewForms = 32;
const fewSecrets = 8;

/**
 * A mask for these secrets, in clear and in the forms that servers repeat requests in. Undefined where there is none to
 * mask. Secrets that overlap in a text are masked as one, so that nothing is left of either.
 */
export function maskFor(...sources: readonly Secrets[]): Mask | undefined {
  const indexes: SecretIndex[] = [];
  const few: string[] = [];
  for (const source of sources) {
    if (source instanceof SecretIndex && source.size > fewSecrets) indexes.push(source);
    else for (const secret of source) if (secret.length >= shortestMasked) few.push(...rememberForms(secret));
  }
  if (few.length > fewForms) {
    const index = new SecretIndex();
    for (const form of few) index.addForm(form);
    indexes.push(index);
    few.length = 0;
  }
  if (indexes.length === 0 && few.length === 0) return undefined;
  return (text) => {
    if (text.length < shortestMasked) return text;
    let found: Span[] | undefined;
    // Nearly no text holds one, so little is done before that is known.
    for (const form of few) if (text.includes(form)) found = findForm(text, form, found);
    for (const index of indexes) found = index.find(text, found);
    return found ? maskSpans(text, found) : text;
  };
}

interface Span {
  readonly from: number;
  readonly to: number;
}

function findForm(text: string, form: string, found: Span[] = []): Span[] {
  for (let from = text.indexOf(form); from !== -1; from = text.indexOf(form, from + 1))
    found.push({ from, to: from + form.length });
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

/** Forms of secrets that are masked in many answers, such as those of the token in use. */
const rememberedForms = new Map<string, readonly string[]>();
const mostRemembered = 200;

/** The forms of a secret that are looked for: each has as many characters as the secret, or more. */
function formsOf(secret: string): readonly string[] {
  const base64 = Buffer.from(secret)
    .toString('base64')
    .replace(/={1,2}$/, '');
  if (/^[\w.~!*'()-]+$/.test(secret)) return [secret, base64].filter(isSearched);
  const escaped = JSON.stringify(secret).slice(1, -1);
  // Half a surrogate pair has no encoding.
  const encoded = encodeURIComponent(secret.replace(/\p{Surrogate}/gu, '\ufffd'));
  return [...new Set([secret, escaped, encoded, base64])].filter(isSearched);
}

function rememberForms(secret: string): readonly string[] {
  const before = rememberedForms.get(secret);
  if (before) return before;
  if (rememberedForms.size >= mostRemembered) rememberedForms.clear();
  const forms = formsOf(secret);
  rememberedForms.set(secret, forms);
  return forms;
}

/** Part of the mask itself would be found in what is masked. */
function isSearched(form: string): boolean {
  return !withheld.includes(form);
}

/** Bits by which most places of a text are passed over. */
const filterBits = 20;
/** Forms after which bits of those that are gone are cleared. */
const mostStale = 1 << (filterBits - 4);

/**
 * Secrets by the hash of the last characters of each of their forms: a text is looked through once, however many there are.
 * By the last, since tokens of one kind begin alike.
 */
export class SecretIndex implements Iterable<string> {
  readonly #secrets = new Set<string>();
  readonly #forms = new Map<number, string[]>();
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
    if (secret.length >= shortestMasked) for (const form of formsOf(secret)) this.addForm(form);
  }

  /** A form that is looked for as it is. */
  addForm(form: string): void {
    const hash = hashOfEnd(form);
    const others = this.#forms.get(hash);
    if (others) others.push(form);
    else this.#forms.set(hash, [form]);
    this.#mark(hash);
  }

  delete(secret: string): void {
    if (!this.#secrets.delete(secret) || secret.length < shortestMasked) return;
    for (const form of formsOf(secret)) {
      const hash = hashOfEnd(form);
      const rest = this.#forms.get(hash) ?? [];
      const at = rest.indexOf(form);
      if (at !== -1) rest.splice(at, 1);
      if (rest.length === 0) this.#forms.delete(hash);
      this.#stale += 1;
    }
    if (this.#stale < mostStale) return;
    this.#filter = new Uint8Array(this.#filter.length);
    this.#stale = 0;
    for (const hash of this.#forms.keys()) this.#mark(hash);
  }

  /** Where in a text secrets stand, beside what was found there before. */
  find(text: string, before: Span[] | undefined): Span[] | undefined {
    let found = before;
    const filter = this.#filter;
    let hash = 0;
    for (let to = 0; to < text.length; to += 1) {
      hash = (Math.imul(hash, base) + text.charCodeAt(to)) | 0;
      if (to >= shortestMasked) hash = (hash - Math.imul(text.charCodeAt(to - shortestMasked), leaving)) | 0;
      const bit = bitOf(hash);
      if (((filter[bit >>> 3] as number) & (1 << (bit & 7))) === 0) continue;
      for (const form of this.#forms.get(hash) ?? []) {
        if (!text.endsWith(form, to + 1)) continue;
        found ??= [];
        found.push({ from: to + 1 - form.length, to: to + 1 });
      }
    }
    return found;
  }

  #mark(hash: number): void {
    const bit = bitOf(hash);
    this.#filter[bit >>> 3] = (this.#filter[bit >>> 3] ?? 0) | (1 << (bit & 7));
  }
}

/* A rolling hash (Rabin and Karp) of as many characters as the shortest secret has. */
const base = 0x01000193;
const leaving = Array.from({ length: shortestMasked }).reduce<number>((power) => Math.imul(power, base), 1);

function hashOfEnd(form: string): number {
  let hash = 0;
  for (let at = form.length - shortestMasked; at < form.length; at += 1)
    hash = (Math.imul(hash, base) + form.charCodeAt(at)) | 0;
  return hash;
}

function bitOf(hash: number): number {
  return Math.imul(hash, 0x9e3779b1) >>> (32 - filterBits);
}
