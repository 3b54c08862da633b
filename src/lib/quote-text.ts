import { stringifyJson } from './exact-json.ts';

/** Maximum characters of a value in a prompt. */
export const maxShownLength = 120;

/**
 * Formats a value as JSON, so that it cannot pass for our own text: JSON escapes line breaks, and this escapes
 * invisible and text-direction characters.
 */
export function quoted(value: unknown, maxLength = maxShownLength): string {
  const text = stringifyJson(value) ?? 'nothing';
  const plain = text.replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\u007f-\u009f]/gu, (sign) =>
    [...sign].map((one) => `\\u{${one.codePointAt(0)?.toString(16)}}`).join(''),
  );
  return plain.length > maxLength ? `${plain.slice(0, maxLength)}…` : plain;
}
