import { mayBeEscaped, searchDecoded } from './escaped-texts.ts';
import { type FoundSecret, formsOf, minMaskedLength, type SecretForm, type Span } from './secret-forms.ts';
import { withheld } from './secret-names.ts';

/** Gives a text with every secret in it masked; the very same text where there is none. */
export interface Mask {
  (text: string): string;
  /** Whether one of these texts may hold a secret. Asked once for many texts, it costs less than masking each. */
  mayHold(texts: readonly string[]): boolean;
  /** The secrets that a text holds. */
  secretsIn(text: string): ReadonlySet<string>;
}

/** Secrets, or an index of them where they are many and stay the same for longer. */
export type Secrets = Iterable<string> | SecretIndex;

/** Forms up to which it is faster to look for one after the other, and secrets of which there are surely no more. */
const fewForms = 48;
const fewSecrets = 8;

/**
 * A mask for these secrets, in clear and in the forms that servers repeat requests in. Undefined where there is none to
 * mask. Secrets that overlap in a text are masked as one, so that nothing is left of either.
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
  // Over HTTP the caller's token is nearly always all there is, and several masks are asked for in each call.
  const before = rememberedMasks.get(only);
  if (before) return before;
  if (rememberedMasks.size >= maxRemembered) rememberedMasks.clear();
  const made = makeMask(secrets, indexes);
  if (made) rememberedMasks.set(only, made);
  return made;
}

/** Masks for one secret. */
const rememberedMasks = new Map<string, Mask>();

function makeMask(secrets: readonly string[], indexes: SecretIndex[]): Mask | undefined {
  const few = secrets.flatMap(rememberForms);
  if (few.length > fewForms) {
    const index = new SecretIndex();
    for (const form of few) index.addForm(form);
    indexes.push(index);
    few.length = 0;
  }
  if (indexes.length === 0 && few.length === 0) return undefined;
  const find = (text: string): FoundSecret[] | undefined => {
    let found: FoundSecret[] | undefined;
    // Nearly no text holds one, so little is done before that is known.
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
    // One by one, since a long text is not read back as often as a short one.
    return texts.some((text) => mayBeEscaped(text) && findAll(text) !== undefined);
  };
  const secretsIn = (text: string) => new Set(findAll(text)?.map(({ of }) => of));
  return Object.assign(mask, { mayHold, secretsIn });
}

/** Where the next character begins that does not belong to the same escape. */
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

/** Forms of secrets that are masked in many answers, such as those of the token in use. */
const rememberedForms = new Map<string, readonly SecretForm[]>();
const maxRemembered = 200;

function rememberForms(secret: string): readonly SecretForm[] {
  const before = rememberedForms.get(secret);
  if (before) return before;
  if (rememberedForms.size >= maxRemembered) rememberedForms.clear();
  const forms = formsOf(secret);
  rememberedForms.set(secret, forms);
  return forms;
}

/** Bits by which most places of a text are passed over. */
const filterBits = 20;
/** Forms after which bits of those that are gone are cleared. */
const maxStale = 1 << (filterBits - 4);

/**
 * Secrets by the hash of the last characters of each of their forms: a text is looked through once, however many there are.
 * By the last, since tokens of one kind begin alike.
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

  /** Where in a text secrets stand, beside what was found there before. */
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

/* A rolling hash (Rabin and Karp) of as many characters as the shortest secret has. */
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
