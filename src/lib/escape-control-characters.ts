/** Control, format and unassigned characters, line separators, and characters without a visible glyph. */
export const unprintable = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
const notPlain = /[^\x20-\x7e\n]/;

/** Whether a text has only printable ASCII and line breaks, as most lines do. */
export const isPrintable = (text: string): boolean => !notPlain.test(text);

/**
 * Escapes invisible and text-direction characters in a JSON text, so that a log line shows what it holds and stays
 * one line. The parsed value stays the same.
 *
 * @param json without line breaks
 */
export function escapeUnprintable(json: string): string {
  if (isPrintable(json)) return json;
  return json.replace(unprintable, (char) => {
    const units = Array.from({ length: char.length }, (_, index) => char.charCodeAt(index));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
}
