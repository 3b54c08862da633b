import { describe, expect, test } from 'vitest';
import { dispatcherTools } from '../../src/surfaces/compact/definitions.ts';
import { publishedDispatchers } from '../../src/surfaces/compact/published.ts';
import { builtinTools } from '../../src/tools/builtin/index.ts';
import { catalogue, findOperation, groupTitles } from '../../src/tools/catalogue.ts';
import type { Operation } from '../../src/tools/define-operation.ts';
import { inputSchemaOf } from '../../src/tools/json-schema.ts';
import { publishedBuiltinTools, publishedTools, publishedWorkflows } from '../../src/tools/published.ts';
import { findWorkflow, workflows } from '../../src/tools/workflows/index.ts';
import { nodesOf, refusedOf } from './client-limits.ts';
import { sketchesOf } from './walk.ts';

const published = new Map(
  [...publishedTools, ...publishedWorkflows, ...publishedBuiltinTools, ...publishedDispatchers].map(
    (tool) => [tool.name, tool],
  ),
);

describe.each([...catalogue, ...workflows, ...builtinTools, ...dispatcherTools])('$id', (operation) => {
  const nodes = nodesOf(inputSchemaOf(operation));

  test('is accepted by every client and model API', () => {
    const sketched = sketchesOf(operation).map(({ path }) => path);
    const tool = published.get(operation.id);
    expect(tool && refusedOf(tool, sketched)).toEqual([]);
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

  test('mentions only tools and arguments that exist', () => {
    const texts = [operation.summary, ...nodes.map((node) => node.schema.description ?? '')];
    const words = texts.flatMap((text) => text.match(/\b[a-z]+[A-Za-z]*_\w+/g) ?? []);
    const toolWords = words.filter((word) => toolPrefixes.has(word.slice(0, word.indexOf('_'))));
    expect(toolWords.filter((word) => !findOperation(word) && !findWorkflow(word))).toEqual([]);
  });
});

describe.each(catalogue)('$id', (operation) => {
  test('has arguments in snake_case, none of which is meant twice', () => {
    const { params, query, formatting, body = {}, replacesWhole } = operation;
    const precondition = replacesWhole ? ['updated_at'] : [];
    const names = [
      ...[params, query, formatting, body].flatMap((part) => Object.keys(part)),
      ...precondition,
    ];
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
  const file: Record<string, Operation> = await import(`../../src/tools/operations/${group}.ts`);
  const inGroup = catalogue.filter((operation) => operation.group === group);
  expect(inGroup).not.toEqual([]);
  expect(
    Object.values(file)
      .map(({ id }) => id)
      .sort(),
  ).toEqual(inGroup.map(({ id }) => id).sort());
});
