import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { maxShownLength, quoted } from '../../lib/quote-text.ts';
import type { FormRequest } from '../../tools/input-required.ts';
import { needsTypedName } from '../confirmation/dependents.ts';
import { isClipped } from '../confirmation/describe-changes.ts';
import { amount, isFullyNamed, nameForm, pairs, yesForm } from '../confirmation/form.ts';
import { type TypedName, typedNameOf } from '../confirmation/typed-name.ts';
import { sumLine } from './describe-calls.ts';
import type { InspectedCall } from './inspect-calls.ts';

/** A form that confirms all calls of a list at once. */
export interface FormOfCalls {
  readonly form: FormRequest;
  /** What the person must type; undefined if a yes is enough. */
  readonly typed: CountAndName | undefined;
}

/**
 * What the person types: how many objects there are, and the name of the last of them. The number shows that the size of
 * the list was seen, and the name differs from list to list, so that it cannot be typed out of habit.
 */
export interface CountAndName {
  readonly count: number;
  readonly name: string;
}

/** Whether the person typed what was asked for. */
export function acceptsCountAndName({ count, name }: CountAndName, answer: unknown): boolean {
  if (typeof answer !== 'string') return false;
  const text = answer
    .trim()
    .replace(/^["'\u201c]/, '')
    .trimStart();
  const space = text.search(/\s/);
  const number = text.slice(0, Math.max(0, space));
  if (!/^\d+$/.test(number) || Number(number) !== count) return false;
  const rest = text.slice(space).trimStart();
  const named = typedNameOf(anyOperation, {}, { name });
  return named.accepts(rest) || named.accepts(rest.replace(/["'\u201d]$/, ''));
}

/** `typedNameOf` compares spellings of a name that it gets as that of an object. */
const anyOperation = { id: '', params: {} } as Parameters<typeof typedNameOf>[0];

/** Identifying fields of each object that a form shows. */
const shownFields = ['id', 'name', 'fullname', 'description', 'environment', 'account_id', 'owner_type'];

/** The form that names and counts everything that the calls of a list destroy. */
export function createFormOfCalls(calls: readonly InspectedCall[]): FormOfCalls {
  const isWhole = calls.every(isShownWhole);
  const needsName = !isWhole || calls.some(({ operation }) => needsTypedName.has(operation.id));
  const typed = needsName ? countAndNameOf(calls) : undefined;
  const sum = sumLine(calls);
  const lines = [
    `${titleOf(calls)} It cannot be undone.`,
    ...(sum === undefined ? [] : [`Affected in all: ${sum}`]),
    ...calls.map(lineOf),
    ...(isWhole ? [] : ['This form is not complete: parts are left out.']),
    ...(typed
      ? [
          `To confirm, type the number of objects and the name of the last one: ${quoted(`${typed.count} ${typed.name}`, 2 * maxShownLength)}`,
        ]
      : []),
  ];
  const requestedSchema = typed ? nameForm('Number of objects and name of the last one') : yesForm;
  return { form: { message: lines.join('\n'), requestedSchema }, typed };
}

function titleOf(calls: readonly InspectedCall[]): string {
  const titles = new Map<string, number>();
  for (const { operation } of calls) titles.set(operation.title, (titles.get(operation.title) ?? 0) + 1);
  const parts = [...titles].map(([title, count]) => `${title} (${count})`);
  return `Carry out ${calls.length} calls: ${parts.join(', ')}?`;
}

function lineOf({ operation, preview }: InspectedCall, place: number): string {
  const { object, affects, sends } = preview;
  const { method, path } = sends as { readonly method: string; readonly path: string };
  const affected = Object.entries(isJsonObject(affects) ? affects : {}).filter(
    ([, summary]) => !isNone(summary),
  );
  return [
    `${place + 1}. ${operation.title}: ${method} ${quoted(path)}`,
    ...(isJsonObject(object) ? [`object: ${pairs(pickShown(object))}`] : []),
    // The reason why it could not be read; written by this server.
    ...(typeof object === 'string' ? [`the object ${object}`] : []),
    ...(affected.length > 0 ? [`affected: ${affected.map(amount).join(', ')}`] : []),
  ].join('; ');
}

const isNone = (summary: unknown) => isJsonObject(summary) && summary.count === 0;

function pickShown(object: JsonObject): JsonObject {
  return Object.fromEntries(shownFields.filter((name) => name in object).map((name) => [name, object[name]]));
}

function isShownWhole({ preview }: InspectedCall): boolean {
  const { affects, sends } = preview;
  const { path } = sends as { readonly path: string };
  return !isClipped(path) && Object.values(isJsonObject(affects) ? affects : {}).every(isFullyNamed);
}

function countAndNameOf(calls: readonly InspectedCall[]): CountAndName | undefined {
  const last = calls.at(-1);
  if (!last) return undefined;
  const { shown }: TypedName = typedNameOf(last.operation, last.args, last.snapshot.object);
  return { count: calls.length, name: shown };
}
