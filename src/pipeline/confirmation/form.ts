import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { quoted } from '../../lib/quote-text.ts';
import type { Operation } from '../../tools/define-operation.ts';
import type { FormRequest, FormSchema } from '../../tools/input-required.ts';
import { describeChanges, isClipped } from './describe-changes.ts';
import type { TypedName } from './typed-name.ts';

/**
 * The form that a person confirms before a call is carried out.
 *
 * @param typedName gives what the person must type if the call affects much or the form is not complete
 */
export function createForm(
  operation: Operation,
  preview: JsonObject,
  { typedName, needsName }: { readonly typedName: () => TypedName; readonly needsName: boolean },
): ConfirmationForm {
  const { object, affects, sends, generates } = preview;
  const { method, path } = sends as { method: string; path: string };
  const changes = describeChanges(operation, preview);
  const affected = Object.entries(isJsonObject(affects) ? affects : {});
  const isWhole =
    !isClipped(path) && changes.isWhole && affected.every(([, summary]) => isFullyNamed(summary));
  const typed = needsName || !isWhole ? typedName() : undefined;
  const lines = [
    `${operation.title}?${operation.effect === 'destroy' ? ' It cannot be undone.' : ''}`,
    `Request: ${method} ${quoted(path)}`,
    ...(isJsonObject(object) ? [`Object: ${pairs(withoutTimes(object))}`] : []),
    // The reason why it could not be read; written by this server.
    ...(typeof object === 'string' ? [`The object ${object}.`] : []),
    ...(affected.length > 0 ? [`Affected: ${affected.map(amount).join(', ')}`] : []),
    ...changes.lines,
    ...(isJsonObject(generates) ? [generatedLine(generates)] : []),
    ...(isWhole ? [] : ['This form is not complete: parts are left out.']),
    ...(typed ? [`To confirm, type ${whatToType[typed.kind]}: ${quoted(typed.shown)}`] : []),
  ];
  const form = { message: lines.join('\n'), requestedSchema: typed ? nameForm(titles[typed.kind]) : yesForm };
  return { form, typed };
}

/** A form, and what its response must hold. */
export interface ConfirmationForm {
  readonly form: FormRequest;
  /** What the person must type; undefined if a yes is enough. */
  readonly typed: TypedName | undefined;
}

export const yesForm: FormSchema = {
  type: 'object',
  properties: { confirm: { type: 'boolean', title: 'Yes, carry it out', default: false } },
  required: ['confirm'],
};

const whatToType = {
  name: 'the name of the object',
  id: 'the id of the object',
  tool: 'the name of the tool',
} as const satisfies Record<TypedName['kind'], string>;

const titles = {
  name: 'Name of the object',
  id: 'Id of the object',
  tool: 'Name of the tool',
} as const satisfies Record<TypedName['kind'], string>;

export const nameForm = (title: string): FormSchema => ({
  type: 'object',
  properties: { name: { type: 'string', title } },
  required: ['name'],
});

export function amount([what, summary]: readonly [string, unknown]): string {
  // Says that it could not be read; written by this server.
  if (typeof summary === 'string') return `${what} ${summary}`;
  if (!isJsonObject(summary) || summary.count === undefined) return `${what} ${pairs(summary)}`;
  const named = Array.isArray(summary.names) ? summary.names : [];
  const more = Number(summary.count) - named.length;
  const parts = [...named.map((name) => quoted(name)), ...(more > 0 ? [`${more} more, not named`] : [])];
  const names = named.length > 0 ? ` (${parts.join(', ')})` : '';
  return `${summary.count}${summary.or_more ? ' or more' : ''} ${what}${names}`;
}

/** Whether all dependents are shown by name, if they have names. */
export function isFullyNamed(summary: unknown): boolean {
  if (!isJsonObject(summary) || summary.count === undefined) return true;
  if (summary.or_more === true) return false;
  if (!Array.isArray(summary.names)) return true;
  return summary.names.length === summary.count && !summary.names.some((name) => isClipped(name));
}

/** Secrets that are named in the form: the lines of changes show all that the call sets. */
const maxGenerated = 5;

function generatedLine(generates: JsonObject): string {
  const all = Object.entries(generates).map(([argument, what]) => `${quoted(argument)} ${what}`);
  const more = all.length - maxGenerated;
  const shown = all.slice(0, maxGenerated).join(', ');
  return `Generated when sent: ${shown}${more > 0 ? `, and ${more} more` : ''}`;
}

function withoutTimes({ created_at, updated_at, ...rest }: JsonObject): JsonObject {
  return rest;
}

export function pairs(value: unknown): string {
  if (!isJsonObject(value)) return quoted(value);
  return Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .map(([key, part]) => `${key} ${quoted(part)}`)
    .join(', ');
}
