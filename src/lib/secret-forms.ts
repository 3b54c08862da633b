import { withheld } from './secret-names.ts';

/** Shorter values occur in texts by chance; masking them would damage the text. */
export const minMaskedLength = 5;

/** An encoded form of a secret. */
export interface SecretForm {
  /** The secret itself. */
  readonly of: string;
  /** The text to search for. */
  readonly probe: string;
  /** Checks a match of the probe, and returns the whole form's span; without it, the probe is the form. */
  readonly spanAt?: (text: string, at: number) => Span | undefined;
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The position of a secret. */
export interface FoundSecret extends Span {
  readonly of: string;
}

/** The forms of a secret to search for. Escaped forms are not included: texts are decoded for those. */
export function formsOf(secret: string): readonly SecretForm[] {
  const parts = partsOf(secret).filter((part) => part.length >= minMaskedLength);
  const plain = new Set(parts.flatMap((part) => writtenForms(part)));
  const forms: SecretForm[] = [...plain]
    .filter(isSearched)
    .map((text) => ({ of: secret, ...plainForm(text) }));
  for (const part of parts) forms.push(...base64Forms(part).map((form) => ({ of: secret, ...form })));
  return forms;
}

/** A part of the mask would match inside masked text. */
function isSearched(form: string): boolean {
  return !withheld.includes(form);
}

/** Schemes written before a token. */
const scheme = /^(?:bearer|basic|token|apikey|api-key|splunk|ssws|genie|oauth|digest|hmac)\s+/i;
/** The lines around a key or certificate (RFC 7468). */
const armor = /-----[A-Z0-9 ]+-----/g;

/**
 * A secret, and the parts of it that others repeat: trimmed, without its scheme, and without the lines around a
 * key.
 */
function partsOf(secret: string): string[] {
  const trimmed = secret.trim();
  const bare = trimmed.replace(scheme, '');
  const parts = [secret, trimmed, bare];
  if (trimmed.includes('-----')) parts.push(trimmed.replace(armor, '').trim());
  return [...new Set(parts)];
}

/** A part as it is, with spaces encoded as forms do, and with other line breaks. */
function writtenForms(part: string): string[] {
  const forms = [part];
  if (part.includes(' ')) forms.push(part.replaceAll(' ', '+'));
  if (/[\r\n]./.test(part)) {
    const lines = part.trim().split(/\r\n|\r|\n/);
    forms.push(...['\n', '\r\n', '', ' ', '+'].map((joint) => lines.join(joint)));
  }
  // Unpaired surrogates cannot be encoded.
  if (/\p{Surrogate}/u.test(part)) forms.push(part.replace(/\p{Surrogate}/gu, '\ufffd'));
  return forms;
}

/** A short secret of letters and digits must be a whole word: it is part of other words by chance. */
const wordSign = /[\p{L}\p{N}]/u;
const minInnerLength = 6;

type FormWithoutSecret = Omit<SecretForm, 'of'>;

function plainForm(text: string): FormWithoutSecret {
  if (text.length >= minInnerLength) return { probe: text };
  return {
    probe: text,
    spanAt: (whole, at) => {
      const to = at + text.length;
      const isInside = [
        [at - 1, at],
        [to - 1, to],
      ].some(
        ([one = 0, other = 0]) => wordSign.test(whole.charAt(one)) && wordSign.test(whole.charAt(other)),
      );
      return isInside ? undefined : { from: at, to };
    },
  };
}

/** Characters of base64 that are searched for; the rest is compared at each match. */
const probeLength = 12;
/** Characters that must match; a truncated text lacks the rest. */
const minAgreeing = 20;
/** A secret may start at byte 0, 1 or 2 of a base64 group; the characters that it shares with the bytes before. */
const alignments = [
  { before: 0, shared: 0 },
  { before: 1, shared: 2 },
  { before: 2, shared: 3 },
] as const;

/** Bytes of a secret used for probes: for long secrets no more memory than the secret itself. */
const maxProbed = 48;

type Alignment = (typeof alignments)[number];

/**
 * Base64 and base64url of a secret, alone or inside other text (`user:secret`, a whole body): the characters that
 * depend only on the secret.
 */
function base64Forms(secret: string): FormWithoutSecret[] {
  const beginning = Buffer.from(secret).subarray(0, maxProbed);
  return alignments.flatMap((alignment) =>
    probesOf(innerBase64(beginning, alignment)).map(({ probe, offset }) => ({
      probe,
      spanAt: (text: string, at: number) => base64SpanAt(text, at, Buffer.from(secret), alignment, offset),
    })),
  );
}

function innerBase64(secret: Buffer, { before, shared }: Alignment): string {
  const whole = Buffer.concat([Buffer.alloc(before), secret]).toString('base64');
  return whole.slice(shared, Math.floor(((before + secret.length) * 8) / 6));
}

function base64SpanAt(
  text: string,
  at: number,
  secret: Buffer,
  alignment: Alignment,
  offset: number,
): Span | undefined {
  const inner = innerBase64(secret, alignment);
  const [left, right] = [agreeing(text, at, inner, offset, -1), agreeing(text, at, inner, offset, 1)];
  if (left + right < Math.min(inner.length, minAgreeing)) return undefined;
  const [from, to] = [at - left, at + right];
  // The first and last characters may also hold bits of neighbouring bytes.
  const isShared = {
    first: alignment.shared > 0 && left === offset && isBase64(text.charAt(from - 1)),
    last:
      (alignment.before + secret.length) % 3 !== 0 &&
      right === inner.length - offset &&
      isBase64(text.charAt(to)),
  };
  return { from: isShared.first ? from - 1 : from, to: isShared.last ? to + 1 : to };
}

const isBase64 = (sign: string) => /^[A-Za-z0-9+/_-]$/.test(sign);

/** A piece that is equal in both alphabets, or one piece for each. */
function probesOf(inner: string): { readonly probe: string; readonly offset: number }[] {
  const length = Math.min(probeLength, inner.length);
  for (let offset = 0; offset + length <= inner.length; offset += 1) {
    const probe = inner.slice(offset, offset + length);
    if (!/[+/]/.test(probe)) return [{ probe, offset }];
  }
  const probe = inner.slice(0, length);
  return [
    { probe, offset: 0 },
    { probe: urlAlphabet(probe), offset: 0 },
  ];
}

const urlAlphabet = (text: string) => text.replaceAll('+', '-').replaceAll('/', '_');

/** How many characters match, in either alphabet, from a position in one direction. */
function agreeing(text: string, at: number, inner: string, offset: number, direction: 1 | -1): number {
  const skip = direction === 1 ? 0 : 1;
  let count = 0;
  for (;;) {
    const step = direction * (count + skip);
    const wanted = inner.charAt(offset + step);
    if (wanted === '' || urlAlphabet(text.charAt(at + step)) !== urlAlphabet(wanted)) return count;
    count += 1;
  }
}
