import { isJsonObject, type JsonObject } from '../../../lib/json.ts';
import { costOf } from '../../../lib/token-estimate.ts';
import { addressFrom, childAddress, splitAddress } from '../address.ts';
import { byTag, type Entry, entriesOf, type OpenApi, schemasOf, shortened } from './document.ts';

/** Tokens for the operations of an outline. A longer list is replaced by counts. */
const maxOperationTokens = 3_000;

const argumentsHint =
  'For details give one of: operation (an id, "METHOD /path" or a tag), schema (a name, or an address such as #/components/schemas), search (words).';

/** An outline of a document, and how to read on. */
export function outlineOf(document: OpenApi, tokens: number): JsonObject {
  const { info, openapi } = document;
  const { title, version, description } = isJsonObject(info) ? info : {};
  const entries = entriesOf(document);
  const groups = byTag(document, entries);
  return {
    title: shortened(title, 200),
    version: shortened(version, 50),
    openapi,
    description: shortened(description, 300),
    counts: {
      operations: entries.length,
      schemas: Object.keys(schemasOf(document)).length,
      tags: groups.size,
    },
    ...tagsOf(groups, Math.min(maxOperationTokens, tokens - 400)),
    other_parts: otherParts(document),
    next: argumentsHint,
  };
}

function tagsOf(groups: ReadonlyMap<string, readonly Entry[]>, tokens: number): JsonObject {
  const named = [...groups].map(([tag, entries]) => [tag, entries.map(({ id }) => id).join(' ')] as const);
  const whole = Object.fromEntries(named);
  if (costOf(whole, tokens) <= tokens) return { operations_by_tag: whole };
  let left = tokens;
  const counted = [...groups].filter(([tag]) => {
    left -= costOf(tag) + 3;
    return left > 0;
  });
  return {
    operations_of_tag: Object.fromEntries(counted.map(([tag, entries]) => [tag, entries.length])),
    ...(counted.length < groups.size && {
      further_tags: { count: groups.size - counted.length, see: '{"schema":"#/paths"} has all paths' },
    }),
  };
}

/** The addresses of all parts other than operations and schemas. */
function otherParts({ paths, components, ...rest }: OpenApi): readonly string[] {
  const known = new Set(['openapi', 'tags']);
  const top = Object.keys(rest).filter((key) => !known.has(key));
  const kinds = isJsonObject(components) ? Object.keys(components) : [];
  return [
    '#/paths',
    ...top.slice(0, 50).map((key) => childAddress('#', key)),
    ...kinds.slice(0, 50).map((kind) => childAddress('#/components', kind)),
  ];
}

/** The operations of a tag, one per line; undefined for an unknown tag. */
export function showTag(
  document: OpenApi,
  entries: readonly Entry[],
  wanted: string,
  tokens: number,
): JsonObject | undefined {
  const groups = byTag(document, entries);
  const find = (name: string) =>
    [...groups.keys()].find((tag) => tag === name) ??
    [...groups.keys()].find((tag) => tag.toLowerCase() === name.toLowerCase());
  const { base = wanted, from = 0 } = find(wanted) === undefined ? (splitAddress(wanted) ?? {}) : {};
  const tag = find(base);
  const group = tag === undefined ? undefined : groups.get(tag);
  if (tag === undefined || !group) return undefined;
  const lines: string[] = [];
  let left = tokens;
  for (const entry of group.slice(from)) {
    const line = lineOf(entry);
    left -= costOf(line) + 1;
    if (left < 0 && lines.length > 0) break;
    lines.push(line);
  }
  const end = from + lines.length;
  return {
    tag,
    count: group.length,
    operations: lines,
    ...(end < group.length && { further: { operation: addressFrom(tag, end) } }),
    next: 'For details call again with an id as operation.',
  };
}

/** An operation on one line. */
export function lineOf({ id, method, path, operation }: Entry): string {
  const route = `${method} ${path}`;
  const header = shortened(operation.summary ?? operation.description, 120);
  return `${id}${id === route ? '' : ` (${route})`}${header ? `: ${header}` : ''}`;
}
