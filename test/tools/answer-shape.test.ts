import { expect, test } from 'vitest';
import { type ResponseShape, responseShapeOf } from '../../src/pipeline/execute/response-shape.ts';
import { findOperation } from '../../src/tools/catalogue.ts';
import { factOperations, factSheet } from '../e2e/support.ts';

/** A schema of the fact sheet, with its reference followed. */
// biome-ignore lint/suspicious/noExplicitAny: an OpenAPI document
function resolve(schema: any): any {
  const name = /^#\/components\/schemas\/(.+)$/.exec(schema?.$ref ?? '')?.[1];
  return name === undefined ? schema : resolve(factSheet.components.schemas[name]);
}

/** What the fact sheet says that an answer holds. */
function described(id: string): ResponseShape {
  // The list of operations is not empty.
  const { operation } = factOperations.find((one) => one.id === id) ?? factOperations[0] ?? ({} as never);
  const schema = operation.responses['2XX'].content?.['application/json'].schema;
  if (!schema) return 'nothing';
  const { properties = {} } = resolve(schema);
  if (properties.result) return resolve(properties.result).type === 'array' ? 'list' : 'object';
  return properties.messages ? 'messages' : 'document';
}

test.each(factOperations.map(({ id }) => id))('the answer to %s is held to what the API describes', (id) => {
  const operation = findOperation(id);
  expect(operation && responseShapeOf(operation)).toBe(described(id));
});
