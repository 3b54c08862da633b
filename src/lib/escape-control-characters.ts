/** Control and format characters, unassigned ones, line separators, and what is shown as nothing. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
const notPlain = /[^\x20-\x7e\n]/;

/** Whether a text holds nothing but printable ASCII and line breaks, which nearly every line does. */
export const mayBePrinted = (text: string): boolean => !notPlain.test(text);

/**
 * A JSON text in which everything that cannot be seen, or turns the writing around, is escaped: a line of a log then shows
 * what it holds, and stays one line for whoever reads it. The value stays the same.
 *
 * @param json without line breaks
 */
export function escapeUnprintable(json: string): string {
  if (mayBePrinted(json)) return json;
  return json.replace(unprintable, (sign) => {
    const units = Array.from({ length: sign.length }, (_, index) => sign.charCodeAt(index));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
}
