import { isJsonObject, type JsonObject } from '../../json.ts';
import { addressOf, findPart } from './address.ts';
import { type Entry, type OpenApi, schemasOf, sharedOf } from './openapi.ts';
import { copyEntry, copyOf, legend, mapEntries, shortenPart } from './shorten.ts';
import { bytesOf, mostBytes } from './size.ts';

/** Bytes of an operation with its schemas; further ones are left by name. */
const resolvedBytes = 9_000;

/** The longest schema that is put in the place of its name, by how deep it lies: what the operation takes, and what that holds. */
const longestAt = [3_000, 1_500];

/** An operation as the document has it, short schemas put in beside their names. */
export function showOperation(document: OpenApi, { method, path, operation, address }: Entry): JsonObject {
  const shared = sharedOf(document, path);
  const spare = resolvedBytes - bytesOf(operation, resolvedBytes);
  const definition =
    spare > 0
      ? new Resolver(document, spare).show(operation)
      : shortenPart({ value: operation, from: 0 }, address, mostBytes - 3_000);
  return {
    operation: `${method} ${path}`,
    definition,
    ...(shared && {
      of_path: shortenPart({ value: shared, from: 0 }, address.slice(0, address.lastIndexOf('/')), 2_000),
    }),
    next: `${legend} are values for schema.`,
  };
}

/** Puts definitions beside references until its bytes are used up; each definition once. */
class Resolver {
  readonly #document: OpenApi;
  readonly #shown = new Set<string>();
  #left: number;

  constructor(document: OpenApi, bytes: number) {
    this.#document = document;
    this.#left = bytes;
  }

  show(operation: JsonObject): unknown {
    const { responses, ...rest } = operation;
    const shown = mapEntries(rest, (value, key) => this.#resolve(value, key, 0));
    if (!isJsonObject(responses))
      return 'responses' in operation ? { ...shown, responses: copyOf(responses) } : shown;
    // Failures are much the same for all operations.
    const answers = mapEntries(responses, (value, status) =>
      /^2/.test(status) ? this.#resolve(value, status, 0) : copyEntry(value, status),
    );
    return { ...shown, responses: answers };
  }

  #resolve(value: unknown, key: string, depth: number): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#resolve(item, '', depth));
    if (!isJsonObject(value)) return copyEntry(value, key);
    const copy = mapEntries(value, (part, name) => this.#resolve(part, name, depth));
    const target = typeof value.$ref === 'string' ? this.#target(value.$ref, depth) : undefined;
    return target === undefined ? copy : { ...copy, $definition: this.#resolve(target, '', depth + 1) };
  }

  #target(reference: string, depth: number): unknown {
    const longest = Math.min(longestAt[depth] ?? 0, this.#left);
    if (longest <= 0 || this.#shown.has(reference)) return undefined;
    const target = findPart(this.#document, schemasOf(this.#document), addressOf(reference))?.value;
    const bytes = bytesOf(target, longest);
    if (target === undefined || bytes > longest) return undefined;
    this.#shown.add(reference);
    this.#left -= bytes + '"$definition":,'.length;
    return target;
  }
}
