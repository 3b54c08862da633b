import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { catalogue } from '../../src/tools/catalogue.ts';
import { annotationsOf, type Fields, type Operation } from '../../src/tools/define-operation.ts';
import { compareFields, type Deviation } from './compare.ts';
import { type Difference, differences } from './differences.ts';
import { expectedBody, expectedParameters, type Part } from './expected.ts';
import { answerSchemaOf, facts, requestSchemaOf, type Schema, sensitivePathsOf } from './fact-sheet.ts';
import { secretArgumentsOf } from './walk.ts';

const idOf = ({ id }: { readonly id: string }) => id;
const pairs = facts.map((fact) => ({
  id: fact.operationId,
  fact,
  operation: catalogue.find((operation) => operation.id === fact.operationId) as Operation,
}));

test('the catalogue has the operations of the fact sheet, each once', () => {
  expect(catalogue.map(idOf).sort()).toEqual(facts.map(({ operationId }) => operationId).sort());
  expect(catalogue).toHaveLength(96);
});

describe.each(pairs)('$id', ({ id, fact, operation }) => {
  test('has the method and the path', () => {
    expect(`${operation.method} ${operation.path}`).toBe(`${fact.method} ${fact.path}`);
  });

  test('has the hints that follow from its effect', () => {
    const { readOnly, destructive, idempotent } = fact['x-hints'];
    expect(annotationsOf(operation)).toEqual({
      readOnlyHint: readOnly,
      destructiveHint: destructive,
      idempotentHint: idempotent,
      openWorldHint: true,
    });
  });

  test('says whether it is in development', () => {
    expect(operation.inDevelopment).toBe(fact['x-in-development'] === true);
    expect(operation.summary.includes('In development.')).toBe(operation.inDevelopment);
  });

  test('takes the fields of the fact sheet', () => {
    expect(deviationsOf(pairOf(id)).filter((deviation) => !listed(deviation))).toEqual([]);
  });

  test('marks every secret argument', () => {
    expect(secretArgumentsOf(operation)).toEqual(expectedSecretArguments(pairOf(id)));
    expect(secretArgumentsOf(operation).length > 0).toBe(fact['x-sensitive-request'] === true);
  });

  test('declares every secret of its answer', () => {
    expect([...operation.secrets].sort()).toEqual(sensitivePathsOf(answerSchemaOf(fact)));
    expect(operation.secrets.length > 0).toBe(fact['x-sensitive-response'] === true);
  });
});

test('every deliberate difference still exists', () => {
  const found = pairs.flatMap(deviationsOf);
  expect(differences.filter((difference) => !found.some((deviation) => fits(deviation, difference)))).toEqual(
    [],
  );
});

type Pair = (typeof pairs)[number];

function pairOf(id: string): Pair {
  return pairs.find((pair) => pair.id === id) as Pair;
}

function deviationsOf({ id, fact, operation }: Pair): Deviation[] {
  const { params, query, body } = operation;
  const wanted = expectedBody(fact, operation);
  return [
    ...compareFields(id, expectedParameters(fact, 'path'), partOf(params)),
    ...compareFields(id, expectedParameters(fact, 'query'), partOf(query)),
    ...(wanted || body ? compareFields(id, wanted ?? nothing, partOf(body ?? {})) : []),
    ...compareArguments(operation),
  ];
}

const nothing: Part = { properties: {}, required: [] };

/** The input is params, query, shaping and body, and the precondition where a whole object is replaced; nothing else. */
function compareArguments(operation: Operation): Deviation[] {
  const { id, params, query, formatting, body, replacesWhole, input } = operation;
  const names = Object.keys({
    ...params,
    ...query,
    ...formatting,
    ...body,
    ...(replacesWhole ? { updated_at: 0 } : {}),
  });
  const surplus = Object.keys(input.shape).filter((name) => !names.includes(name));
  const missing = names.filter((name) => !(name in input.shape));
  return [
    ...surplus.map((name) => ({ where: `${id}.${name}`, what: 'in the input only' })),
    ...missing.map((name) => ({ where: `${id}.${name}`, what: 'not in the input' })),
  ];
}

/** What arguments are held to: the whole schema, not the one shortened for publishing. */
function partOf(fields: Fields): Part {
  const schema = z.toJSONSchema(z.strictObject({ ...fields }), { io: 'input', reused: 'inline' }) as Schema;
  return { properties: schema.properties ?? {}, required: schema.required ?? [] };
}

function expectedSecretArguments({ fact, operation }: Pair): string[] {
  const schema = requestSchemaOf(fact);
  // The fact sheet cannot mark a patch value, which is a secret only by its path.
  if (schema?.type === 'array') return fact['x-sensitive-request'] ? ['patch[].value'] : [];
  const wrapper = operation.bodyIn === undefined ? '' : `${operation.bodyIn}.`;
  return sensitivePathsOf(schema).map((path) => path.slice(wrapper.length));
}

function listed(deviation: Deviation): boolean {
  return differences.some((difference) => fits(deviation, difference));
}

function fits(deviation: Deviation, difference: Difference): boolean {
  const parts = difference.where.split('*').map((part) => part.replace(/[.[\]<>]/g, '\\$&'));
  return difference.what === deviation.what && new RegExp(`^${parts.join('.*')}$`).test(deviation.where);
}
