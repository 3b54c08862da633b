import { expect, test } from 'vitest';
import { type ResponseShape, responseShapeOf } from '../../src/pipeline/execute/response-shape.ts';
import { catalogue } from '../../src/tools/catalogue.ts';
import { answerSchemaOf, facts, resolved } from './fact-sheet.ts';

/** What the fact sheet says that the body of an answer holds. */
function documentedShape(id: string): ResponseShape {
  const fact = facts.find(({ operationId }) => operationId === id);
  const schema = fact && answerSchemaOf(fact);
  if (!schema) return 'nothing';
  const { properties = {} } = resolved(schema);
  if (properties.result) return resolved(properties.result).type === 'array' ? 'list' : 'object';
  return properties.messages ? 'messages' : 'document';
}

// What becomes of an answer of another shape is in broken-answers.test.ts, through the built program.
test.each(catalogue)('$id expects the response body that the API documents', (operation) => {
  expect(responseShapeOf(operation)).toBe(documentedShape(operation.id));
});
