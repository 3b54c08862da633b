import { canonicalJson, isJsonObject, type JsonObject } from '../../lib/json.ts';
import { quoted } from '../../lib/quote-text.ts';
import type { Operation } from '../../tools/define-operation.ts';

/** Lines of a form, and whether they show every change in full. */
export interface DescribedChanges {
  readonly lines: readonly string[];
  readonly isWhole: boolean;
}

/** Changes, steps, list elements or fields that a form shows. */
const maxLines = 20;

/** Characters that are shown of a value. */
const maxValueLength = 400;

/**
 * What a call changes: the fields that differ, and for lists the elements added and removed. If the difference is unknown,
 * what is sent: the steps of a patch, or the fields of the body.
 *
 * @param preview without secrets
 */
export function describeChanges(
  { method, effect }: Operation,
  { changes, sends }: JsonObject,
): DescribedChanges {
  const body = isJsonObject(sends) ? sends.body : undefined;
  if (Array.isArray(changes) && changes.length > 0) {
    return limited(changes.filter(isJsonObject).map(describeChange), 'changes');
  }
  const steps = method === 'PATCH' && Array.isArray(body) ? body : undefined;
  if (steps) return limited(steps.map(describeStep), 'steps');
  if (Array.isArray(changes)) return { lines: ['No field differs from what was read.'], isWhole: true };
  if (effect !== 'change' || body === undefined) return { lines: [], isWhole: true };
  const fields: (readonly [string, unknown])[] = isJsonObject(body) ? Object.entries(body) : [['body', body]];
  return limited(
    fields.map(([name, value]) => line('Sets: ', [[name, value]])),
    'fields',
  );
}

/** The first parts, and how many more there are. */
function limited(parts: readonly DescribedChanges[], what: string): DescribedChanges {
  const shown = parts.slice(0, maxLines);
  const more = parts.length - shown.length;
  return {
    lines: [...shown.flatMap(({ lines }) => lines), ...(more > 0 ? [`Not shown: ${more} more ${what}`] : [])],
    isWhole: more === 0 && shown.every(({ isWhole }) => isWhole),
  };
}

function describeStep(step: unknown): DescribedChanges {
  if (!isJsonObject(step)) return line('Step: ', [['is', step]]);
  return line('Step: ', Object.entries(step));
}

function describeChange({ path, from, to }: JsonObject): DescribedChanges {
  const place = [['path', path]] as const;
  if (Array.isArray(from) && Array.isArray(to)) {
    const [lost, gained] = [difference(from, to), difference(to, from)];
    if (lost.length + gained.length > 0) {
      const parts = [
        ...lost.map((element) => line('Changes: ', [...place, ['loses', element]])),
        ...gained.map((element) => line('Changes: ', [...place, ['gains', element]])),
      ];
      return limited(parts, `changed elements of ${quoted(path)}`);
    }
  }
  if (typeof from === 'string' && typeof to === 'string') {
    const equal = commonPrefixLength(from, to);
    const isLong = Math.max(from.length, to.length) > maxValueLength;
    if (isLong && equal > 0) {
      const after = `after ${equal} unchanged characters from`;
      return line('Changes: ', [...place, [after, from.slice(equal)], ['to', to.slice(equal)]]);
    }
  }
  return line('Changes: ', [...place, ['from', from], ['to', to]]);
}

/** One line of names and quoted values, and whether all of them are shown in full. Names that callers chose are quoted. */
function line(start: string, pairs: readonly (readonly [string, unknown])[]): DescribedChanges {
  const given = pairs.filter(([, value]) => value !== undefined);
  const described = given.map(([name, value]) => `${nameOf(name)} ${quoted(value, maxValueLength)}`);
  const isCut = given.some(
    ([name, value]) => isClipped(value, maxValueLength) || (!isPlain(name) && isClipped(name)),
  );
  return { lines: [`${start}${described.join(', ')}`], isWhole: !isCut };
}

/** Whether a value is only shown in part. */
export function isClipped(value: unknown, maxLength?: number): boolean {
  return quoted(value, maxLength) !== quoted(value, Number.POSITIVE_INFINITY);
}

/** Names of fields may come from a caller. */
const isPlain = (name: string) => /^[\w ]{1,60}$/.test(name);
const nameOf = (name: string) => (isPlain(name) ? name : quoted(name));

/** The elements of a list that another list lacks, as a difference of multisets. */
function difference(list: readonly unknown[], others: readonly unknown[]): readonly unknown[] {
  const left = new Map<string, number>();
  for (const other of others) left.set(canonicalJson(other), (left.get(canonicalJson(other)) ?? 0) + 1);
  return list.filter((element) => {
    const key = canonicalJson(element);
    const count = left.get(key) ?? 0;
    if (count > 0) left.set(key, count - 1);
    return count === 0;
  });
}

/** The length of the common prefix of two texts; a surrogate pair is not split. */
function commonPrefixLength(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  const isHalf = at > 0 && /[\ud800-\udbff]/.test(one[at - 1] ?? '');
  return isHalf ? at - 1 : at;
}
