import { isDeepStrictEqual } from 'node:util';
import { createPatch, type Operation as PatchStep } from 'rfc6902';
import { ExactNumber } from './exact-json.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import { applyPatch, valueAtPointer } from './json-patch.ts';

/** A JSON Patch step. Arrays are replaced whole: an index means little once the array has changed. */
export type Step = Extract<PatchStep, { op: 'add' | 'remove' | 'replace' }>;

/** The JSON Patch from one object to another; null fields count as absent. */
export function stepsBetween(before: JsonObject, after: JsonObject): Step[] {
  return createPatch(withoutNulls(before), withoutNulls(after), (from, to, pointer) => {
    const isLeaf = from instanceof ExactNumber || to instanceof ExactNumber;
    if (!isLeaf && !(Array.isArray(from) && Array.isArray(to))) return undefined;
    return isDeepStrictEqual(from, to) ? [] : [{ op: 'replace', path: pointer.toString(), value: to }];
  }) as Step[];
}

function withoutNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
}

/** The value at a JSON Pointer; undefined if there is none. */
export function valueAt(object: JsonObject | undefined, path: string): unknown {
  return valueAtPointer(object, path);
}

/** Applies a JSON Patch to an object; undefined if the patch does not apply. */
export function patched(object: JsonObject, patch: unknown): JsonObject | undefined {
  const result = applyPatch(object, patch);
  return isJsonObject(result) ? result : undefined;
}
