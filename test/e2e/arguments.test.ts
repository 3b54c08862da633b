import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { factOperations, type Rig, startRig } from './support.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

/** Runs a call and tells what reached Synqly during it. */
async function callAndWatch(name: string, args: Record<string, unknown>) {
  const before = rig.exchanges.length;
  const answer = await rig.call(name, args);
  return { ...answer, sent: rig.exchanges.slice(before) };
}

describe('ids that could climb out of their path segment', () => {
  const cases = factOperations.flatMap(({ id, path }) =>
    [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter = '']) => ({ id, parameter: toSnakeCase(parameter) })),
  );

  test.each(cases)('are refused by $id in $parameter before anything is sent', async ({ id, parameter }) => {
    const { tools } = await rig.client.listTools();
    const required = tools.find(({ name }) => name === id)?.inputSchema.required ?? [];
    const others = Object.fromEntries(required.map((name) => [name, exampleOf(name)]));
    for (const value of ['..', '.', '', ' ', 'a/b', '../x', 'a\\b', 'a\u0000b']) {
      const { isError, json, sent } = await callAndWatch(id, { ...others, [parameter]: value });
      expect(isError, value).toBe(true);
      expect(json.error.code, value).toBe('invalid_arguments');
      expect(json.error.arguments.map((fault: { argument: string }) => fault.argument)).toEqual([parameter]);
      expect(sent, value).toEqual([]);
    }
  });

  function toSnakeCase(name: string): string {
    return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  }

  /** A value that fits, so that the id alone is at fault. */
  function exampleOf(name: string): unknown {
    if (name === 'patch') return [{ op: 'test', path: '/name', value: 'x' }];
    if (name === 'provider_config') return { type: 'siem_splunk' };
    if (name === 'config') return { type: 'token', secret: 'some-secret' };
    return 'example';
  }
});

test('an unknown argument is refused, and the accepted ones are named', async () => {
  const { json, sent } = await callAndWatch('accounts_create', { display_name: 'Acme' });
  expect(json.error).toMatchObject({
    code: 'invalid_arguments',
    arguments: [{ argument: 'display_name' }],
    accepted_arguments: ['name', 'fullname', 'environment', 'labels'],
  });
  expect(sent).toEqual([]);
});

test('an unknown field of a nested object is refused, with its path', async () => {
  const config = { type: 'basic', username: 'svc', secret: 'some-secret', password: 'oops' };
  const { json, sent } = await callAndWatch('credentials_create', { owner_id: 'x', config });
  expect(json.error.arguments).toEqual([expect.objectContaining({ argument: 'config.password' })]);
  expect(sent).toEqual([]);
});

test('a missing argument, a wrong type and a wrong choice are each named', async () => {
  const args = { name: 'x', filters: ['never'], url: 7 };
  const { json } = await callAndWatch('organizationWebhooks_create', args);
  const faults = Object.fromEntries(
    json.error.arguments.map((fault: { argument: string; problem: string }) => [
      fault.argument,
      fault.problem,
    ]),
  );
  expect(Object.keys(faults).sort()).toEqual(['filters.0', 'secret', 'url']);
  expect(faults.secret).toMatch(/required/);
  expect(faults['filters.0']).toMatch(/account_create/);
});

test.each([
  ['accounts_list', { limit: 0 }, 'limit', 'must be at least 1'],
  ['members_create', { name: 'a@example.com', secret: 'short' }, 'secret', 'must have at least 8 characters'],
  ['accounts_patch', { account_id: 'x', patch: [] }, 'patch', 'must hold at least 1 items'],
  ['accounts_create', { labels: ['no blanks'] }, 'labels.0', 'A label is 1 to 48 letters, digits or _ : . -'],
])('%s says in words what is wrong with a value', async (name, args, argument, problem) => {
  const { json, sent } = await callAndWatch(name, args);
  expect(json.error.arguments).toEqual([{ argument, problem }]);
  expect(sent).toEqual([]);
});

test('an unknown kind in a union names the known ones', async () => {
  const { json } = await callAndWatch('credentials_create', { owner_id: 'x', config: { type: 'password' } });
  expect(json.error.arguments[0]).toMatchObject({
    argument: 'config.type',
    problem: expect.stringMatching(/o_auth_client/),
  });
});

test('a refusal never repeats the value, which may be a secret', async () => {
  const { text } = await callAndWatch('credentials_create', {
    owner_id: 'x',
    config: { type: 'token', secret: ['hidden-in-a-list'] },
  });
  expect(text).not.toContain('hidden-in-a-list');
});

describe('values that clients send as strings', () => {
  test('numbers, booleans and arrays are decoded where the schema wants them', async () => {
    const { isError, sent, text } = await callAndWatch('accounts_list', {
      limit: '3',
      total: 'true',
      order: '["name[desc]"]',
      filter: 'environment[eq]prod',
    });
    expect(isError, text).toBe(false);
    expect(sent[0]?.path).toContain('limit=3');
    expect(sent[0]?.path).toContain('total=true');
    expect(sent[0]?.path).toContain('order=name%5Bdesc%5D');
    expect(sent[0]?.path).toContain('filter=environment%5Beq%5Dprod');
  });

  test('objects are decoded, their own fields too', async () => {
    const scope = JSON.stringify({ type: 'management', environment: 'test' });
    const { isError, sent } = await callAndWatch('tokens_create_mcp_token', { scope });
    expect(isError).toBe(false);
    expect(sent[0]?.requestBody).toEqual({ scope: { type: 'management', environment: 'test' } });
  });

  test('a string field is left as it is, also when it looks like JSON', async () => {
    for (const fullname of ['123', 'true', '{"a":1}', 'null']) {
      const { sent } = await callAndWatch('accounts_create', { fullname });
      expect(sent[0]?.requestBody).toEqual({ fullname });
    }
  });

  test('a string that is no number stays a wrong type', async () => {
    const { json, sent } = await callAndWatch('accounts_list', { limit: 'many' });
    expect(json.error.arguments).toEqual([
      { argument: 'limit', problem: expect.stringMatching(/int|number/) },
    ]);
    expect(sent).toEqual([]);
  });
});

test('arguments named like parts of every object are refused like any unknown one', async () => {
  const args = JSON.parse('{"constructor":{"x":1},"toString":1}');
  const { json, sent } = await callAndWatch('accounts_list', args);
  expect(json.error.code).toBe('invalid_arguments');
  expect(sent).toEqual([]);
});

test('a fraction where a whole number belongs is refused in the words of JSON Schema', async () => {
  const { json, sent } = await callAndWatch('accounts_list', { limit: 1.5 });
  expect(json.error.arguments).toEqual([{ argument: 'limit', problem: 'must be of type integer' }]);
  expect(sent).toEqual([]);
});
