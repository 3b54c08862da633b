import { CallError } from '../../../errors.ts';
import { findClosest } from '../../../lib/did-you-mean.ts';
import type { Arguments } from '../../../lib/json.ts';
import { isJsonObject, type JsonObject } from '../../../lib/json.ts';
import { addressOf, findPart, reachable, takeApart } from '../address.ts';
import { cursorLegend, shortenPart } from '../shorten.ts';
import { withReferences } from './copy.ts';
import { byTag, type Entry, entriesOf, type OpenApi, schemasOf } from './document.ts';
import { showOperation } from './operation.ts';
import { outlineOf, tagNamed } from './outline.ts';
import { searchDocument } from './search.ts';

/** Ways to ask for less than the whole. */
const ways = ['operation', 'schema', 'search'] as const;

/**
 * What is shown of an OpenAPI document: an outline, or what the arguments ask for.
 *
 * @param tool that the next call is to be made with
 * @param tokens for the answer's largest part
 * @throws CallError `not_found`, with the closest names; `invalid_arguments` when more than one thing is asked for
 */
export function answerAbout(document: OpenApi, args: Arguments, tool: string, tokens: number): JsonObject {
  const given = ways.filter((way) => typeof args[way] === 'string' && args[way] !== '');
  const [way] = given;
  if (way === undefined) return outlineOf(document, tokens);
  if (given.length > 1) {
    throw new CallError('invalid_arguments', `Only one of ${ways.join(', ')} can be asked for at a time.`, {
      remediation: `Call again with ${given.join(' or ')} alone.`,
    });
  }
  const wanted = String(args[way]);
  if (way === 'search') return searchDocument(document, wanted);
  return way === 'operation'
    ? findOperation(document, wanted, tool, tokens)
    : showPart(document, wanted, tool, tokens);
}

function findOperation(document: OpenApi, wanted: string, tool: string, tokens: number): JsonObject {
  const entries = entriesOf(document);
  const entry = entries.find(({ id }) => id === wanted) ?? entries.find((one) => isAt(one, wanted));
  if (entry) return showOperation(document, entry, tokens);
  const tagged = tagNamed(document, entries, wanted, tokens);
  if (tagged) return tagged;
  const names = new Set([...entries.map(({ id }) => id), ...byTag(document, entries).keys()]);
  throw notFound('operation', wanted, findClosest(wanted, names), tool);
}

/** Names of placeholders differ between documents and tools, so that only their places count. */
function isAt({ method, path }: Entry, wanted: string): boolean {
  const plain = (route: string) =>
    route
      .trim()
      .replace(/\{[^{}]*\}/g, '{}')
      .toLowerCase();
  return plain(`${method} ${path}`) === plain(wanted);
}

function showPart(document: OpenApi, wanted: string, tool: string, tokens: number): JsonObject {
  const schemas = schemasOf(document);
  const address = addressOf(wanted);
  const part = findPart(document, schemas, address);
  if (!part) throw notFound('schema', wanted, closestParts(document, reachable(address)), tool);
  const base = part.from > 0 ? (takeApart(address)?.base ?? address) : address;
  return {
    schema: address,
    definition: shortenPart(part, base, tokens, withReferences),
    next: `${cursorLegend} are values for schema.`,
  };
}

/** The closest schemas; where one is right and only its part is not, the closest parts. */
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

function notFound(way: string, wanted: string, names: readonly string[], tool: string): CallError {
  const [best] = names;
  const search = wanted
    .slice(0, 60)
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
  return new CallError('not_found', `The document has no such ${way}.`, {
    ...(best === undefined ? {} : { closest: names }),
    example: { tool, arguments: best === undefined ? { search } : { [way]: best } },
    remediation:
      best === undefined
        ? 'Search instead, as in example.'
        : `Give one of closest as ${way}, as in example, or words as search.`,
  });
}
