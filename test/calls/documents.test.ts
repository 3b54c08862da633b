import { expect, test } from 'vitest';
import { formatDocument } from '../../src/pipeline/result/large-documents.ts';
import { metaEngineOpenapiSpec } from '../../src/tools/operations/meta.ts';
import { operationsIn, Walk } from '../e2e/document-walk.ts';
import { largeDocument } from '../e2e/large-document.ts';

// Every part of it takes thousands of questions, so that these do without HTTP; documents.test.ts of e2e asks some.
const document = largeDocument();
const walk = new Walk(async (args) => formatDocument(metaEngineOpenapiSpec, args, document, 10_000));

test('the document is larger than 10 MB', () => {
  expect(Buffer.byteLength(JSON.stringify(document))).toBeGreaterThan(10_000_000);
});

test('following the hints from the root gives the whole document, in answers under 10,000 tokens', async () => {
  const rebuilt = await walk.rebuild('#');
  console.log(
    `${walk.asked} answers, the longest of ${walk.longest.tokens} tokens for ${walk.longest.asked}`,
  );
  expect(rebuilt).toEqual(document);
  expect(walk.longest.tokens).toBeLessThan(10_000);
}, 120_000);

test('following the outline gives every operation, by its tag and its id', async () => {
  const outline = await walk.ask({});
  // A whole OpenAPI document, which its type does not say.
  const operations = operationsIn(document as never);
  const listed: string[] = [];
  for (const tag of Object.keys(outline.operations_of_tag)) {
    const ids = await walk.operationsOf(tag);
    expect(ids).toHaveLength(outline.operations_of_tag[tag]);
    listed.push(...ids);
    const some = ids.filter((id, index) => index % 10 === 0 || id.startsWith('POST '));
    for (const id of some) {
      const { operation, definition } = await walk.ask({ operation: id });
      expect(await walk.restore(definition)).toEqual(operations.get(operation));
    }
  }
  expect(new Set(listed).size).toBe(operations.size);
  expect(walk.longest.tokens).toBeLessThan(10_000);
}, 120_000);

test('parameters that the operations of a path share are shown with each', async () => {
  const { of_path } = await walk.ask({ operation: 'GET /v1/~odd/{id}/%7Bx%7D' });
  expect(of_path.parameters).toEqual([expect.objectContaining({ name: 'thing_id', in: 'path' })]);
});

test.each([
  ['a list', []],
  ['a text', 'openapi: 3.1.0'],
])('%s in the place of a document is left to others', (_, body) => {
  expect(formatDocument(metaEngineOpenapiSpec, {}, body, 10_000)).toBeUndefined();
});

test.each([
  ['nothing', {}],
  ['parts of the wrong kind', { paths: [1], info: 'x', tags: {}, components: [] }],
  ['broken parts', { paths: { '/': null, '/a': { get: 1 } }, tags: [1], components: { schemas: 1 } }],
])('a document of %s has an outline all the same, and every part by address', async (_, body) => {
  const broken = new Walk(async (args) => formatDocument(metaEngineOpenapiSpec, args, body, 10_000));
  expect((await broken.ask({})).counts).toMatchObject({ operations: 0, schemas: 0 });
  expect(await broken.rebuild('#')).toEqual(body);
  expect(await broken.ask({ search: 'x' })).toMatchObject({ found: 0 });
});
