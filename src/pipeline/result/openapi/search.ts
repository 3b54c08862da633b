import { findClosest } from '../../../lib/did-you-mean.ts';
import { isJsonObject, type JsonObject } from '../../../lib/json.ts';
import { type Field, rank, wordsOf } from '../../../lib/rank.ts';
import { escapeKey } from '../address.ts';
import { type Entry, entriesOf, type OpenApi, schemasOf, shortened } from './document.ts';
import { lineOf } from './outline.ts';

/** Matches that are shown. */
const maxHits = 20;

type SearchItem = { readonly entry: Entry } | { readonly name: string; readonly schema: unknown };

/** The operations and schemas that match a search, the best first. */
export function searchDocument(document: OpenApi, search: string): JsonObject {
  const entries = entriesOf(document);
  const schemas = schemasOf(document);
  const hits = rank(searchItems(entries, schemas), wordsOf(search), fieldsOf);
  if (hits.length === 0) {
    const names = new Set([...entries.map(({ id }) => id), ...Object.keys(schemas)]);
    return {
      found: 0,
      closest: findClosest(search, names),
      next: 'Call again with other words, or with a name as operation or schema.',
    };
  }
  const shown = hits.slice(0, maxHits);
  const more = hits.length - shown.length;
  return {
    found: hits.length,
    operations: shown.flatMap(({ item }) => ('entry' in item ? lineOf(item.entry) : [])),
    schemas: shown.flatMap(({ item }) => ('entry' in item ? [] : describe(item))),
    ...(more > 0 && { not_shown: more }),
    next: `For details call again with a name as operation or schema.${more > 0 ? ' More words narrow the search.' : ''}`,
  };
}

function* searchItems(entries: readonly Entry[], schemas: JsonObject): Iterable<SearchItem> {
  for (const entry of entries) yield { entry };
  for (const name in schemas) yield { name, schema: schemas[name] };
}

function describe({ name, schema }: { readonly name: string; readonly schema: unknown }): string {
  const { title, description } = isJsonObject(schema) ? schema : {};
  const header = shortened(description ?? title, 120);
  return `${escapeKey(name)}${header ? `: ${header}` : ''}`;
}

function fieldsOf(item: SearchItem): readonly Field[] {
  if ('entry' in item) {
    const { id, path, tags, operation } = item.entry;
    const parameters = Array.isArray(operation.parameters) ? operation.parameters.filter(isJsonObject) : [];
    return [
      [8, `${id} ${inWords(id)}`],
      [6, path],
      [5, `${textOf(operation.summary)} ${tags.join(' ')}`],
      [2, textOf(operation.description)],
      [2, parameters.map(({ name, $ref }) => textOf(name ?? $ref)).join(' ')],
    ];
  }
  const { title, description } = isJsonObject(item.schema) ? item.schema : {};
  const properties: string[] = [];
  collectProperties(item.schema, properties);
  return [
    [7, `${item.name} ${inWords(item.name)}`],
    [3, textOf(title)],
    [3, properties.join(' ')],
    [2, textOf(description)],
  ];
}

/** `CreateAccountRequest` as `Create Account Request`, so that its words can be found. */
const inWords = (name: string) => name.replace(/(?<=[a-z\d])(?=[A-Z])/g, ' ');

const textOf = (value: unknown) => (typeof value === 'string' ? value : '');

function collectProperties(schema: unknown, into: string[]): void {
  if (Array.isArray(schema)) {
    for (const part of schema) collectProperties(part, into);
  } else if (isJsonObject(schema)) {
    if (isJsonObject(schema.properties)) into.push(...Object.keys(schema.properties));
    for (const key in schema) collectProperties(schema[key], into);
  }
}
