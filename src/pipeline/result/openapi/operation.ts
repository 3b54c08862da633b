import { isJsonObject, type JsonObject } from '../../../lib/json.ts';
import { costOf } from '../../../lib/token-estimate.ts';
import { addressOf, findPart } from '../address.ts';
import { cursorHelp, shortenPart } from '../shorten.ts';
import { copyEntry, copyOf, mapEntries, withReferences } from './copy.ts';
import { type Entry, type OpenApi, schemasOf, sharedOf } from './document.ts';

/** Share of the tokens for an operation and its schemas. Further schemas stay references. */
const definitionShare = 0.8;

/** Tokens of the longest schema that is included, by depth: schemas of the operation, and schemas within those. */
const maxSchemaTokens = [1_000, 500];

/** An operation of the document, with short schemas included next to their references. */
export function showOperation(
  document: OpenApi,
  { method, path, operation, address }: Entry,
  tokens: number,
): JsonObject {
  const shared = sharedOf(document, path);
  const budget = tokens * definitionShare;
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
    next: `${cursorHelp} are values for schema.`,
  };
}

/** Adds definitions next to references, each once, until its tokens are used up. */
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
    // Error responses are mostly the same for all operations.
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
    const maxTokens = Math.min(maxSchemaTokens[depth] ?? 0, this.#left);
    if (maxTokens <= 0 || this.#shown.has(reference)) return undefined;
    const target = findPart(this.#document, schemasOf(this.#document), addressOf(reference))?.value;
    const tokens = costOf(target, maxTokens);
    if (target === undefined || tokens > maxTokens) return undefined;
    this.#shown.add(reference);
    this.#left -= tokens + 5;
    return target;
  }
}
