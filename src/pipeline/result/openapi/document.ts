import { getOrCreate } from '../../../lib/get-or-create.ts';
import { isJsonObject, type JsonObject } from '../../../lib/json.ts';
import { childAddress } from '../address.ts';

/** An OpenAPI document. Its structure is not validated. */
export type OpenApi = JsonObject;

/** One operation of a document. */
export interface Entry {
  /** Its operationId, or `METHOD /path` if that is missing or not unique. */
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly tags: readonly string[];
  readonly operation: JsonObject;
  /** Address of the operation in the document. */
  readonly address: string;
}

/** The tag of operations without one. */
export const untagged = 'untagged';

const methods = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']);

/** All operations, in the document's order. */
export function entriesOf(document: OpenApi): readonly Entry[] {
  const entries: Entry[] = [];
  const taken = new Set<string>();
  const paths = isJsonObject(document.paths) ? document.paths : {};
  for (const path in paths) {
    const item = paths[path];
    if (!isJsonObject(item)) continue;
    for (const key in item) {
      const operation = item[key];
      if (!methods.has(key) || !isJsonObject(operation)) continue;
      const method = key.toUpperCase();
      const { operationId } = operation;
      const unique = typeof operationId === 'string' && operationId !== '' && !taken.has(operationId);
      const id = unique ? operationId : `${method} ${path}`;
      taken.add(id);
      const tags = textsOf(operation.tags);
      const address = childAddress(childAddress('#/paths', path), key);
      entries.push({
        id,
        method,
        path,
        tags: tags.length > 0 ? tags : [untagged],
        // Read on each access, to keep the operations of a large document out of memory.
        get operation() {
          return (paths[path] as JsonObject)[key] as JsonObject;
        },
        address,
      });
    }
  }
  return entries;
}

/** The parts of a path that are not operations, such as parameters that its operations share. */
export function sharedOf({ paths }: OpenApi, path: string): JsonObject | undefined {
  const item = isJsonObject(paths) ? paths[path] : undefined;
  const shared = isJsonObject(item) ? Object.entries(item).filter(([key]) => !methods.has(key)) : [];
  return shared.length > 0 ? Object.fromEntries(shared) : undefined;
}

/** Component schemas by name. */
export function schemasOf({ components }: OpenApi): JsonObject {
  return isJsonObject(components) && isJsonObject(components.schemas) ? components.schemas : {};
}

/** Operations by tag, the tags in the order in which the document declares them. */
export function byTag(document: OpenApi, entries: readonly Entry[]): ReadonlyMap<string, readonly Entry[]> {
  const groups = new Map<string, Entry[]>();
  const declared = Array.isArray(document.tags) ? document.tags.filter(isJsonObject) : [];
  for (const name of declared.map((tag) => tag.name)) if (typeof name === 'string') groups.set(name, []);
  for (const entry of entries) {
    for (const tag of entry.tags) getOrCreate(groups, tag, () => []).push(entry);
  }
  return groups;
}

/** The texts of a list; empty for any other value. */
export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** A text on one line, cut to a number of characters. */
export function shortened(text: unknown, max: number): string {
  const line =
    typeof text === 'string'
      ? text
          .slice(0, 4 * max)
          .replace(/\s+/g, ' ')
          .trim()
      : '';
  return line.length > max ? `${line.slice(0, max - 1)}…` : line;
}
