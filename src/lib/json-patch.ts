import { isDeepStrictEqual } from 'node:util';
import { maxNesting } from './exact-json.ts';
import { isJsonObject, type JsonObject } from './json.ts';

/*
 * JSON Patch (RFC 6902) on own keys only. Libraries skip the keys `__proto__`, `constructor` and `prototype`, which
 * are valid in integration data, and would preview another change than Synqly makes.
 */

/** The patch does not apply to the value. */
class NotApplicable extends Error {}

/** Maximum characters and values that a patch may copy, and maximum nesting of its result. */
const maxCopied = 1_000_000;
const maxDepth = maxNesting;

/**
 * Applies a JSON Patch to a copy of a value; undefined if the patch does not apply. Copies of copies double in size
 * with each step, so each step is measured first.
 *
 * @throws PatchTooLarge when the result exceeds the limits
 */
export function applyPatch(value: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) return undefined;
  const result: PatchResult = { root: copyOf(value), copied: 0 };
  try {
    for (const [at, step] of patch.entries()) applyStep(result, step, at);
    return result.root;
  } catch (error) {
    if (error instanceof NotApplicable) return undefined;
    throw error;
  }
}

/** The value at a JSON Pointer (RFC 6901); undefined if there is none, or the pointer is invalid. */
export function valueAtPointer(value: unknown, pointer: string): unknown {
  return keysOf(pointer)?.reduce(partOf, value);
}

/** The result so far. Nothing else refers to any part of it, so it is changed in place. */
interface PatchResult {
  root: unknown;
  copied: number;
}

function applyStep(result: PatchResult, step: unknown, at: number): void {
  const { op, ...rest }: JsonObject = isJsonObject(step) ? step : {};
  const path = pathIn(rest, 'path');
  if (op === 'remove') {
    removeAt(result, path);
    return;
  }
  if (op === 'test') {
    if (!isEqual(path.reduce(partOf, result.root), given(rest))) throw new NotApplicable();
    return;
  }
  if (op === 'add' || op === 'replace') {
    if (op === 'replace' && path.length > 0) removeAt(result, path);
    const added = copyOf(given(rest));
    assertDepth(path, sizeOf(added).levels, at);
    addAt(result, path, added);
    return;
  }
  const from = pathIn(rest, 'from');
  const moved = from.reduce(partOf, result.root);
  if (moved === undefined) throw new NotApplicable();
  // A value cannot be moved into itself.
  const isInside = path.length > from.length && from.every((key, level) => key === path[level]);
  if (op !== 'copy' && (op !== 'move' || isInside)) throw new NotApplicable();
  // A move to the same or a higher level makes nothing larger or deeper.
  if (op === 'copy' || path.length > from.length) {
    const { size, levels } = sizeOf(moved, maxCopied - result.copied);
    result.copied += size;
    if (result.copied > maxCopied)
      throw new PatchTooLarge(at, `copies more than ${maxCopied} characters in all`);
    assertDepth(path, levels, at);
  }
  const placed = op === 'copy' ? copyOf(moved) : moved;
  if (op === 'move') removeAt(result, from);
  addAt(result, path, placed);
}

function assertDepth(path: readonly string[], levels: number, at: number): void {
  if (path.length + levels > maxDepth) throw new PatchTooLarge(at, `nests more than ${maxDepth} levels deep`);
}

/** The result of a patch would exceed the limits. */
export class PatchTooLarge extends Error {
  override readonly name = 'PatchTooLarge';
  /** Index of the step that exceeds the limit. */
  readonly step: number;
  readonly problem: string;

  constructor(step: number, problem: string) {
    super(`Step ${step} of the patch ${problem}.`);
    this.step = step;
    this.problem = problem;
  }
}

/** Size of a value, in characters and values, and its depth. Counting stops once the size exceeds `max`. */
function sizeOf(value: unknown, max = Number.POSITIVE_INFINITY): { size: number; levels: number } {
  let size = 0;
  let levels = 0;
  for (let level = [value]; level.length > 0 && size <= max; levels += 1) {
    const next: unknown[] = [];
    for (const one of level) {
      size += 1;
      if (typeof one === 'string') size += one.length;
      if (Array.isArray(one)) for (const part of one) next.push(part);
      else if (isJsonObject(one))
        for (const [key, part] of Object.entries(one)) {
          size += key.length;
          next.push(part);
        }
      if (size > max) break;
    }
    level = next;
  }
  return { size, levels };
}

function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, copyOf(part)]));
}

function given(step: JsonObject): unknown {
  if (!Object.hasOwn(step, 'value')) throw new NotApplicable();
  return step.value;
}

function pathIn(step: JsonObject, name: string): string[] {
  const pointer = step[name];
  const keys = typeof pointer === 'string' ? keysOf(pointer) : undefined;
  if (!keys) throw new NotApplicable();
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

function addAt(result: PatchResult, path: readonly string[], added: unknown): void {
  const key = path.at(-1);
  if (key === undefined) {
    result.root = added;
    return;
  }
  const parent = path.slice(0, -1).reduce(partOf, result.root);
  if (isJsonObject(parent)) {
    setOwn(parent, key, added);
    return;
  }
  if (!Array.isArray(parent)) throw new NotApplicable();
  const at = key === '-' ? parent.length : index.test(key) ? Number(key) : Number.NaN;
  if (!(at <= parent.length)) throw new NotApplicable();
  parent.splice(at, 0, added);
}

function removeAt(result: PatchResult, path: readonly string[]): void {
  const key = path.at(-1);
  if (key === undefined) throw new NotApplicable();
  const parent = path.slice(0, -1).reduce(partOf, result.root);
  if (partOf(parent, key) === undefined) throw new NotApplicable();
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete (parent as JsonObject)[key];
}

/** Sets an own key, even `__proto__`. */
function setOwn(object: JsonObject, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Equality as in RFC 6902: the order of keys does not matter. */
function isEqual(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(one, other) || (one === 0 && other === 0);
}
