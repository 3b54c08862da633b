import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operationsIn, Walk } from '../e2e/document-walk.ts';
import { largeDocument } from '../e2e/large-document.ts';
import { type LargeSynqly, startLargeSynqly } from '../e2e/large-synqly.ts';
import {
  canary,
  factOperations,
  factSheet,
  type Program,
  type Rig,
  startProgram,
  startRig,
} from '../e2e/support.ts';

const management = 'meta_managementOpenapiSpec';
const engine = 'meta_engineOpenapiSpec';

describe('the Management API', () => {
  let rig: Rig;
  let walk: Walk;
  beforeAll(async () => {
    rig = await startRig();
    walk = new Walk(async (args) => (await rig.call(management, args)).json);
  });
  afterAll(() => rig.close());

  test('without arguments, a document is an outline of at most 3,000 tokens that says how to go on', async () => {
    for (const tool of [management, engine]) {
      const { json, text } = await rig.call(tool);
      expect(encode(text).length).toBeLessThanOrEqual(3_000);
      expect(json).toMatchObject({ title: expect.any(String), version: expect.any(String) });
      expect(json.next).toMatch(/operation .*schema .*search/);
    }
    const { counts, operations_by_tag } = await walk.ask({});
    expect(counts).toEqual({ operations: 96, schemas: 312, tags: 19 });
    const listed = Object.values<string>(operations_by_tag).flatMap((ids) => ids.split(' '));
    expect(listed.sort()).toEqual(factOperations.map(({ id }) => id).sort());
  });

  test('every operation is given by its id, and what was left out of it by following the hints', async () => {
    const reached = new Map<string, unknown>();
    for (const { id } of factOperations) {
      const { operation, definition } = await walk.ask({ operation: id });
      reached.set(operation, await walk.restore(definition));
    }
    console.log(`The longest answer: ${walk.longest.tokens} tokens for ${walk.longest.asked}`);
    // A whole OpenAPI document, which its type does not say.
    expect(reached).toEqual(operationsIn(factSheet as never));
    expect(walk.longest.tokens).toBeLessThan(4_000);
  });

  test('following the hints from the root gives the document as Synqly has it', async () => {
    expect(await walk.rebuild('#')).toEqual(factSheet);
    expect(walk.longest.tokens).toBeLessThan(5_000);
  });

  test('an operation comes with what it takes and gives, and each schema only once', async () => {
    const { definition } = await walk.ask({ operation: 'GET /v1/accounts/{account_id}' });
    const { schema } = definition.responses['2XX'].content['application/json'];
    expect(schema).toMatchObject({ $ref: 'GetAccountResponse' });
    const { result } = schema.$definition.properties;
    expect(result.$definition.properties).toMatchObject({ environment: { $ref: 'Environment' } });
    expect(definition.responses['404']).toEqual({ $ref: '#/components/responses/NotFoundError' });
    const update = JSON.stringify(await walk.ask({ operation: 'integrations_update' }));
    const resolved = [...update.matchAll(/"\$ref":"(\w+)"[^{}]*"\$definition"/g)].map(([, name]) => name);
    expect(resolved.length).toBeGreaterThan(5);
    expect(resolved).toEqual([...new Set(resolved)]);
  });

  test.each([
    ['Integration.provider_config', 'Integration/properties/provider_config'],
    ['#/components/schemas/Integration', 'Integration'],
  ])('a schema can be named %s or %s', async (one, other) => {
    const [first, second] = [await walk.ask({ schema: one }), await walk.ask({ schema: other })];
    expect(first.definition).toBeDefined();
    expect(first.definition).toEqual(second.definition);
  });

  test.each([
    ['rotate token', 'operations', 'tokens_rotate'],
    ['refresh_token_id', 'schemas', 'Integration:'],
    ['webhook create', 'operations', 'organizationWebhooks_create'],
    ['CREATE account request', 'schemas', 'CreateAccountRequest:'],
  ])('a search for %s has among the first of its %s %s', async (search, kind, first) => {
    const answer = await walk.ask({ search });
    const found: string[] = answer[kind];
    expect(found.slice(0, 5)).toContainEqual(expect.stringContaining(first));
    expect(answer.operations.length + answer.schemas.length).toBeLessThanOrEqual(20);
  });

  test('a search with many matches counts those left out', async () => {
    const { found, operations, schemas, not_shown } = await walk.ask({ search: 'integration' });
    expect(operations.length + schemas.length).toBe(20);
    expect(not_shown).toBe(found - 20);
  });

  test.each([
    [{ operation: 'integration_create' }, { operation: 'integrations_create' }],
    [{ operation: 'Acounts' }, { operation: 'Accounts' }],
    [{ schema: 'integraton' }, { schema: 'Integration' }],
    [{ schema: 'Integration/properties/nme' }, { schema: 'Integration/properties/name' }],
  ])('%j is not found, and the error has the call with %j', async (wrong, right) => {
    const { isError, json } = await rig.call(management, wrong);
    expect(isError).toBe(true);
    expect(json.error).toMatchObject({ code: 'not_found' });
    expect(json.error.example).toEqual({ tool: management, arguments: right });
    expect(json.error.closest[0]).toBe(Object.values(right)[0]);
    expect((await rig.call(management, right)).isError).toBe(false);
  });

  test('operation and schema together are refused, and an empty text counts as not given', async () => {
    const { json } = await rig.call(management, { operation: 'accounts_get', schema: 'Account' });
    expect(json.error).toMatchObject({
      code: 'invalid_arguments',
      next: expect.stringContaining('operation or schema'),
    });
    expect((await rig.call(management, { operation: '', search: '' })).json.counts.operations).toBe(96);
  });

  test('arguments that select what is shown are not sent to Synqly', () => {
    const asked = rig.exchanges.filter(({ operationId }) => operationId === management);
    expect(asked.length).toBeGreaterThan(100);
    expect(asked.filter(({ path }) => path.includes('?'))).toEqual([]);
  });
});

