import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tokensOfJson } from '../../src/cli/token-cost/tokens.ts';
import { dispatcherFor } from '../../src/surfaces/compact/definitions.ts';
import { catalogue, findOperation } from '../../src/tools/catalogue.ts';
import type { Operation } from '../../src/tools/define-operation.ts';
import { argumentSchemaOf } from '../../src/tools/json-schema.ts';
import { objectOf, type Schema } from '../e2e/arbitrary-arguments.ts';
import { type FakeSynqly, startFakeSynqly } from '../e2e/fake-synqly.ts';
import { factOperations, type Program, type Rig, startProgram, startRig } from '../e2e/support.ts';

type Args = Record<string, unknown>;

/** A call exactly as it is given: the helper of other tests asks for all fields of lists. */
async function callWith({ client }: Program, name: string, args: Args) {
  const { content, isError } = await client.callTool({ name, arguments: args });
  const [{ text = '' } = {}] = content as { text: string }[];
  return { text, json: JSON.parse(text), isError: isError === true };
}

const onCompact = (operation: string, args: Args): [string, Args] => [
  dispatcherFor(findOperation(operation)?.effect ?? 'read').id,
  { operation, arguments: args },
];

describe('the spelling of the API', () => {
  const object = { id: 'x', name: 'x', created_at: '2026-01-01T00:00:00Z' };
  let fake: FakeSynqly;
  let full: Program;
  let compact: Program;
  let current: Operation;

  beforeAll(async () => {
    fake = await startFakeSynqly(({ method }) => ({
      json: { result: method === 'GET' && current.listing ? [object] : object },
    }));
    const start = (...more: string[]) =>
      startProgram(['--base-url', fake.url, '--confirm', 'never', '--log-level', 'silent', ...more], {
        SYNQLY_TOKEN: 'token-of-the-test',
        SYNQLY_PERMISSIONS: 'ignore',
      });
    [full, compact] = await Promise.all([start(), start('--surface', 'compact')]);
  });
  afterAll(async () => {
    await Promise.all([full.close(), compact.close()]);
    fake.close();
  });

  async function effectOf(program: Program, name: string, args: Args) {
    const before = fake.requests.length;
    const { text } = await callWith(program, name, args);
    const sent = fake.requests
      .slice(before)
      .map(({ method, path, query, body }) => ({ method, path, query: query.toString(), body }));
    return { sent, text };
  }

  /** Our names of arguments, each with the API's own spelling of it, or that name in camelCase. */
  function otherNames({ id, path, input }: Operation): Map<string, string> {
    const { path: apiPath = '' } = factOperations.find((one) => one.id === id) ?? {};
    const placeholders = (template: string) =>
      [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
    const names = Object.keys(input.shape).map((name): [string, string] => {
      const [first = '', ...words] = name.split('_');
      return [name, first + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')];
    });
    const inPath = placeholders(path).map((name, at): [string, string] => [
      name,
      placeholders(apiPath)[at] ?? '',
    ]);
    return new Map([...names, ...inPath]);
  }

  test.each(catalogue.map((operation) => [operation.id, operation] as const))(
    '%s: is the same request as ours',
    async (_, operation) => {
      current = operation;
      const { params } = operation;
      const schema = argumentSchemaOf(operation) as Schema;
      // All of them, so that each argument is tried.
      const everything = { ...schema, required: Object.keys(schema.properties ?? {}) };
      const names = otherNames(operation);
      const sample = fc.oneof(
        objectOf(everything, Object.keys(params)),
        objectOf(schema, Object.keys(params)),
      );
      const property = fc.asyncProperty(sample, async (args) => {
        const renamed = Object.fromEntries(
          Object.entries(args).map(([name, value]) => [names.get(name) ?? name, value]),
        );
        const plain = await effectOf(full, operation.id, args);
        expect(await effectOf(full, operation.id, renamed)).toEqual(plain);
        const [tool, outer] = onCompact(operation.id, renamed);
        expect((await effectOf(compact, tool, outer)).sent).toEqual(plain.sent);
      });
      await fc.assert(property, { numRuns: 8, seed: 20_261_128 });
    },
  );
});

const auditFolder = mkdtempSync(join(tmpdir(), 'names-'));
const auditLog = join(auditFolder, 'audit.log');
let rig: Rig;
let compact: Program;
let pinned: Program;
beforeAll(async () => {
  rig = await startRig({ args: ['--audit-log', auditLog] });
  const env = { SYNQLY_TOKEN: rig.sandbox.token, SYNQLY_PERMISSIONS: 'ignore' };
  const synqly = ['--base-url', rig.sandbox.baseUrl];
  [compact, pinned] = await Promise.all([
    startProgram([...synqly, '--surface', 'compact'], env),
    startProgram([...synqly, '--account', 'aldermere-logistics'], env),
  ]);
});
afterAll(async () => {
  await Promise.all([compact.close(), pinned.close(), rig.close()]);
  rmSync(auditFolder, { recursive: true });
});

const account = 'aldermere-logistics';

describe('other names', () => {
  test.each([
    ['accounts_get', { accountId: account, account_id: account }, ['accountId', 'account_id']],
    ['credentials_list', { account_id: account, owner_id: account }, ['account_id', 'owner_id']],
    ['credentials_list', { account_id: account, accountId: account }, ['account_id', 'accountId']],
    ['credentials_list', { ownerId: account, accountId: account }, ['ownerId', 'accountId']],
    ['capabilities_list_providers', { search: 'edr', category: 'siem' }, ['category', 'search']],
    ['accounts_update', { accountId: account, account_id: null, fullname: 'x' }, ['accountId', 'account_id']],
  ])('%s refuses an argument under two names: %j', async (tool, args, both) => {
    for (const [program, name, given] of [
      [rig, tool, args],
      [compact, ...onCompact(tool, args)],
    ] as const) {
      const before = rig.exchanges.length;
      const { json } = await callWith(program, name, given);
      expect(json.error.code).toBe('invalid_arguments');
      const [fault] = json.error.arguments.filter(({ problem }: Args) =>
        /is another name/.test(String(problem)),
      );
      for (const one of both) expect(`${fault.argument} ${fault.problem}`).toContain(one);
      expect(rig.exchanges).toHaveLength(before);
    }
  });

  test.each([{ owner_id: '' }, { owner_id: null }, { ownerId: '' }])(
    'beside an empty argument they count: %j',
    async (empty) => {
      const plain = await callWith(rig, 'credentials_list', { owner_id: account });
      expect(await callWith(rig, 'credentials_list', { account_id: account, ...empty })).toEqual(plain);
      expect(await callWith(rig, 'credentials_list', { ...empty, account_id: account })).toEqual(plain);
    },
  );

  test.each([
    ['accounts_get', 'AccountID'],
    ['accounts_get', 'account-id'],
    ['tokens_get', 'tokenId'],
    ['accounts_list', 'category'],
    ['tokens_reset', 'account_id'],
    ['roles_get', 'accountId'],
  ])('%s refuses %s as before', async (tool, name) => {
    const { json } = await callWith(rig, tool, { [name]: account });
    expect(json.error.code).toBe('invalid_arguments');
    expect(json.error.arguments).toContainEqual({
      argument: name,
      problem: expect.stringMatching(/^is unknown/),
    });
  });

  test('below the arguments are refused', async () => {
    const scope = { type: 'developer', accountId: account };
    const { json } = await callWith(rig, 'tokens_create_mcp_token', { scope });
    expect(JSON.stringify(json.error.arguments)).toContain('scope.accountId');
  });

  test('account_id is not the owner where another type of owner is meant', async () => {
    const config = { type: 'token', secret: 'some-secret-of-this-test' };
    for (const type of [{ owner_type: 'integration' }, { ownerType: 'integration_point' }]) {
      const { json } = await callWith(rig, 'credentials_create', { account_id: account, config, ...type });
      expect(json.error.code).toBe('invalid_arguments');
    }
    for (const [at, type] of [{}, { owner_type: 'account' }, { ownerType: 'Account' }].entries()) {
      const name = `guessed-${at}`;
      const { json } = await callWith(rig, 'credentials_create', {
        account_id: account,
        name,
        config,
        ...type,
      });
      expect(json.result).toMatchObject({ name, owner_type: 'account' });
    }
  });

  test('a pinned argument stays hidden under its other names', async () => {
    for (const name of ['account_id', 'accountId']) {
      const { json } = await callWith(pinned, 'accounts_get', { [name]: 'tarn-vale-insurance' });
      expect(json.error).toMatchObject({ code: 'outside_pin' });
    }
    for (const name of ['account_id', 'accountId', 'owner_id', 'ownerId']) {
      const { json } = await callWith(pinned, 'credentials_list', { [name]: 'tarn-vale-insurance' });
      expect(json.error.code, name).toBe('outside_pin');
    }
  });

  test('the audit log names the same target with the same hash', async () => {
    await callWith(rig, 'accounts_create', { name: 'renamed-often' });
    const entries: Args[] = [];
    for (const name of ['account_id', 'accountId']) {
      await callWith(rig, 'accounts_update', { [name]: 'renamed-often', fullname: 'Often' });
      entries.push(JSON.parse(readFileSync(auditLog, 'utf8').trim().split('\n').at(-1) ?? ''));
    }
    const [ours, theirs] = entries;
    expect(theirs?.targets).toEqual({ account_id: 'renamed-often' });
    expect(theirs?.arguments_hash).toBe(ours?.arguments_hash);
  });

  test('a delete is confirmed under either name', async () => {
    await callWith(rig, 'accounts_create', { name: 'short-lived' });
    const asked = await callWith(rig, 'accounts_delete', { accountId: 'short-lived' });
    expect(asked.json.error.code).toBe('confirmation_required');
    const { isError, text } = await callWith(rig, 'confirm_call', { id: asked.json.error.confirmation.id });
    expect(isError, text).toBe(false);
  });

  test('preview_call and read_more take them too', async () => {
    const previewed = await callWith(rig, 'preview_call', {
      tool: 'accounts_delete',
      arguments: { accountId: account },
    });
    expect(previewed.isError, previewed.text).toBe(false);
    const list = { tool: 'audit_list', cursor: 'rows/0' };
    const read = await callWith(rig, 'read_more', {
      ...list,
      arguments: { startAfter: '2020-01-01T00:00:00Z' },
    });
    expect(read.isError, read.text).toBe(false);
  });
});

describe('the words that providers are filtered by', () => {
  // biome-ignore lint/suspicious/noExplicitAny: an answer of the sandbox
  let providers: any[];
  beforeAll(async () => {
    const response = await fetch(`${rig.sandbox.baseUrl}/v1/capabilities/providers?expand=operations`, {
      headers: { authorization: `Bearer ${rig.sandbox.token}` },
    });
    providers = ((await response.json()) as { result: typeof providers }).result;
  });

  async function idsFor(args: Args): Promise<string[]> {
    const { json, isError, text } = await callWith(rig, 'capabilities_list_providers', args);
    expect(isError, text).toBe(false);
    return json.rows.map(([id]: string[]) => id).sort();
  }

  test.each(['category', 'connector', 'connector_id', 'connectorId', 'name', 'vendor', 'provider', 'query'])(
    '%s searches like search',
    async (name) => {
      expect(await idsFor({ [name]: 'edr' })).toEqual(await idsFor({ search: 'edr' }));
    },
  );

  test('several are searched for together', async () => {
    expect(await idsFor({ category: 'siem', name: 'Splunk' })).toEqual(['siem_splunk']);
  });

  test.each([
    ['siem_query_events', {}],
    ['edr_query_alerts', { name: 'crowdstrike' }],
  ])('operation %s with %j finds exactly those that support it', async (operation, more) => {
    const wanted = providers
      .filter(({ operations }) => operations.some(({ id, supported }: Args) => id === operation && supported))
      .map(({ id }) => id)
      .filter((id) => id.includes(Object.values(more)[0] ?? ''));
    expect(wanted.length).toBeGreaterThan(0);
    expect(await idsFor({ operation, ...more })).toEqual(wanted.sort());
    const search = [operation, ...Object.values(more)].join(' ');
    expect(await idsFor({ search, expand: ['operations'] })).toEqual(wanted.sort());
  });

  test('what is no text is refused', async () => {
    for (const category of [5, { eq: 'siem' }, [1]]) {
      const { json } = await callWith(rig, 'capabilities_list_providers', { category });
      expect(json.error.arguments).toEqual([
        { argument: 'category', problem: expect.stringContaining('search') },
      ]);
    }
  });
});

describe('on the compact surface, a wrong argument is answered with all arguments of the operation', () => {
  test.each(catalogue.map((operation) => [operation.id, operation] as const))('%s', async (id, operation) => {
    const { effect, input } = operation;
    const { json } = await callWith(compact, dispatcherFor(effect).id, {
      operation: id,
      arguments: { nonsense: 1 },
    });
    const list: string[] = json.error.accepted_arguments;
    expect(list.map((text) => text.split(':')[0])).toEqual(Object.keys(input.shape));
    const { required = [] } = argumentSchemaOf(operation);
    expect(list.filter((text) => text.includes(', required')).map((text) => text.split(':')[0])).toEqual(
      required,
    );
    expect(tokensOfJson(list)).toBeLessThanOrEqual(300);
  });

  test('a wrong type and an argument beside operation are answered the same way', async () => {
    const wrong = { operation: 'accounts_list', arguments: { limit: 'many' } };
    expect((await callWith(compact, 'run_read', wrong)).json.error.accepted_arguments).toEqual([
      'limit: integer',
      'start_after: string',
      'order: string[]',
      'filter: string[]',
      'total: boolean',
      'fields: string[]',
    ]);
    const beside = { operation: 'accounts_get', accountId: account };
    const { error } = (await callWith(compact, 'run_read', beside)).json;
    expect(error.accepted_arguments).toEqual([
      'operation',
      'arguments',
      'calls',
      'arguments.account_id: string, required',
    ]);
    expect(error.example.arguments.arguments).toEqual({ account_id: account });
  });

  test('a filter that is written wrong is answered with how to write it', async () => {
    const { json } = await callWith(compact, 'run_read', {
      operation: 'accounts_list',
      arguments: { filter: ['x'] },
    });
    expect(json.error.accepted_arguments).toBeUndefined();
  });

  test('a pinned argument is not listed', async () => {
    const env = { SYNQLY_TOKEN: rig.sandbox.token, SYNQLY_PERMISSIONS: 'ignore' };
    const args = ['--base-url', rig.sandbox.baseUrl, '--surface', 'compact', '--account', account];
    const program = await startProgram(args, env);
    const wrong = { operation: 'integrations_get', arguments: { nonsense: 1 } };
    const { json } = await callWith(program, 'run_read', wrong);
    await program.close();
    expect(json.error.accepted_arguments).toEqual(['integration_id: string, required']);
  });
});

describe('what a call is of, as `tool` or as `operation`', () => {
  let rig: Rig;
  let compact: Program;
  beforeAll(async () => {
    rig = await startRig();
    compact = await startProgram(['--base-url', rig.sandbox.baseUrl, '--surface', 'compact'], {
      SYNQLY_TOKEN: rig.sandbox.token,
    });
  });
  afterAll(async () => {
    await compact.close();
    await rig.close();
  });

  const args = { account_id: 'marrowby-foods' };
  const read = { arguments: args };

  test.each([
    ['preview_call', { operation: 'accounts_get', ...read }],
    ['preview_call', { calls: [{ tool: 'accounts_get', ...read }] }],
    ['preview_call', { calls: [{ operation: 'accounts_get', ...read }] }],
    ['preview_call', { calls: JSON.stringify([{ tool: 'accounts_get', ...read }]) }],
    ['read_batch', { calls: [{ tool: 'accounts_get', ...read }] }],
    ['run_read', { tool: 'accounts_get', ...read }],
    ['run_read', { calls: [{ tool: 'accounts_get', ...read }] }],
  ])('%s takes %j', async (name, given) => {
    const program = name === 'run_read' ? compact : rig;
    const { json, isError } = await callWith(program, name, given);
    expect(isError, JSON.stringify(json)).toBe(false);
    expect(JSON.stringify(json)).toContain('marrowby-foods');
    expect(json.failed).toBeUndefined();
  });

  test.each([
    ['confirm_calls', rigOf],
    ['run_destroy', compactOf],
  ] as const)('%s asks for calls by tool as well', async (name, programOf) => {
    const calls = [{ tool: 'accounts_delete', arguments: args }];
    const { json } = await callWith(programOf(), name, { calls });
    expect(json.error.code).toBe('confirmation_required');
  });

  function rigOf(): Program {
    return rig;
  }
  function compactOf(): Program {
    return compact;
  }

  test.each([
    ['preview_call', { tool: 'accounts_list', operation: 'accounts_get', ...read }, 'operation'],
    [
      'preview_call',
      { calls: [{ tool: 'accounts_list', operation: 'accounts_get', ...read }] },
      'calls.0.tool',
    ],
    [
      'read_batch',
      { calls: [{ tool: 'accounts_list', operation: 'accounts_get', ...read }] },
      'calls.0.tool',
    ],
    [
      'confirm_calls',
      { calls: [{ tool: 'accounts_list', operation: 'accounts_delete', ...read }] },
      'calls.0.tool',
    ],
    ['run_read', { tool: 'accounts_list', operation: 'accounts_get', ...read }, 'tool'],
  ])('%s refuses both names: %j', async (name, given, argument) => {
    const program = name === 'run_read' ? compact : rig;
    const { json } = await callWith(program, name, given);
    expect(json.error).toMatchObject({
      code: 'invalid_arguments',
      arguments: [{ argument, problem: expect.stringContaining('give only one of') }],
    });
  });
});
