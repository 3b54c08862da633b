import { CallError } from '../../../errors.ts';
import { findClosest } from '../../../lib/did-you-mean.ts';
import type { Arguments } from '../../../lib/json.ts';
import { isJsonObject, type JsonObject } from '../../../lib/json.ts';
import { addressOf, findPart, limitDepth, splitAddress } from '../address.ts';
import { cursorHelp, shortenPart } from '../shorten.ts';
import { withReferences } from './copy.ts';
import { byTag, type Entry, entriesOf, type OpenApi, schemasOf } from './document.ts';
import { showOperation } from './operation.ts';
import { outlineOf, showTag } from './outline.ts';
import { searchDocument } from './search.ts';

/** Arguments that select a part of the document. */
const selectors = ['operation', 'schema', 'search'] as const;

/**
 * Shows an outline of an OpenAPI document, or the part that the arguments select.
 *
 * @param tool the tool of the next call, for examples
 * @param tokens the limit for the largest part of the result
 * @throws CallError `not_found` with the closest names; `invalid_arguments` when more than one part is selected
 */
export function showDocument(document: OpenApi, args: Arguments, tool: string, tokens: number): JsonObject {
  const given = selectors.filter((name) => typeof args[name] === 'string' && args[name] !== '');
  const [selector] = given;
  if (selector === undefined) return outlineOf(document, tokens);
  if (given.length > 1) {
    throw new CallError('invalid_arguments', `Only one of ${selectors.join(', ')} can be given at a time.`, {
      remediation: `Call again with only ${given.join(' or ')}.`,
    });
  }
  const wanted = String(args[selector]);
  if (selector === 'search') return searchDocument(document, wanted);
  return selector === 'operation'
    ? findOperation(document, wanted, tool, tokens)
    : answerPart(document, wanted, tool, tokens);
}

function findOperation(document: OpenApi, wanted: string, tool: string, tokens: number): JsonObject {
  const entries = entriesOf(document);
  const entry = entries.find(({ id }) => id === wanted) ?? entries.find((one) => isRoute(one, wanted));
  if (entry) return showOperation(document, entry, tokens);
  const tagged = showTag(document, entries, wanted, tokens);
  if (tagged) return tagged;
  const names = new Set([...entries.map(({ id }) => id), ...byTag(document, entries).keys()]);
  throw notFound('operation', wanted, findClosest(wanted, names), tool);
}

/** Names of placeholders differ between documents and tools, so only their positions are compared. */
function isRoute({ method, path }: Entry, wanted: string): boolean {
  const plain = (route: string) =>
    route
      .trim()
      .replace(/\{[^{}]*\}/g, '{}')
      .toLowerCase();
  return plain(`${method} ${path}`) === plain(wanted);
}

function answerPart(document: OpenApi, wanted: string, tool: string, tokens: number): JsonObject {
  const schemas = schemasOf(document);
  const address = addressOf(wanted);
  const part = findPart(document, schemas, address);
  if (!part) throw notFound('schema', wanted, closestParts(document, limitDepth(address)), tool);
  const base = part.from > 0 ? (splitAddress(address)?.base ?? address) : address;
  return {
    schema: address,
    definition: shortenPart(part, base, tokens, withReferences),
    next: `${cursorHelp} are values for schema.`,
  };
}

/** The closest schemas, or the closest parts if only the part is unknown. */
function closestParts(document: OpenApi, wanted: string): readonly string[] {
  const schemas = schemasOf(document);
  for (let end = wanted.length; end > 0; end = wanted.lastIndexOf('/', end - 1)) {
    const parent = end < wanted.length ? findPart(document, schemas, wanted.slice(0, end))?.value : undefined;
    if (!isJsonObject(parent)) continue;
    const key = wanted.slice(end + 1).split('/')[0] ?? '';
    const base = wanted.slice(0, end);
    return [...findClosest(key, Object.keys(parent)).map((name) => `${base}/${name}`), base];
  }
  return findClosest(wanted, Object.keys(schemas));
}

function notFound(selector: string, wanted: string, names: readonly string[], tool: string): CallError {
  const [best] = names;
  const search = wanted
    .slice(0, 60)
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
  return new CallError('not_found', `The document has no such ${selector}.`, {
    ...(best === undefined ? {} : { closest: names }),
    example: { tool, arguments: best === undefined ? { search } : { [selector]: best } },
    remediation:
      best === undefined
        ? 'Search instead, as in example.'
        : `Use one of closest as ${selector}, as in example, or use search.`,
  });
}
