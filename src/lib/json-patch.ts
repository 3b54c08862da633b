import { isDeepStrictEqual } from 'node:util';
import { maxNesting } from './exact-json.ts';
import { isJsonObject, type JsonObject } from './json.ts';

/*
 * JSON Patch (RFC 6902) on keys of an object's own and nothing else. Libraries step over `__proto__`, `constructor` and
 * `prototype`, which are keys as any others in the data of an integration, and would show another change than is made.
 */

/** The patch does not fit. */
class Misfit extends Error {}

/** Characters and values that the steps of a patch may copy, and levels that they may nest what they make. */
const maxCopied = 1_000_000;
const maxDepth = maxNesting;

/**
 * What a JSON Patch makes of a value, which is left as it is; undefined when the patch does not fit. Steps that copy
 * what other steps have copied double it each time: each is measured before it is carried out.
 *
 * @throws PatchTooLarge when the patch makes more than may be made
 */
export function applyPatch(value: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) return undefined;
  const made: Made = { root: copyOf(value), copied: 0 };
  try {
    for (const [at, step] of patch.entries()) applyStep(made, step, at);
    return made.root;
  } catch (error) {
    if (error instanceof Misfit) return undefined;
    throw error;
  }
}

/** What stands at a JSON Pointer (RFC 6901); undefined where there is nothing, or no pointer. */
export function valueAtPointer(value: unknown, pointer: string): unknown {
  return keysOf(pointer)?.reduce(partOf, value);
}

/** What the steps have made so far. Nothing else holds any part of it, so that it is changed in place. */
interface Made {
  root: unknown;
  copied: number;
}

function applyStep(made: Made, step: unknown, at: number): void {
  const { op, ...rest }: JsonObject = isJsonObject(step) ? step : {};
  const path = pathIn(rest, 'path');
  if (op === 'remove') {
    removeAt(made, path);
    return;
  }
  if (op === 'test') {
    if (!isEqual(path.reduce(partOf, made.root), given(rest))) throw new Misfit();
    return;
  }
  if (op === 'add' || op === 'replace') {
    if (op === 'replace' && path.length > 0) removeAt(made, path);
    const added = copyOf(given(rest));
    assertFlat(path, sizeOf(added).levels, at);
    addAt(made, path, added);
    return;
  }
  const from = pathIn(rest, 'from');
  const moved = from.reduce(partOf, made.root);
  if (moved === undefined) throw new Misfit();
  // Nothing can be moved into itself.
  const isInside = path.length > from.length && from.every((key, level) => key === path[level]);
  if (op !== 'copy' && (op !== 'move' || isInside)) throw new Misfit();
  // Moved to no deeper a place, it makes nothing larger or deeper.
  if (op === 'copy' || path.length > from.length) {
    const { size, levels } = sizeOf(moved, maxCopied - made.copied);
    made.copied += size;
    if (made.copied > maxCopied)
      throw new PatchTooLarge(at, `copies more than ${maxCopied} characters in all`);
    assertFlat(path, levels, at);
  }
  const placed = op === 'copy' ? copyOf(moved) : moved;
  if (op === 'move') removeAt(made, from);
  addAt(made, path, placed);
}

function assertFlat(path: readonly string[], levels: number, at: number): void {
  if (path.length + levels > maxDepth) throw new PatchTooLarge(at, `nests more than ${maxDepth} levels deep`);
}

/** A patch whose result would be larger than this program builds. */
export class PatchTooLarge extends Error {
  override readonly name = 'PatchTooLarge';
  /** Index of the step that goes too far. */
  readonly step: number;
  readonly problem: string;

  constructor(step: number, problem: string) {
    super(`Step ${step} of the patch ${problem}.`);
    this.step = step;
    this.problem = problem;
  }
}

/** Characters and values that a value holds, and levels; no more is counted than tells that it is above `most`. */
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

function addAt(made: Made, path: readonly string[], added: unknown): void {
  const key = path.at(-1);
  if (key === undefined) {
    made.root = added;
    return;
  }
  const parent = path.slice(0, -1).reduce(partOf, made.root);
  if (isJsonObject(parent)) {
    setOwn(parent, key, added);
    return;
  }
  if (!Array.isArray(parent)) throw new Misfit();
  const at = key === '-' ? parent.length : index.test(key) ? Number(key) : Number.NaN;
  if (!(at <= parent.length)) throw new Misfit();
  parent.splice(at, 0, added);
}

function removeAt(made: Made, path: readonly string[]): void {
  const key = path.at(-1);
  if (key === undefined) throw new Misfit();
  const parent = path.slice(0, -1).reduce(partOf, made.root);
  if (partOf(parent, key) === undefined) throw new Misfit();
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete (parent as JsonObject)[key];
}

/** Sets a key as any other, even `__proto__`. */
function setOwn(object: JsonObject, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/** As RFC 6902 compares: the order of keys means nothing. */
function isEqual(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(one, other) || (one === 0 && other === 0);
}
