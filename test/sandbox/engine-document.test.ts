import { expect, test } from 'vitest';
import { engineDocument } from '../../src/sandbox/engine-document.ts';
import { managementDocument } from '../../src/sandbox/facts.ts';

interface Operation {
  operationId: string;
  responses: Record<string, unknown>;
}

const { paths, components, ...rest } = engineDocument() as {
  openapi: string;
  info: { title: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown> };
};

test('it is an OpenAPI 3.1 document that says it is a stand-in', () => {
  expect(rest.openapi).toMatch(/^3\.1\./);
  expect(rest.info.title).toContain('stand-in');
});

test('it has a path under /v1 for each of the 132 connector operations', () => {
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  expect(Object.keys(paths)).toHaveLength(132);
  expect(Object.keys(paths).every((path) => path.startsWith('/v1/'))).toBe(true);
  const { enum: known } = managementDocument().components.schemas.OperationId as { enum: string[] };
  expect(operations.map(({ operationId }) => operationId)).toEqual(known);
  expect(operations.every(({ responses }) => Object.keys(responses).length > 0)).toBe(true);
});

test('every reference leads somewhere', () => {
  const references = [...JSON.stringify(paths).matchAll(/"#\/components\/schemas\/(\w+)"/g)];
  expect(references.length).toBeGreaterThan(132);
  for (const [, name = ''] of references) expect(components.schemas).toHaveProperty(name);
});
