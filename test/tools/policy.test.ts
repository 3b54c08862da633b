import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { catalogue, findOperation, groupTitles } from '../../src/tools/catalogue.ts';
import { helpers } from '../../src/tools/helpers.ts';
import { annotationsOf, type Operation } from '../../src/tools/operation.ts';
import { runners } from '../../src/tools/runners.ts';
import { inputSchemaOf } from '../../src/tools/schema.ts';
import type { Schema } from './fact-sheet.ts';
import { sketchesOf } from './walk.ts';

interface Published extends Schema {
  readonly description?: string;
}

interface Node {
  /** Dotted path, `[]` for list items; the variants of a union share the path of the union. */
  readonly path: string;
  readonly schema: Published;
}

/** A schema with all schemas below it. */
function nodesOf(schema: Published, path = ''): Node[] {
  const { properties = {}, items, anyOf = [] } = schema;
  return [
    { path, schema },
    ...Object.entries(properties).flatMap(([name, inner]) => nodesOf(inner, path ? `${path}.${name}` : name)),
    ...(items ? nodesOf(items, `${path}[]`) : []),
    ...anyOf.flatMap((inner) => nodesOf(inner, path)),
  ];
}

/** The words of JSON Schema that every client and model API in the field takes. */
const plainWords = new Set([
  'type',
  'description',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'anyOf',
  'enum',
  'minimum',
  'maximum',
]);

/** Objects that the API itself leaves open, and arguments of another call. */
const openByNature = new Set(['provider_config', 'config.extra', 'data', 'arguments']);

const ajv = new Ajv2020({ strict: true });

describe.each([...catalogue, ...helpers, ...runners])('$id', (operation) => {
  const schema = inputSchemaOf(operation) as Published;
  const nodes = nodesOf(schema);

  test('has a name that every client takes', () => {
    expect(operation.id).toMatch(/^[A-Za-z0-9_-]{1,46}$/);
  });

  test('is a closed object at the root, without a union', () => {
    expect(schema).toMatchObject({ type: 'object', additionalProperties: false });
    expect(schema).not.toHaveProperty('anyOf');
  });

  test('uses only the words of JSON Schema that all take', () => {
    const used = nodes.flatMap((node) => Object.keys(node.schema));
    expect(used.filter((word) => !plainWords.has(word))).toEqual([]);
  });

  test('types every field, with one type or as a union of typed variants', () => {
    const untyped = nodes.filter(({ schema: { type, anyOf } }) => typeof type !== 'string' && !anyOf);
    expect(untyped).toEqual([]);
  });

  test('gives every list its items', () => {
    expect(nodes.filter(({ schema: { type, items } }) => type === 'array' && !items)).toEqual([]);
  });

  test('closes every object but those left open on purpose', () => {
    const sketched = sketchesOf(operation).flatMap(({ path }) => [path, `${path}[]`]);
    const open = nodes.filter(
      ({ schema: { type, additionalProperties } }) => type === 'object' && additionalProperties !== false,
    );
    const accidental = open.filter(({ path }) => !openByNature.has(path) && !sketched.includes(path));
    expect(accidental).toEqual([]);
  });

  test('publishes no bounds that only say how numbers are stored', () => {
    const bounds = nodes.flatMap(({ schema: { minimum, maximum } }) => [minimum ?? 0, maximum ?? 0]);
    expect(bounds.filter((bound) => Math.abs(bound) >= Number.MAX_SAFE_INTEGER)).toEqual([]);
  });

  test('is valid JSON Schema 2020-12', () => {
    expect(() => ajv.compile(schema)).not.toThrow();
  });

  test('states all four hints', () => {
    const hints = Object.entries(annotationsOf(operation));
    expect(hints.map(([name]) => name).sort()).toEqual([
      'destructiveHint',
      'idempotentHint',
      'openWorldHint',
      'readOnlyHint',
    ]);
    expect(hints.every(([, value]) => typeof value === 'boolean')).toBe(true);
  });

  test('has a short title in sentence case and a summary of whole sentences', () => {
    expect(operation.title).toMatch(
      /^[A-Z][a-z]+( [a-z-]+| Management| Engine| OpenAPI| MCP| Synqly-[a-z]+)*$/,
    );
    expect(operation.title.length).toBeLessThanOrEqual(40);
    expect(operation.summary).toMatch(/^[A-Z].*\.$/);
    expect(operation.summary).not.toMatch(/^This tool/i);
    expect(operation.summary.length).toBeLessThanOrEqual(180);
  });

  test('keeps the texts of its fields short and without a closing period', () => {
    const texts = nodes.slice(1).map((node) => node.schema.description ?? '');
    expect(texts.filter((text) => text.endsWith('.'))).toEqual([]);
    const longest = Math.max(0, ...texts.map((text) => text.length));
    expect(longest).toBeLessThanOrEqual(sketchesOf(operation).length > 0 ? 350 : 160);
  });

  test('speaks of tools and arguments that exist', () => {
    const texts = [operation.summary, ...nodes.map((node) => node.schema.description ?? '')];
    const words = texts.flatMap((text) => text.match(/\b[a-z]+[A-Za-z]*_\w+/g) ?? []);
    const toolWords = words.filter((word) => toolPrefixes.has(word.slice(0, word.indexOf('_'))));
    expect(toolWords.filter((word) => !findOperation(word))).toEqual([]);
  });
});

describe.each(catalogue)('$id', (operation) => {
  test('has arguments in snake_case, none of which is meant twice', () => {
    const { params, query, shaping, body = {}, replacesWhole } = operation;
    const precondition = replacesWhole ? ['updated_at'] : [];
    const names = [...[params, query, shaping, body].flatMap((part) => Object.keys(part)), ...precondition];
    expect(names).toEqual([...new Set(names)]);
    expect(names.filter((name) => !/^[a-z]+(_[a-z]+)*$/.test(name))).toEqual([]);
  });
});

const toolPrefixes = new Set(catalogue.map(({ id }) => id.slice(0, id.indexOf('_'))));

test('no two tools have the same title', () => {
  const titles = catalogue.map(({ title }) => title);
  expect(titles).toEqual([...new Set(titles)]);
});

test.each(Object.keys(groupTitles))('the file %s.ts describes its group, whole and alone', async (group) => {
  const file: Record<string, Operation> = await import(`../../src/tools/${group}.ts`);
  const inGroup = catalogue.filter((operation) => operation.group === group);
  expect(inGroup).not.toEqual([]);
  expect(
    Object.values(file)
      .map(({ id }) => id)
      .sort(),
  ).toEqual(inGroup.map(({ id }) => id).sort());
});
