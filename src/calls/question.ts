import type { Question } from '../client-port.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import type { Operation } from '../tools/operation.ts';
import { quoted } from './quoted.ts';
import type { TypedName } from './typed-name.ts';

/** Lines of a list that a question shows. */
const mostLines = 20;

/**
 * What a person is asked before a call is carried out.
 *
 * @param typed what the person must type; a yes does where it is undefined
 */
export function questionOf(
  operation: Operation,
  preview: JsonObject,
  typed: TypedName | undefined,
): Question {
  const { object, takes, changes, sends } = preview;
  const { method, path } = sends as { method: string; path: string };
  const lines = [
    `${operation.title}?${operation.effect === 'destroy' ? ' It cannot be taken back.' : ''}`,
    `Request: ${method} ${quoted(path)}`,
    ...(isJsonObject(object) ? [`Object: ${pairs(withoutTimes(object))}`] : []),
    // Why it could not be read, in our words.
    ...(typeof object === 'string' ? [`The object ${object}.`] : []),
    ...(isJsonObject(takes) ? [`Affected: ${Object.entries(takes).map(amount).join(', ')}`] : []),
    ...(Array.isArray(changes)
      ? changes.slice(0, mostLines).map((change) => `Changes: ${pairs(change)}`)
      : []),
    ...(Array.isArray(changes) && changes.length > mostLines
      ? [`and ${changes.length - mostLines} more`]
      : []),
    ...(typed ? [`To go on, type ${whatToType[typed.kind]}: ${quoted(typed.shown)}`] : []),
  ];
  return { message: lines.join('\n'), requestedSchema: typed ? nameForm(titles[typed.kind]) : yes };
}

const yes = {
  type: 'object',
  properties: { confirm: { type: 'boolean', title: 'Yes, carry it out', default: false } },
  required: ['confirm'],
} as const;

const whatToType = {
  name: 'its name',
  id: 'its id instead of its name',
  tool: 'the name of the tool instead of its name',
} as const satisfies Record<TypedName['kind'], string>;

const titles = {
  name: 'Name, typed in full',
  id: 'Id, typed in full',
  tool: 'Tool, typed in full',
} as const satisfies Record<TypedName['kind'], string>;

const nameForm = (title: string) => ({
  type: 'object',
  properties: { name: { type: 'string', title } },
  required: ['name'],
});

function amount([what, told]: readonly [string, unknown]): string {
  // That it could not be read, in our words.
  if (typeof told === 'string') return `${what} ${told}`;
  if (!isJsonObject(told) || told.count === undefined) return `${what} ${pairs(told)}`;
  const names = Array.isArray(told.names) ? ` (${told.names.map((name) => quoted(name)).join(', ')})` : '';
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
