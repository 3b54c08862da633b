import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { catalogue } from '../../src/tools/catalogue.ts';
import { startHttpRig } from './http-support.ts';
import { helperNames, type Rig, startProgram, startRig, workflowNames } from './support.ts';
import { namesInIndex } from './surfaces.ts';

const compact = ['--surface', 'compact'];
const runners = ['find_operations', 'run_read', 'run_write', 'run_destroy'];
/** `run_read` makes several calls itself. */
const helpers = helperNames.filter(
  (name) => !['confirm_calls', 'read_batch', ...workflowNames].includes(name),
);

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ args: compact, sandbox: { size: 'small' } });
});
afterAll(() => rig.close());

async function namesOf(flags: string[], env = {}): Promise<string[]> {
  const program = await startProgram(['--sandbox', ...flags], env);
  const { tools } = await program.client.listTools();
  await program.close();
  return tools.map(({ name }) => name);
}

describe('the list of tools', () => {
  test('has find_operations, a dispatcher for each effect, and the built-in tools', async () => {
    const { tools } = await rig.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([...runners, ...helpers]);
    expect(Object.fromEntries(tools.map(({ name, annotations }) => [name, annotations]))).toMatchObject({
      find_operations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
      run_read: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
      run_write: { readOnlyHint: false, destructiveHint: true, idempotentHint: false },
      run_destroy: { readOnlyHint: false, destructiveHint: true, idempotentHint: false },
    });
  });

  test.each([
    ['what only reads', ['--read-only'], ['find_operations', 'run_read', 'read_more', 'whoami']],
    [
      'no destroys',
      ['--deny', '*_delete,*_reset,*_logoff,*_secondary'],
      [...runners.slice(0, 3), ...helpers.filter((name) => name !== 'confirm_call')],
    ],
    [
      'one destroy',
      ['--allow', 'accounts_delete'],
      ['find_operations', 'run_destroy', 'confirm_call', 'preview_call', 'whoami'],
    ],
    [
      'one create',
      ['--allow', 'accounts_create'],
      ['find_operations', 'run_write', 'preview_call', 'whoami'],
    ],
    [
      'no confirmation',
      ['--confirm', 'never'],
      [...runners, ...helpers.filter((name) => name !== 'confirm_call')],
    ],
  ])('has no tool that is useless with %s', async (_, flags, expected) => {
    expect(await namesOf([...compact, ...flags])).toEqual(expected);
  });

  test('can be selected by a variable', async () => {
    expect(await namesOf([], { SYNQLY_SURFACE: 'compact' })).toContain('run_read');
  });

  test('find_operations without arguments names every operation by prefix, as its description says', async () => {
    const { tools } = await rig.client.listTools();
    expect(tools[0]).toMatchObject({
      name: 'find_operations',
      description: expect.stringContaining('Without arguments: all names.'),
    });
    const named = await namesInIndex(rig);
    const operations = catalogue.map(({ id, effect }) => (effect === 'destroy' ? `${id}!` : id));
    const expected = [...operations, ...workflowNames];
    expect(named.sort()).toEqual(expected.sort());
    for (const empty of [{ query: '' }, { query: null, limit: null }])
      expect((await rig.call('find_operations', empty)).json.by_prefix).toMatch(/^accounts, .*: list create/);
  });

  test('the instructions say how operations are run, and where their names are', () => {
    const instructions = rig.client.getInstructions() ?? '';
    expect(instructions).toContain('find_operations shows');
    expect(instructions).toMatch(/run_read, run_write \(create, change\) or run_destroy \(destroy\)/);
    // Before the rules that apply to some operations only.
    expect(instructions.indexOf('Operations are not tools')).toBeLessThan(instructions.indexOf('Lists:'));
  });
});

