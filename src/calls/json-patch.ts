import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject } from '../json.ts';

/*
 * JSON Patch (RFC 6902) on keys of an object's own and nothing else. Libraries step over `__proto__`, `constructor` and
 * `prototype`, which are keys as any others in the data of an integration, and would show another change than is made.
 */

/** The patch does not fit. */
class Misfit extends Error {}

/** What a JSON Patch makes of a value, which is left as it is; undefined when the patch does not fit. */
export function applyPatch(value: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) return undefined;
  try {
    return patch.reduce(applyStep, value);
  } catch (error) {
    if (error instanceof Misfit) return undefined;
    throw error;
  }
}

/** What stands at a JSON Pointer (RFC 6901); undefined where there is nothing, or no pointer. */
export function valueAtPointer(value: unknown, pointer: string): unknown {
  return keysOf(pointer)?.reduce(partOf, value);
}

function applyStep(value: unknown, step: unknown): unknown {
  const { op, ...rest }: JsonObject = isJsonObject(step) ? step : {};
  const path = pathIn(rest, 'path');
  if (op === 'add') return addAt(value, path, given(rest));
  if (op === 'remove') return removeAt(value, path);
  if (op === 'replace')
    return path.length === 0 ? given(rest) : addAt(removeAt(value, path), path, given(rest));
  if (op === 'test') {
    if (!isEqual(path.reduce(partOf, value), given(rest))) throw new Misfit();
    return value;
  }
  const from = pathIn(rest, 'from');
  const moved = from.reduce(partOf, value);
  if (moved === undefined) throw new Misfit();
  if (op === 'copy') return addAt(value, path, moved);
  // Nothing can be moved into itself.
  const isInside = path.length > from.length && from.every((key, at) => key === path[at]);
  if (op !== 'move' || isInside) throw new Misfit();
  return addAt(removeAt(value, from), path, moved);
}

function given(step: JsonObject): unknown {
  if (!Object.hasOwn(step, 'value')) throw new Misfit();
  return step.value;
}

function pathIn(step: JsonObject, name: string): string[] {
  const pointer = step[name];
  const keys = typeof pointer === 'string' ? keysOf(pointer) : undefined;
  if (!keys) throw new Misfit();
  return keys;
}

function keysOf(pointer: string): string[] | undefined {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) return undefined;
  return pointer
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

const index = /^(0|[1-9]\d*)$/;

function partOf(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return index.test(key) ? value[Number(key)] : undefined;
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

type Change = (parent: unknown, key: string) => unknown;

/** A copy in which the list or object that holds the end of a path is changed. */
function changeAt(value: unknown, [key, ...rest]: readonly string[], change: Change): unknown {
  if (key === undefined) throw new Misfit();
  if (rest.length === 0) return change(value, key);
  const part = changeAt(partOf(value, key), rest, change);
  return Array.isArray(value) ? value.with(Number(key), part) : { ...(value as JsonObject), [key]: part };
}

function addAt(value: unknown, path: readonly string[], added: unknown): unknown {
  if (path.length === 0) return added;
  return changeAt(value, path, (parent, key) => {
    if (isJsonObject(parent)) return { ...parent, [key]: added };
    if (!Array.isArray(parent)) throw new Misfit();
    const at = key === '-' ? parent.length : index.test(key) ? Number(key) : Number.NaN;
    if (!(at <= parent.length)) throw new Misfit();
    return parent.toSpliced(at, 0, added);
  });
}

function removeAt(value: unknown, path: readonly string[]): unknown {
  return changeAt(value, path, (parent, key) => {
    if (partOf(parent, key) === undefined) throw new Misfit();
    if (Array.isArray(parent)) return parent.toSpliced(Number(key), 1);
    return Object.fromEntries(Object.entries(parent as JsonObject).filter(([name]) => name !== key));
  });
}

/** As RFC 6902 compares: the order of keys means nothing. */
function isEqual(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(one, other) || (one === 0 && other === 0);
}
