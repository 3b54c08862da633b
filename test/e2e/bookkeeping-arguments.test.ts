import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canary, type Program, type Rig, startProgram, startRig } from './support.ts';

type Args = Record<string, unknown>;

/** What clients add to the arguments of every call, as it was seen. */
const bookkeeping: readonly (readonly [client: string, added: Args])[] = [
  ['n8n', { toolCallId: canary }],
  ['n8n behind a chat', { sessionId: canary, action: 'sendMessage', chatInput: canary, toolCallId: canary }],
  ['Cline', { task_progress: `- [x] ${canary}` }],
  ['SiYuan', { _sessionID: canary }],
  ['ruby-mcp-client', { _meta: { progressToken: canary } }],
];
const everything: Args = Object.assign({}, ...bookkeeping.map(([, added]) => added));

const folder = mkdtempSync(join(tmpdir(), 'bookkeeping-'));
const auditLog = join(folder, 'audit.log');

let rig: Rig;
let compact: Program;
let pinned: Program;
beforeAll(async () => {
  rig = await startRig({ args: ['--audit-log', auditLog], sandbox: { size: 'small' } });
  const env = { SYNQLY_TOKEN: rig.sandbox.token, SYNQLY_PERMISSIONS: 'ignore' };
  const synqly = ['--base-url', rig.sandbox.baseUrl];
  compact = await startProgram([...synqly, '--surface', 'compact'], env);
  pinned = await startProgram([...synqly, '--account', 'aldermere-logistics'], env);
});
afterAll(async () => {
  await Promise.all([compact.close(), pinned.close(), rig.close()]);
  rmSync(folder, { recursive: true });
});

/** Calls a tool with exactly these arguments. */
async function callWith(args: unknown, name: string, program: Program = rig) {
  const { content, isError } = await program.client.callTool({ name, arguments: args as Args });
  const [{ text = '' } = {}] = content as { text: string }[];
  return { text, json: JSON.parse(text), isError: isError === true };
}

const lines = () => readFileSync(auditLog, 'utf8').trim().split('\n');

describe.each(bookkeeping)('what %s adds', (_, added) => {
  const account = { account_id: 'aldermere-logistics' };
  const list = { limit: 2 };

  test.each<[tool: string, args: Args, program: () => Program]>([
    ['accounts_list', list, () => rig],
    ['accounts_get', account, () => rig],
    ['integrations_list', list, () => pinned],
    ['preview_call', { tool: 'accounts_delete', arguments: account }, () => rig],
    ['read_more', { tool: 'accounts_list', arguments: list, cursor: 'rows/0' }, () => rig],
    ['run_read', { operation: 'accounts_list', arguments: list }, () => compact],
    ['find_operations', { query: 'customers' }, () => compact],
    ['find_operations', {}, () => compact],
  ])('changes nothing for %s', async (tool, args, program) => {
    const plain = await callWith(args, tool, program());
    expect(plain.isError, plain.text).toBe(false);
    expect(await callWith({ ...args, ...added }, tool, program())).toEqual(plain);
    expect(await callWith(JSON.stringify({ ...args, ...added }), tool, program())).toEqual(plain);
    if (!('arguments' in args)) return;
    const inner = { ...(args.arguments as Args), ...added };
    expect(await callWith({ ...args, arguments: inner, ...added }, tool, program())).toEqual(plain);
    expect(await callWith({ ...args, arguments: JSON.stringify(inner) }, tool, program())).toEqual(plain);
  });

  test('changes nothing for whoami', async () => {
    expect((await callWith(added, 'whoami')).isError).toBe(false);
  });

  test('neither is sent to Synqly, nor changes the hash in the audit log', async () => {
    const args = { account_id: 'aldermere-logistics', fullname: 'Aldermere' };
    const before = rig.exchanges.length;
    const hashes: unknown[] = [];
    for (const given of [args, { ...args, ...added }, { ...added, ...args }]) {
      const { text, isError } = await callWith(given, 'accounts_update');
      expect(isError, text).toBe(false);
      hashes.push(JSON.parse(lines().at(-1) ?? '').arguments_hash);
    }
    expect(new Set(hashes).size).toBe(1);
    expect(JSON.stringify(rig.exchanges.slice(before))).not.toContain(canary);
  });
});

describe('with everything that any of them adds', () => {
  test('a delete is previewed, confirmed and carried out', async () => {
    await callWith({ name: 'short-lived', ...everything }, 'accounts_create');
    const asked = await callWith({ account_id: 'short-lived', ...everything }, 'accounts_delete');
    expect(asked.json.error.code).toBe('confirmation_required');
    expect(asked.text).not.toContain(canary);
    const { id } = asked.json.error.confirmation;
    const { isError, text } = await callWith({ id, ...everything }, 'confirm_call');
    expect(isError, text).toBe(false);
  });

  test.each([
    ['accounts_create', 'accounts_create', {}, () => rig],
    ['the operation of run_write', 'run_write', { operation: 'accounts_create' }, () => compact],
  ] as const)('an error of %s names only what the client has to correct', async (_, tool, outer, program) => {
    const inner = { nonsense: 1, ...everything };
    const args = tool === 'run_write' ? { ...outer, arguments: inner, ...everything } : inner;
    const { json, text } = await callWith(args, tool, program());
    expect(json.error).toMatchObject({
      code: 'invalid_arguments',
      arguments: [{ argument: 'nonsense', problem: 'is unknown' }],
      accepted_arguments: expect.any(Array),
    });
    // On the compact surface, each with its type.
    const accepted: string[] = json.error.accepted_arguments;
    expect(accepted.map((text) => text.split(':')[0])).toEqual(['name', 'fullname', 'environment', 'labels']);
    for (const name of [...Object.keys(everything), canary]) expect(text).not.toContain(name);
  });

  test('an unknown argument beside operation is the only one that is named', async () => {
    const args = { operation: 'accounts_list', nonsense: 1, ...everything };
    const { json } = await callWith(args, 'run_read', compact);
    expect(json.error.arguments).toEqual([{ argument: 'nonsense', problem: 'is unknown' }]);
  });

  test('neither log nor audit log holds any of it', () => {
    expect(lines().length).toBeGreaterThan(5);
    for (const text of [readFileSync(auditLog, 'utf8'), rig.stderr(), compact.stderr()])
      expect(text).not.toContain(canary);
  });
});

test.each([
  [{ action: 'delete' }, 'action'],
  [{ toolCallID: canary }, 'toolCallID'],
  [{ session_id: canary }, 'session_id'],
  [{ tool: 'accounts_list' }, 'tool'],
  [{ config: {} }, 'config'],
])('%j is refused, for a model may mean something by it', async (args, argument) => {
  const { json } = await callWith(args, 'accounts_list');
  expect(json.error.arguments).toMatchObject([{ argument, problem: expect.stringMatching(/^is unknown/) }]);
  expect(json.error.accepted_arguments).toContain('limit');
});

test('below the arguments, the same names are refused', async () => {
  const accounts = { ids: ['*'], toolCallId: 'x' };
  const role = { name: 'keeper', permission_sets: ['viewer'], resources: { accounts } };
  expect((await callWith(role, 'roles_create')).text).toContain('resources.accounts.toolCallId');
});
