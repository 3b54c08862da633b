import { isDeepStrictEqual } from 'node:util';
import { stringifyJson } from '../lib/exact-json.ts';
import { digitsOf, isJsonObject } from '../lib/json.ts';
import { isSecretName, mayHoldAnything, withheld } from '../lib/secret-names.ts';
import { objectInText, redactionOf } from './redact.ts';

/*
 * Redaction of objects that are not the caller's own and whose fields are not all known. It goes further than the redaction
 * of responses: it also withholds whatever is below fields whose nested names users choose (headers), and texts that look
 * like secrets or hold them in another encoding.
 */

/** Copies a value without its secrets, which are added to `found`. */
export function withholdStrictly(value: unknown, found: string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => withholdStrictly(item, found));
  if (typeof value === 'string') return withholdInText(value, found);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([name, part]): [string, unknown] => {
    if (redactionOf(name, part) === 'whole') return [name, withholdWhole(part, found)];
    return [name, mayHoldAnything(name) ? withholdAnything(part, found) : withholdStrictly(part, found)];
  });
  return Object.fromEntries(entries);
}

/** One mark for a whole value. Its texts and numbers are added to `found`. */
export function withholdWhole(value: unknown, found: string[]): unknown {
  if (value === null || value === undefined || value === '' || value === withheld) return value;
  found.push(...textsIn(value));
  return withheld;
}

/** Withholds what may be no secret at all, such as a header `Accept`, and is then not looked for elsewhere. */
function withholdAnything(value: unknown, found: string[]): unknown {
  const texts: string[] = [];
  const mark = withholdWhole(value, texts);
  found.push(...texts.filter((text) => text.length >= 12 && !/^(https?:|\/|[\w-]+\/[\w.+-]+$)/.test(text)));
  return mark;
}

function textsIn(value: unknown): string[] {
  if (value === withheld) return [];
  const text = typeof value === 'string' ? value : digitsOf(value);
  if (text !== undefined) return [text];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function withholdInText(text: string, found: string[]): unknown {
  const object = objectInText(text);
  if (object !== undefined) {
    const rest = withholdStrictly(object, found);
    return isDeepStrictEqual(rest, object) ? text : stringifyJson(rest);
  }
  return looksSecret(text) || hidesSecret(text) ? withholdWhole(text, found) : text;
}

/** A private key, a JSON Web Token, or an Authorization header. */
const secretTexts: readonly RegExp[] = [
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY/,
  /\beyJ[\w-]{8}/,
  /\b(?:bearer|basic) [\w.~+/=-]{8}/i,
];

const looksSecret = (text: string) =>
  secretTexts.some((pattern) => pattern.test(text)) || text.split(/\s/).some(isUrlWithPassword);

function isUrlWithPassword(word: string): boolean {
  return word.includes('://') && URL.canParse(word) && new URL(word).password !== '';
}

/** Whether a text holds a field named like a secret, as in a form or a query, or the base64 of an object with one. */
function hidesSecret(text: string): boolean {
  const fields = text.split(/[?&;,\s]/).filter((part) => part.includes('='));
  if (fields.some((part) => isSecretName(part.slice(0, part.indexOf('='))))) return true;
  if (text.length < 16 || !/^[\w+/-]+={0,2}$/.test(text)) return false;
  const object = objectInText(Buffer.from(text, 'base64').toString());
  return object !== undefined && !isDeepStrictEqual(withholdStrictly(object, []), object);
}
