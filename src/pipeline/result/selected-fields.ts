import type { JsonObject } from '../../lib/json.ts';

/** The columns of a table, and a note about unknown ones. */
interface SelectedFields {
  readonly columns: readonly string[];
  /** Names fields that no row has: they may be wrong, or empty in all rows. */
  readonly note?: string;
}

/**
 * The columns for the argument `fields`. Letter case and separators of the names may differ. If no row has any of the
 * fields, the default columns are shown.
 *
 * @param given the argument `fields`
 * @param defaults the columns without the argument
 */
export function readFields(
  rows: readonly JsonObject[],
  given: unknown,
  defaults: readonly string[],
): SelectedFields {
  if (!Array.isArray(given)) return { columns: defaults };
  const fields = given.map(String);
  if (fields.includes('*') || rows.length === 0) return { columns: fields };
  const known = new Set(rows.flatMap((row) => Object.keys(row)));
  const columns = [...new Set(fields.map((field) => suggestField(field, known)))];
  const absent = columns.filter((column) => !known.has(firstStep(column)));
  if (absent.length === 0) return { columns };
  return {
    columns: absent.length === columns.length ? defaults : columns,
    note: `No row has ${absent.join(', ')}. Fields: ${[...known].join(', ')}.`,
  };
}

const firstStep = (path: string) => path.split('.')[0] ?? '';

const normalize = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** The only field that differs from a name in letter case or separators; otherwise the name. */
function suggestField(field: string, known: ReadonlySet<string>): string {
  const first = firstStep(field);
  if (known.has(first)) return field;
  const [suggested, ...others] = [...known].filter((name) => normalize(name) === normalize(first));
  return suggested === undefined || others.length > 0 ? field : `${suggested}${field.slice(first.length)}`;
}