describe('a document of more than 10 MB', () => {
  const document = largeDocument();
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json').end(body);
  });
  const body = JSON.stringify(document);
  let program: Program;
  let walk: Walk;
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    program = await startProgram(['--base-url', url, '--max-response-bytes', `${32 * 1024 * 1024}`], {
      SYNQLY_TOKEN: canary,
    });
    walk = new Walk(async (args) => (await program.call(engine, args)).json);
  });
  afterAll(async () => {
    await program.close();
    server.close().closeAllConnections();
  });

  test('its outline counts the operations of each tag in at most 3,000 tokens', async () => {
    const { counts, operations_of_tag, operations_by_tag } = await walk.ask({});
    expect(walk.longest.tokens).toBeLessThanOrEqual(3_000);
    expect(counts).toEqual({ operations: 3_003, schemas: 7_010, tags: 62 });
    expect(operations_of_tag).toMatchObject({ group7: 50, odd: 1, untagged: 1 });
    expect(operations_by_tag).toBeUndefined();
  });

  test('a very long operation is listed under its tag and can be read whole, part by part', async () => {
    expect(await walk.operationsOf('odd')).toEqual(['huge_operation']);
    const { definition } = await walk.ask({ operation: 'huge_operation' });
    const { paths } = document as { paths: Record<string, { put: Record<string, unknown> }> };
    const { parameters, ...rest } = definition;
    const { parameters: all, ...source } = paths['/v1/huge']?.put ?? {};
    expect(await walk.restore(rest)).toEqual(source);
    expect(parameters.$items.length).toBeGreaterThan(5);
    expect((await walk.restore(parameters.$items)) as unknown[]).toEqual(
      (all as unknown[]).slice(0, parameters.$items.length),
    );
  }, 60_000);

  test.each(['Thing6999', 'Nested', 'Wordy', 'Dense', 'v1.Thing', 'Recursive', 'Enumerated'])(
    'the schema %s can be read whole, in parts under 10,000 tokens',
    async (name) => {
      const { components } = document as { components: { schemas: Record<string, unknown> } };
      expect(await walk.rebuild(name)).toEqual(components.schemas[name]);
      expect(walk.longest.tokens).toBeLessThan(10_000);
    },
    60_000,
  );

  test('the names of a wide schema lead to each of its properties', async () => {
    const { definition } = await walk.ask({ schema: 'Wide' });
    const { $names, $each, $cursor } = definition.properties;
    expect($names).toHaveLength(new Set($names).size);
    const { definition: property } = await walk.ask({ schema: $each.replace('{name}', $names[100]) });
    expect(property).toMatchObject({ type: 'string', description: 'Property 100 of a very wide schema.' });
    expect((await walk.ask({ schema: $cursor })).definition.$names[0]).toBe(`wide_property_${$names.length}`);
  });

  test('a search finds one of thousands', async () => {
    const { operations } = await walk.ask({ search: 'things kind 2345' });
    expect(operations[0]).toContain('_2345 ');
    expect((await walk.ask({ search: 'wide_property_2499' })).schemas).toContainEqual(
      expect.stringMatching(/^Wide/),
    );
  });
});

