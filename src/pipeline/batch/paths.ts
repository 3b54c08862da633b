import { isJsonObject, type JsonObject } from '../../lib/json.ts';

/*
 * A path takes a value from the answer of an earlier call of the same batch. It is a whole argument, an item of a list, or the
 * value of a filter item:
 *   $0.result.id              of the object that call 0 returned
 *   $0.rows.0.id              of the first row of its list
 *   $0.rows.*.id              of every row: the call is made once for each value
 *   $0.rows.100:.id           of every row from position 100 on
 *   account_id[eq]$0.rows.0.id
 *   $$0.x                     the text "$0.x"
 * `rows` is a list for every answer: an object is its only row, and a call that was made several times has the rows of all.
 */

/** A path within an argument. */
export interface AnswerPath {
  /** The text before the path: the field and operator of a filter item. */
  readonly prefix: string;
  /** The position of the earlier call. */
  readonly call: number;
  readonly steps: readonly string[];
}

const form = /^([\w.]+\[\w+\])?\$(\d+)(?:\.(\S+))?$/;
const escaped = /^([\w.]+\[\w+\])?\$(\$\d+(?:\.\S+)?)$/;
const everyItem = /^(?:\*|\d+:)$/;

/** The path that a text is; undefined for any other text. */
export function pathOf(text: string): AnswerPath | undefined {
  const [matched, prefix = '', call, steps] = form.exec(text) ?? [];
  if (matched === undefined) return undefined;
  return { prefix, call: Number(call), steps: steps === undefined ? [] : steps.split('.') };
}

/** The position of the step that stands for every item; -1 for a path to one value. */
export function itemStepOf({ steps }: AnswerPath): number {
  return steps.findIndex((step) => everyItem.test(step));
}

/** What is wrong with a path, apart from the call it names; undefined if nothing. */
export function pathProblem({ steps }: AnswerPath): string | undefined {
  if (steps.length === 0) return 'needs a path, such as $0.result.id or $0.rows.*.id; $$ stands for $';
  if (steps.includes('')) return 'has an empty step in its path';
  return steps.filter((step) => everyItem.test(step)).length > 1 ? 'may have only one *' : undefined;
}

/** The list that a path takes its values from, without the position it begins at. */
export function sourceOf(path: AnswerPath): string {
  return [path.call, ...path.steps.slice(0, itemStepOf(path) + 1)].join('.');
}

/** The first item that a path takes. */
export function firstItemOf(path: AnswerPath): number {
  const step = path.steps[itemStepOf(path)] ?? '*';
  return step === '*' ? 0 : Number.parseInt(step, 10);
}

/** The same path, beginning at an item. */
export function pathFrom(path: AnswerPath, item: number): string {
  const at = itemStepOf(path);
  const steps = path.steps.map((step, index) => (index === at ? `${item}:` : step));
  return `${path.prefix}$${path.call}.${steps.join('.')}`;
}

/** The value at steps within a value; undefined if there is none. */
export function valueAtSteps(value: unknown, steps: readonly string[]): unknown {
  return steps.reduce<unknown>((part, step) => {
    if (Array.isArray(part)) return /^\d+$/.test(step) ? part[Number(step)] : undefined;
    return isJsonObject(part) && Object.hasOwn(part, step) ? part[step] : undefined;
  }, value);
}

/** Copies arguments with `change` applied to each text that is a path. Escaped texts are shown as they are meant. */
export function mapPaths(args: JsonObject, change: (path: AnswerPath, at: string) => unknown): JsonObject {
  return mapInside(args, '', change) as JsonObject;
}

function mapInside(value: unknown, at: string, change: (path: AnswerPath, at: string) => unknown): unknown {
  const below = (key: string | number) => (at === '' ? String(key) : `${at}.${key}`);
  if (typeof value === 'string') {
    const path = pathOf(value);
    if (path) return change(path, at);
    const [, prefix = '', text] = escaped.exec(value) ?? [];
    return text === undefined ? value : `${prefix}${text}`;
  }
  if (Array.isArray(value)) return value.map((item, index) => mapInside(item, below(index), change));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, mapInside(part, below(key), change)]),
  );
}
