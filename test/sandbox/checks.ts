import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'vitest';
import type { Exchange } from '../../src/sandbox/app.ts';
import type { Reply } from './api.ts';

interface Operation {
  readonly operationId: string;
  readonly responses: { readonly '2XX': { readonly content?: object } };
}

// Read here rather than through the sandbox, whose own reading is under test.
const factSheet: { paths: Record<string, Record<string, Operation>> } = JSON.parse(
  readFileSync(new URL('../../src/sandbox/facts/management.openapi.json', import.meta.url), 'utf8'),
);
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema({ $id: 'sheet', ...factSheet });

const isProblem = ajv.compile({ $ref: 'sheet#/components/schemas/Problem' });

/** Expects a reply to be a Problem of this status, valid by the fact sheet. */
export function expectProblem(reply: Pick<Reply, 'status' | 'body' | 'headers'>, status: number): void {
  expect(reply.status, JSON.stringify(reply.body)).toBe(status);
  expect(reply.headers.get('content-type')).toMatch(/^application\/json/);
  expect(isProblem(reply.body), ajv.errorsText(isProblem.errors)).toBe(true);
  expect(reply.body.status).toBe(status);
  expect(reply.body.instance).toBe(`urn:uuid:${reply.headers.get('x-request-id')}`);
}

/** Expects every answer to fit the fact sheet: the operation's schema, no body where none is promised, or a Problem. */
export function expectValidAnswers(exchanges: readonly Exchange[]): void {
  expect(exchanges.length).toBeGreaterThan(0);
  for (const { method, path, operationId, status, responseBody } of exchanges) {
    const validate = status < 300 ? validatorOf(operationId ?? '') : isProblem;
    const title = `${method} ${path} ${status}`;
    if (validate) expect(validate(responseBody), `${title}: ${ajv.errorsText(validate.errors)}`).toBe(true);
    else expect(responseBody, title).toBeUndefined();
  }
}

const validators = new Map<string, ValidateFunction | undefined>();

function validatorOf(operationId: string): ValidateFunction | undefined {
  if (!validators.has(operationId)) validators.set(operationId, compile(operationId));
  return validators.get(operationId);
}

function compile(operationId: string): ValidateFunction | undefined {
  for (const [path, methods] of Object.entries(factSheet.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (operation.operationId !== operationId) continue;
      if (!operation.responses['2XX'].content) return undefined;
      const place = `${encodeURI(path.replaceAll('/', '~1'))}/${method}/responses/2XX/content/application~1json/schema`;
      return ajv.compile({ $ref: `sheet#/paths/${place}` });
    }
  }
  throw new Error(`The fact sheet has no operation ${operationId}.`);
}
