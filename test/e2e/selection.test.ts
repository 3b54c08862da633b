import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, test } from 'vitest';
import { catalogue } from '../../src/tools/catalogue.ts';
import { startHttpRig } from './http-support.ts';
import { builtCli, cleanEnvironment, helperNames, type Rig, startRig, workflowNames } from './support.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

const ids = catalogue.map(({ id }) => id);
const inGroups = (...groups: string[]) =>
  catalogue.filter(({ group }) => groups.includes(group)).map(({ id }) => id);

async function start(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ rig: Rig; listed: string[] }> {
  rig = await startRig({ args, env, sandbox: { size: 'small' } });
  const { tools } = await rig.client.listTools();
  return { rig, listed: tools.map(({ name }) => name).filter((name) => !helperNames.includes(name)) };
}

test.each([
  ['groups', ['--toolsets', 'accounts,sub-orgs'], {}, inGroups('accounts', 'sub-orgs')],
  ['groups by variable', [], { SYNQLY_TOOLSETS: 'Accounts' }, inGroups('accounts')],
  ['names', ['--allow', 'accounts_get,*_list_account'], {}, ['accounts_get', 'integrations_list_account']],
  [
    'single tools beside toolsets',
    ['--toolsets', 'meta', '--allow', 'accounts_get'],
    {},
    ['accounts_get', ...inGroups('meta')],
  ],
  ['all but some', ['--deny', 'tokens_*,*_delete'], {}, ids.filter((id) => !/^tokens_|_delete$/.test(id))],
  [
    'an allowed tool that is also denied',
    ['--toolsets', 'accounts', '--allow', 'accounts_delete', '--deny', '*_delete'],
    {},
    inGroups('accounts').filter((id) => id !== 'accounts_delete'),
  ],
  [
    'reads only, whatever is allowed',
    ['--read-only', '--toolsets', 'accounts', '--allow', 'accounts_delete'],
    {},
    ['accounts_list', 'accounts_get'],
  ],
  [
    'a selection limited by pins',
    ['--environment', 'test', '--toolsets', 'accounts,members'],
    {},
    inGroups('accounts'),
  ],
])('lists %s', async (_, args, env, expected) => {
  const { listed } = await start(args, env);
  expect(listed.sort()).toEqual([...expected].sort());
});

/** The workflows that need no operation beside those of `observe`. */
const observing = workflowNames.filter((name) => name !== 'access_review');

test('the preset for observing changes nothing, and needs no tools about changes', async () => {
  const { rig, listed } = await start(['--toolsets', 'observe']);
  const { tools } = await rig.client.listTools();
  expect(tools.map(({ name }) => name)).toEqual([
    ...listed,
    ...observing,
    'read_batch',
    'read_more',
    'whoami',
  ]);
  expect(rig.client.getInstructions()).toContain('This server is read-only.');
  expect(listed.length).toBeGreaterThan(12);
  for (const id of listed) expect(catalogue.find((one) => one.id === id)?.effect, id).toBe('read');
});

describe('what is left out', () => {
  test('cannot be called, previewed or read', async () => {
    const { rig } = await start(['--toolsets', 'accounts']);
    for (const id of ids.filter((one) => !inGroups('accounts').includes(one))) {
      expect((await rig.call(id, { nonsense: true })).json.error.code, id).toBe('not_selected');
      for (const [helper, more] of [
        ['preview_call', {}],
        ['read_more', { cursor: 'result' }],
      ] as const) {
        const { json } = await rig.call(helper, { tool: id, arguments: {}, ...more });
        expect(json.error.code, `${helper} ${id}`).toBe('not_selected');
      }
    }
    expect((await rig.client.listResources()).resources).toEqual([]);
    expect((await rig.client.listResourceTemplates()).resourceTemplates).toEqual([]);
    for (const uri of [
      'synqly://openapi/management',
      'synqly://status/timeseries',
      'synqly://status/a/b/timeseries',
    ])
      await expect(rig.client.readResource({ uri })).rejects.toThrow();
    expect(rig.exchanges).toEqual([]);
  });

  test('is left out over HTTP as well', async () => {
    const http = await startHttpRig({ args: ['--deny', 'members_*'] });
    const client = await http.connect(http.sandbox.token);
    const { tools } = await client.listTools();
    expect(tools.filter(({ name }) => name.startsWith('members_'))).toEqual([]);
    expect((await http.call(http.sandbox.token, 'members_list')).error.code).toBe('not_selected');
    await client.close();
    await http.close();
  });
});

test.each([
  [['--toolsets', 'acounts'], 'acounts'],
  [['--deny', 'token_*'], 'token_*'],
  [['--toolsets', 'accounts', '--deny', '*'], 'No tool is left'],
  [['--toolsets', 'members', '--account', 'acme'], 'No tool is left'],
  [['--allow', '*_delete', '--read-only'], 'No tool is left'],
  [['--transport', 'http', '--port', '0', '--allow', 'nothing_*'], 'nothing_*'],
])('%s is refused at the start, since it selects nothing', (args, named) => {
  const env = cleanEnvironment({ SYNQLY_TOKEN: 'some-token' });
  const { status, stderr } = spawnSync(process.execPath, [builtCli, ...args], {
    env,
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect(status).toBe(2);
  expect(stderr).toContain(named);
});
