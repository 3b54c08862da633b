import type { JsonObject } from '../../lib/json.ts';

/** The columns of a table, and what is to be said of them. */
interface NamedFields {
  readonly columns: readonly string[];
  /** Of names that no row has: they may be mistaken, or empty everywhere. The caller can tell. */
  readonly note?: string;
}

/**
 * The columns that names of fields mean, whose letter case and way of joining words may be another. Where no row has any
 * of them, the usual columns are shown: rows of nothing would say less.
 *
 * @param given the argument `fields`
 * @param usual the columns that are shown where it says nothing
 */
export function readFields(
  rows: readonly JsonObject[],
  given: unknown,
  usual: readonly string[],
): NamedFields {
  if (!Array.isArray(given)) return { columns: usual };
  const fields = given.map(String);
  if (fields.includes('*') || rows.length === 0) return { columns: fields };
  const known = new Set(rows.flatMap((row) => Object.keys(row)));
  const columns = [...new Set(fields.map((field) => suggestField(field, known)))];
  const absent = columns.filter((column) => !known.has(firstOf(column)));
  if (absent.length === 0) return { columns };
  return {
    columns: absent.length === columns.length ? usual : columns,
    note: `No row has ${absent.join(', ')}. There are ${[...known].join(', ')}.`,
  };
}

const firstOf = (path: string) => path.split('.')[0] ?? '';

const plain = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** The field that was meant, where a single one differs in letter case or signs only. */
function suggestField(field: string, known: ReadonlySet<string>): string {
  const first = firstOf(field);
  if (known.has(first)) return field;
  const [suggested, ...others] = [...known].filter((name) => plain(name) === plain(first));
  return suggested === undefined || others.length > 0 ? field : `${suggested}${field.slice(first.length)}`;
}
