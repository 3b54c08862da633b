import { findClosest } from './did-you-mean.ts';
import type { JsonObject } from './json.ts';

/** Maximum characters of a name in a message; an object with a longer name is shown by its id. */
const maxNameLength = 60;
const maxNames = 5;

/** The name or id to show for a row. */
function nameOf({ name, id }: JsonObject, by: 'name' | 'id' = 'name'): string | undefined {
  const names = by === 'id' ? [id, name] : [name, id];
  return names.find((one): one is string => isName(one) && one.length <= maxNameLength);
}

/** Names of the rows whose name, full name or id is closest to one of the wanted ones. */
export function closestNames(
  wanted: readonly string[],
  rows: readonly JsonObject[],
  by: 'name' | 'id' = 'name',
): readonly string[] {
  const shown = new Map<string, string>();
  for (const row of rows) {
    const name = nameOf(row, by);
    if (name === undefined) continue;
    for (const text of [row.fullname, row.id, row.name]) if (isName(text)) shown.set(text, name);
  }
  const near = wanted.flatMap((one) => findClosest(one, shown.keys(), 2 * maxNames));
  return [...new Set(near.map((text) => shown.get(text) as string))].slice(0, maxNames);
}

/** The names of all rows, if there are few. */
export function fewNames(rows: readonly JsonObject[], by: 'name' | 'id' = 'name'): readonly string[] {
  return rows.length > maxNames ? [] : rows.flatMap((row) => nameOf(row, by) ?? []);
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Shortens a long text for an error's details. */
export function shortened(value: unknown): unknown {
  if (typeof value !== 'string' || value.length <= maxNameLength) return value;
  return `${value.slice(0, maxNameLength).replace(/[\ud800-\udbff]$/, '')}...`;
}

/** Formats a value within a sentence: quoted unless it is a plain word. */
export function quoted(value: unknown): string {
  const text = String(value);
  const short = text.length > maxNameLength ? `${text.slice(0, maxNameLength)}...` : text;
  return /^[\p{L}\p{N}_.@:+~%*[\]-]+$/u.test(short) ? short : JSON.stringify(short);
}

/** Joins words for a sentence: `a, b and c`. */
export function listed(texts: readonly string[], word = 'and'): string {
  if (texts.length < 2) return texts.join('');
  return `${texts.slice(0, -1).join(', ')} ${word} ${texts.at(-1)}`;
}
