import { stringifyJson } from './exact-json.ts';

/** Characters with which a spreadsheet starts a formula (OWASP: CSV Injection). */
const formulaStart = /^[=+\-@\t\r]/;

/**
 * A table as CSV (RFC 4180). A text that a spreadsheet would run as a formula gets a leading apostrophe. Objects and lists
 * are written as JSON.
 */
export function toCsv(columns: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return [columns, ...rows].map((row) => `${row.map(toCell).join(',')}\r\n`).join('');
}

function toCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : stringifyJson(value);
  const safe = formulaStart.test(text) && typeof value === 'string' ? `'${text}` : text;
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
