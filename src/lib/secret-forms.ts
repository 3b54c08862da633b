import { withheld } from './secret-names.ts';

/** Shorter values are words that stand in texts by chance; masking them would spoil the text. */
export const minMaskedLength = 5;

/** A form in which a secret may stand in a text. */
export interface SecretForm {
  /** The secret, whose form it is. */
  readonly of: string;
  /** What is looked for. */
  readonly probe: string;
  /** Where the form stands, if that at which the probe was found is one; without it, the probe is the form. */
  readonly spanAt?: (text: string, at: number) => Span | undefined;
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Where which secret stands. */
export interface FoundSecret extends Span {
  readonly of: string;
}

/**
 * The forms of a secret that are looked for. Escapes are none of them: texts are read back for those.
 */
export function formsOf(secret: string): readonly SecretForm[] {
  const parts = partsOf(secret).filter((part) => part.length >= minMaskedLength);
  const plain = new Set(parts.flatMap((part) => writtenForms(part)));
  const forms: SecretForm[] = [...plain]
    .filter(isSearched)
    .map((text) => ({ of: secret, ...plainForm(text) }));
  for (const part of parts) forms.push(...base64Forms(part).map((form) => ({ of: secret, ...form })));
  return forms;
}

/** Part of the mask itself would be found in what is masked. */
function isSearched(form: string): boolean {
  return !withheld.includes(form);
}

/** What is written before a token where it is sent. */
const scheme = /^(?:bearer|basic|token|apikey|api-key|splunk|ssws|genie|oauth|digest|hmac)\s+/i;
/** Around a key or certificate (RFC 7468). */
const armor = /-----[A-Z0-9 ]+-----/g;

/** A secret as it is, and what others repeat of it: without blanks around it, its scheme, and what is around a key. */
function partsOf(secret: string): string[] {
  const trimmed = secret.trim();
  const bare = trimmed.replace(scheme, '');
  const parts = [secret, trimmed, bare];
  if (trimmed.includes('-----')) parts.push(trimmed.replace(armor, '').trim());
  return [...new Set(parts)];
}

/** One part as it is, with blanks as forms write them, and with its line breaks changed. */
function writtenForms(part: string): string[] {
  const forms = [part];
  if (part.includes(' ')) forms.push(part.replaceAll(' ', '+'));
  if (/[\r\n]./.test(part)) {
    const lines = part.trim().split(/\r\n|\r|\n/);
    forms.push(...['\n', '\r\n', '', ' ', '+'].map((joint) => lines.join(joint)));
  }
  // Half a surrogate pair has no encoding.
  if (/\p{Surrogate}/u.test(part)) forms.push(part.replace(/\p{Surrogate}/gu, '\ufffd'));
  return forms;
}

/** Letters and digits: what is as short as that must stand alone, since it is part of other words by chance. */
const wordSign = /[\p{L}\p{N}]/u;
const minInnerLength = 6;

type Unowned = Omit<SecretForm, 'of'>;

function plainForm(text: string): Unowned {
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

/** Characters by which base64 is looked for; the rest is compared where they are found. */
const probeLength = 12;
/** Characters that must agree; of a text that was cut the rest is not there. */
const minAgreeing = 20;
/** Before a secret stand 0, 1 or 2 bytes of a group of three, and the characters that those have a share in. */
const alignments = [
  { before: 0, shared: 0 },
  { before: 1, shared: 2 },
  { before: 2, shared: 3 },
] as const;

/** Bytes of a secret from which its probes are taken: of long secrets no more is kept than themselves. */
const maxProbed = 48;

type Alignment = (typeof alignments)[number];

/**
 * The base64 and base64url of a secret, alone or with anything around it (`user:secret`, a whole body): the characters
 * that depend on nothing but the secret.
 */
function base64Forms(secret: string): Unowned[] {
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
  // The first and last character may hold bits of the secret beside those of others.
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

/** A piece that is the same in both alphabets; where there is none, one for each. */
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

/** How many characters agree, in either alphabet, from a place on in one direction. */
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
