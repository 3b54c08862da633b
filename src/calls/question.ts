import type { Question } from '../client-port.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import type { Operation } from '../tools/operation.ts';

/** Characters of a value, and lines of a list, that a question shows. */
const longestValue = 120;
const mostLines = 20;

/**
 * What a person is asked before a call is carried out.
 *
 * @param typed what the person must type; a yes does where it is undefined
 */
export function questionOf(operation: Operation, preview: JsonObject, typed: string | undefined): Question {
  const { object, takes, changes, sends } = preview;
  const { method, path } = sends as { method: string; path: string };
  const lines = [
    `${operation.title}?${operation.effect === 'destroy' ? ' It cannot be taken back.' : ''}`,
    `Request: ${method} ${quoted(path)}`,
    ...(isJsonObject(object)
      ? [`Object: ${pairs(withoutTimes(object))}`]
      : ['The object could not be read.']),
    ...(isJsonObject(takes) ? [`Affected: ${Object.entries(takes).map(amount).join(', ')}`] : []),
    ...(Array.isArray(changes)
      ? changes.slice(0, mostLines).map((change) => `Changes: ${pairs(change)}`)
      : []),
    ...(Array.isArray(changes) && changes.length > mostLines
      ? [`and ${changes.length - mostLines} more`]
      : []),
    ...(typed === undefined ? [] : [`To go on, type its name: ${quoted(typed)}`]),
  ];
  return { message: lines.join('\n'), requestedSchema: typed === undefined ? yes : name };
}

const yes = {
  type: 'object',
  properties: { confirm: { type: 'boolean', title: 'Yes, carry it out', default: false } },
  required: ['confirm'],
} as const;

const name = {
  type: 'object',
  properties: { name: { type: 'string', title: 'Name, typed in full' } },
  required: ['name'],
} as const;

function amount([what, told]: readonly [string, unknown]): string {
  if (!isJsonObject(told) || told.count === undefined) return `${what} ${pairs(told)}`;
  const names = Array.isArray(told.names) ? ` (${told.names.map(quoted).join(', ')})` : '';
  return `${told.count}${told.or_more ? ' or more' : ''} ${what}${names}`;
}

function withoutTimes({ created_at, updated_at, ...rest }: JsonObject): JsonObject {
  return rest;
}

function pairs(value: unknown): string {
  if (!isJsonObject(value)) return quoted(value);
  return Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .map(([key, part]) => `${key} ${quoted(part)}`)
    .join(', ');
}

/**
 * A value as JSON, so that words of others cannot pass for ours: line breaks are escaped by JSON, and characters that
 * cannot be seen or turn the writing around are escaped here.
 */
function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  const plain = text.replace(/[\p{Cf}\p{Zl}\p{Zp}\u007f-\u009f]/gu, (sign) =>
    [...sign].map((one) => `\\u{${one.codePointAt(0)?.toString(16)}}`).join(''),
  );
  return plain.length > longestValue ? `${plain.slice(0, longestValue)}…` : plain;
}