describe('the dispatchers', () => {
  test('run the operations of their effect', async () => {
    const name = 'compact-customer';
    const create = await rig.call('run_write', { operation: 'accounts_create', arguments: { name } });
    expect(create.json.result.account.name).toBe(name);
    const change = { account_id: name, fullname: 'Compact' };
    const changed = await rig.call('run_write', { operation: 'accounts_update', arguments: change });
    expect(changed.json.result.fullname).toBe('Compact');
    expect(changed.json.undo).toBeDefined();
    const read = await rig.call('run_read', { operation: 'accounts_get', arguments: { account_id: name } });
    expect(read.json.result.fullname).toBe('Compact');
    const all = await rig.call('run_read', { operation: 'accounts_list' });
    expect(all.json.result.length).toBeGreaterThan(1);
  });

  test('take arguments that a client encoded as text', async () => {
    const args = JSON.stringify({ limit: '2', order: '["name[desc]"]' });
    const { json } = await rig.call('run_read', { operation: 'accounts_list', arguments: args });
    expect(json.rows).toHaveLength(2);
  });

  test.each(catalogue.map(({ id, effect }) => [id, effect] as const))(
    '%s is refused by the dispatchers of other effects before anything is sent',
    async (id, effect) => {
      const right = { read: 'run_read', create: 'run_write', change: 'run_write', destroy: 'run_destroy' }[
        effect
      ];
      const before = rig.exchanges.length;
      for (const wrong of runners.slice(1).filter((name) => name !== right)) {
        const { isError, json } = await rig.call(wrong, { operation: id, arguments: { nonsense: true } });
        expect(isError).toBe(true);
        expect(json.error).toMatchObject({ code: 'wrong_tool', retry: 'no' });
        expect(json.error.message).toContain(`call ${right}`);
      }
      const own = await rig.call(right, { operation: id, arguments: { nonsense: true } });
      expect(own.json.error).toMatchObject({ code: 'invalid_arguments' });
      expect(rig.exchanges).toHaveLength(before);
    },
  );

  test.each([
    ['accounts_remove', 'accounts_delete'],
    ['integrationpoints_list', 'integrationPoints_list'],
    ['list_accounts', 'accounts_list'],
    ['toString', undefined],
    ['', undefined],
  ])('%j is no operation, and the closest are suggested', async (operation, expected) => {
    for (const runner of runners.slice(1)) {
      const { isError, json } = await rig.call(runner, { operation });
      expect(isError).toBe(true);
      expect(json.error.code).toBe('unknown_operation');
      expect(json.error.message).not.toContain(operation || '""');
      if (expected) expect(json.error.closest).toContain(expected);
    }
  });

  test('name the missing argument of a call', async () => {
    const { json } = await rig.call('run_read', { account_id: 'x' });
    expect(json.error).toMatchObject({
      code: 'invalid_arguments',
      accepted_arguments: ['operation', 'arguments', 'calls'],
    });
  });

  test('an operation cannot be called as a tool', async () => {
    await expect(rig.client.callTool({ name: 'accounts_list' })).rejects.toMatchObject({ code: -32602 });
  });

  test('log and audit log name the operation, not the dispatcher', async () => {
    const before = rig.stderr().length;
    await rig.call('run_write', { operation: 'accounts_create', arguments: { name: 'traced' } });
    await rig.call('run_read', { operation: 'accounts_delete', arguments: { account_id: 'refused-target' } });
    const lines = () =>
      rig
        .stderr()
        .slice(before)
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    const tools = () => lines().flatMap(({ tool }) => tool ?? []);
    // The log is written a moment later, and a line of the call before may still come.
    await vi.waitFor(() => {
      expect(tools().filter((tool) => tool !== 'run_read')).toEqual(['accounts_create', 'accounts_delete']);
    });
    expect(lines().filter(({ type }) => type === 'audit')).toMatchObject([
      { operation: 'accounts_create', phase: 'sent' },
      { operation: 'accounts_create', phase: 'ended', outcome: 'ok' },
      {
        operation: 'accounts_delete',
        phase: 'not_sent',
        targets: { account_id: 'refused-target' },
        outcome: 'wrong_tool',
      },
    ]);
  });
});

describe('a destructive operation', () => {
  const target = async (): Promise<Record<string, unknown>> => {
    const { json } = await rig.call('run_write', { operation: 'accounts_create' });
    return { operation: 'accounts_delete', arguments: { account_id: json.result.account.id } };
  };
  const deletes = () => rig.exchanges.filter(({ method }) => method === 'DELETE').length;

  test('is confirmed with confirm_call', async () => {
    const given = await target();
    const before = deletes();
    const { json } = await rig.call('run_destroy', given);
    expect(json.error).toMatchObject({
      code: 'confirmation_required',
      confirmation: { preview: { tool: 'accounts_delete' } },
    });
    expect(deletes()).toBe(before);
    const confirmed = await rig.call('confirm_call', { id: json.error.confirmation.id });
    expect(confirmed.isError).toBe(false);
    expect(deletes()).toBe(before + 1);
  });

  test.each([
    ['accept', false],
    ['decline', true],
  ] as const)('asks the person, who can %s', async (action, isError) => {
    const given = await target();
    const env = { SYNQLY_TOKEN: rig.sandbox.token };
    const asked: string[] = [];
    const args = ['--base-url', rig.sandbox.baseUrl, ...compact];
    const program = await startProgram(args, env, async ({ message }) => {
      asked.push(message);
      const { account_id } = given.arguments as { account_id: string };
      return { action, content: { name: account_id } };
    });
    const answer = await program.call('run_destroy', given);
    expect(asked).toHaveLength(1);
    expect(answer.isError, answer.text).toBe(isError);
    await program.close();
  });

  test('can be previewed', async () => {
    const { arguments: args } = await target();
    const before = deletes();
    const { json } = await rig.call('preview_call', { tool: 'accounts_delete', arguments: args });
    expect(json).toMatchObject({ effect: 'destroy', sends: { method: 'DELETE' } });
    expect(deletes()).toBe(before);
  });
});

test('works over HTTP, with metrics by operation', async () => {
  const http = await startHttpRig({ args: compact, sandbox: { size: 'small' } });
  const client = await http.connect(http.sandbox.token);
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual([...runners, ...helpers]);
  expect(client.getInstructions()).toContain('Operations are not tools here.');
  const call = (name: string, args: Record<string, unknown>) => http.call(http.sandbox.token, name, args);
  expect((await call('find_operations', { query: 'tenants' })).operations[0].id).toBe('accounts_list');
  const created = await call('run_write', { operation: 'accounts_create', arguments: { name: 'by-http' } });
  expect(created.result.account.name).toBe('by-http');
  const args = { account_id: 'by-http' };
  expect((await call('run_read', { operation: 'accounts_get', arguments: args })).result.name).toBe(
    'by-http',
  );
  const asked = await call('run_destroy', { operation: 'accounts_delete', arguments: args });
  expect(asked.error.code).toBe('confirmation_required');
  expect((await call('confirm_call', { id: asked.error.confirmation.id })).error).toBeUndefined();
  const metrics = await (await fetch(`${http.origin}/metrics`)).text();
  expect(metrics).toContain('tool="accounts_get"');
  expect(metrics).not.toContain('tool="run_read"');
  await client.close();
  await http.close();
});
