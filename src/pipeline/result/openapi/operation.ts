import { isJsonObject, type JsonObject } from '../../../lib/json.ts';
import { costOf } from '../../../lib/token-estimate.ts';
import { addressOf, findPart } from '../address.ts';
import { cursorLegend, shortenPart } from '../shorten.ts';
import { copyEntry, copyOf, mapEntries, withReferences } from './copy.ts';
import { type Entry, type OpenApi, schemasOf, sharedOf } from './document.ts';

/** What of an answer is for an operation with its schemas; further ones are left by name. */
const shareOfResolved = 0.8;

/** Tokens of the longest schema that is put in the place of its name, by how deep it lies: what the operation takes, and what that holds. */
const maxPathLength = [1_000, 500];

/** An operation as the document has it, short schemas put in beside their names. */
export function showOperation(
  document: OpenApi,
  { method, path, operation, address }: Entry,
  tokens: number,
): JsonObject {
  const shared = sharedOf(document, path);
  const budget = tokens * shareOfResolved;
  const spare = budget - costOf(operation, budget);
  const definition =
    spare > 0
      ? new Resolver(document, spare).show(operation)
      : shortenPart({ value: operation, from: 0 }, address, budget, withReferences);
  return {
    operation: `${method} ${path}`,
    definition,
    ...(shared && {
      of_path: shortenPart(
        { value: shared, from: 0 },
        address.slice(0, address.lastIndexOf('/')),
        tokens - budget,
        withReferences,
      ),
    }),
    next: `${cursorLegend} are values for schema.`,
  };
}

/** Puts definitions beside references until its tokens are used up; each definition once. */
class Resolver {
  readonly #document: OpenApi;
  readonly #shown = new Set<string>();
  #left: number;

  constructor(document: OpenApi, tokens: number) {
    this.#document = document;
    this.#left = tokens;
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
    const maxLength = Math.min(maxPathLength[depth] ?? 0, this.#left);
    if (maxLength <= 0 || this.#shown.has(reference)) return undefined;
    const target = findPart(this.#document, schemasOf(this.#document), addressOf(reference))?.value;
    const tokens = costOf(target, maxLength);
    if (target === undefined || tokens > maxLength) return undefined;
    this.#shown.add(reference);
    this.#left -= tokens + 5;
    return target;
  }
}
