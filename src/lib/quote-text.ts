import { stringifyJson } from './exact-json.ts';

/** Characters of a value that a question shows. */
export const maxShownLength = 120;

/**
 * A value as JSON, so that words of others cannot pass for ours: line breaks are escaped by JSON, and characters that
 * cannot be seen or turn the writing around are escaped here.
 */
export function quoted(value: unknown, maxLength = maxShownLength): string {
  const text = stringifyJson(value) ?? 'nothing';
  const plain = text.replace(/[\p{Cf}\p{Zl}\p{Zp}\u007f-\u009f]/gu, (sign) =>
    [...sign].map((one) => `\\u{${one.codePointAt(0)?.toString(16)}}`).join(''),
  );
  return plain.length > maxLength ? `${plain.slice(0, maxLength)}…` : plain;
}
