import { CallError } from '../../errors.ts';
import { canonicalJson, isJsonObject, type JsonObject } from '../../lib/json.ts';
import { firstItemOf, itemStepOf, mapPaths, pathFrom, valueAtSteps } from './paths.ts';
import type { PlannedCall } from './plan.ts';

/** How often a call is made at most. */
const maxTimes = 100;

/** The calls that one call of a batch stands for. */
export interface Expansion {
  /** The arguments of each call. */
  readonly calls: readonly JsonObject[];
  /** What was left out, and how to go on. */
  readonly note?: JsonObject;
}

/**
 * Fills in the values that the arguments of a call take from earlier answers.
 *
 * @param answerOf the answer of an earlier call
 * @param capacity how many calls the batch can still make
 * @throws CallError `invalid_arguments` for a path to no value
 */
export function expandCall(
  { args, each }: PlannedCall,
  answerOf: (call: number) => JsonObject,
  capacity: number,
): Expansion {
  if (!each) return { calls: [fillIn(args, answerOf)] };
  const at = itemStepOf(each);
  const items = valueAtSteps(answerOf(each.call), each.steps.slice(0, at));
  if (!Array.isArray(items)) throw noValue(pathFrom(each, firstItemOf(each)), 'no list');
  const first = firstItemOf(each);
  const calls = new Map<string, JsonObject>();
  const max = Math.max(0, Math.min(maxTimes, capacity));
  let without = 0;
  let next = first;
  for (; next < items.length; next += 1) {
    const filled = fillIn(args, answerOf, items[next]);
    if (!filled) {
      without += 1;
      continue;
    }
    const key = canonicalJson(filled);
    // Several rows may name the same object, which is read once.
    if (calls.has(key)) continue;
    if (calls.size >= max) break;
    calls.set(key, filled);
  }
  const left = items.length - next;
  const note = {
    ...(calls.size === 0 && { calls: 0 }),
    ...(without > 0 && { without_value: without }),
    ...(left > 0 && {
      items: items.length - first,
      left_out: left,
      next: `This batch has room for only ${max} calls. For the rest, make the call again with ${pathFrom(each, next)}.`,
    }),
  };
  return { calls: [...calls.values()], ...(Object.keys(note).length > 0 && { note }) };
}

/** The arguments with their values. @throws CallError `invalid_arguments` */
function fillIn(args: JsonObject, answerOf: (call: number) => JsonObject): JsonObject;
/** The arguments for one item; undefined if it has no value. */
function fillIn(
  args: JsonObject,
  answerOf: (call: number) => JsonObject,
  item: unknown,
): JsonObject | undefined;
function fillIn(
  args: JsonObject,
  answerOf: (call: number) => JsonObject,
  item?: unknown,
): JsonObject | undefined {
  let isComplete = true;
  const filled = mapPaths(args, (path) => {
    const at = itemStepOf(path);
    const value =
      at >= 0 ? valueAtSteps(item, path.steps.slice(at + 1)) : valueAtSteps(answerOf(path.call), path.steps);
    const text = `${path.prefix}$${path.call}.${path.steps.join('.')}`;
    if (value === undefined || value === null) {
      if (at < 0) throw noValue(text, 'no value');
      isComplete = false;
    }
    if (path.prefix === '') return value;
    if (isJsonObject(value) || Array.isArray(value)) throw noValue(text, 'no single value');
    return `${path.prefix}${String(value)}`;
  });
  return isComplete ? filled : undefined;
}

function noValue(path: string, what: string): CallError {
  return new CallError('invalid_arguments', `Not sent: there is ${what} at ${path}.`, {
    remediation: 'Correct the path: $0.result.id for an object, $0.rows.*.id for each row of a list.',
  });
}