describe('a document of odd parts', () => {
  // With the odd parts of the large one, and as many ordinary ones as can be asked for one by one.
  const document = largeDocument({ paths: 80, schemas: 80, properties: 500 });
  let synqly: LargeSynqly;
  let program: Program;
  let walk: Walk;
  beforeAll(async () => {
    synqly = await startLargeSynqly({ '/v1/meta/openapi/engine': JSON.stringify(document) });
    program = await startProgram(['--base-url', synqly.url], { SYNQLY_TOKEN: canary });
    walk = new Walk(async (args) => (await program.call(engine, args)).json);
  });
  afterAll(async () => {
    await program.close();
    synqly.close();
  });

  test('following the hints from the root gives the whole document', async () => {
    expect(await walk.rebuild('#')).toEqual(document);
    console.log(`${walk.asked} answers, the longest of ${walk.longest.tokens} tokens`);
    expect(walk.longest.tokens).toBeLessThan(10_000);
  }, 180_000);

  test('following the outline gives every operation, by its tag and its id', async () => {
    const outline = await walk.ask({});
    // Only the fields that this reads.
    const operations = operationsIn(document as never);
    const given = new Map<string, unknown>();
    const tags: string[] = Object.keys(outline.operations_of_tag ?? outline.operations_by_tag);
    for (const tag of tags) {
      const ids = await walk.operationsOf(tag);
      if (outline.operations_of_tag) expect(ids).toHaveLength(outline.operations_of_tag[tag]);
      for (const id of ids) {
        const { operation, definition } = await walk.ask({ operation: id });
        given.set(operation, await walk.restore(definition));
      }
    }
    expect(given).toEqual(operations);
  });

  test('an operation comes with the parameters that the operations of its path share', async () => {
    const { of_path } = await walk.ask({ operation: 'GET /v1/~odd/{id}/%7Bx%7D' });
    expect(of_path.parameters).toEqual([expect.objectContaining({ name: 'thing_id', in: 'path' })]);
  });
});

describe('a document', () => {
  test.each([
    ['of only a version', { openapi: '3.1.0' }],
    ['with parts of the wrong kind', { openapi: '3.1.0', paths: [1], info: 'x', tags: {}, components: [] }],
    ['with broken parts', { paths: { '/': null, '/a': { get: 1 } }, tags: [1], components: { schemas: 1 } }],
  ])('%s has an outline, and each part can be read', async (_, body) => {
    const synqly = await startLargeSynqly({ '/v1/meta/openapi/engine': body });
    const program = await startProgram(['--base-url', synqly.url], { SYNQLY_TOKEN: canary });
    const walk = new Walk(async (args) => (await program.call(engine, args)).json);
    expect((await walk.ask({})).counts).toMatchObject({ operations: 0, schemas: 0 });
    expect(await walk.rebuild('#')).toEqual(body);
    expect(await walk.ask({ search: 'x' })).toMatchObject({ found: 0 });
    await program.close();
    synqly.close();
  });
});
