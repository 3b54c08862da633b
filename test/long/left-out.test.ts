import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Planted, plant } from '../e2e/pins-support.ts';
import { type Program, type Rig, startProgram, startRig } from '../e2e/support.ts';

let rig: Rig;
let planted: Planted;
beforeAll(async () => {
  rig = await startRig({ sandbox: { size: 'small' }, args: ['--confirm', 'never'] });
  planted = await plant(rig);
}, 30_000);
afterAll(() => rig.close());

const open = (...flags: string[]) =>
  startProgram(['--base-url', rig.sandbox.baseUrl, ...flags], {
    SYNQLY_TOKEN: rig.sandbox.token,
    SYNQLY_PERMISSIONS: 'ignore',
  });

describe.each([
  ['--deny', ['--deny', 'credentials_list,integrations_list*']],
  ['--allow', ['--allow', 'accounts_*,integrations_delete,bridges_list']],
])('tools that %s leaves out', (_, flags) => {
  test.each(['preview_call', 'accounts_delete'])('are counted by %s and not named', async (way) => {
    const program = await open(...flags);
    const args = { account_id: planted.inside.id };
    const { json, text } = await program.call(
      way,
      way === 'preview_call' ? { tool: 'accounts_delete', arguments: args } : args,
    );
    const { affects } = way === 'preview_call' ? json : json.error.confirmation.preview;
    expect(affects.credentials).toEqual({ count: 2 });
    expect(affects.integrations).toEqual({ count: 2 });
    expect(affects.bridges.names, text).toEqual(['quay-bridge', 'quay-doomed']);
    expect(text).not.toContain('quay-credential');
    expect(text).not.toContain('quay-siem');
    await program.close();
  });
});

test('are counted in a question', async () => {
  const questions: string[] = [];
  const program = await startProgram(
    ['--base-url', rig.sandbox.baseUrl, '--deny', 'credentials_list'],
    { SYNQLY_TOKEN: rig.sandbox.token, SYNQLY_PERMISSIONS: 'ignore' },
    async ({ message }) => {
      questions.push(message);
      return { action: 'decline' };
    },
  );
  await program.call('accounts_delete', { account_id: planted.inside.id });
  expect(questions[0]).toContain('2 credentials, ');
  expect(questions[0]).not.toContain('quay-credential');
  await program.close();
});

test('whoami names the tools that are left out and why, and nothing that they would read', async () => {
  const program = await open('--deny', 'organization_get');
  const { json, text } = await program.call('whoami');
  expect(json.organization).toBeUndefined();
  expect(text).not.toContain(rig.sandbox.state.organization.id);
  expect(json.left_out[0].operations).toContain('organization: get');
  await program.close();
});

describe.each(['--account', '--environment'])('expand under %s', (flag) => {
  const secretName = 'point-of-the-organization';
  let program: Program;
  let pointId: string;
  beforeAll(async () => {
    const { collections } = rig.sandbox.state;
    const known = collections.integration_point.find(secretName);
    pointId =
      known?.id ??
      (
        await rig.call('integrationPoints_create', {
          name: secretName,
          connector: 'siem',
          environments: { test: ['*'], prod: ['*'] },
        })
      ).json.result.id;
    for (const one of collections.integration.all()) {
      if (one.account_id === planted.inside.id) {
        collections.integration.replace({ ...one, integration_point_id: pointId });
      }
    }
    program = await open(flag, flag === '--account' ? planted.inside.name : 'test');
  });
  afterAll(() => program.close());
  const ofAccount = (args: Record<string, unknown>) =>
    flag === '--account' ? args : { account_id: planted.inside.id, ...args };

  test('shows only the id of the integration point, and the account', async () => {
    const calls: [string, Record<string, unknown>][] = [
      ['integrations_list', { expand: ['all'] }],
      ['integrations_list', { expand: ['integration_point', 'account'] }],
      ['integrations_list_account', ofAccount({ expand: ['all'] })],
      ['status_list', { expand: ['all'] }],
    ];
    for (const [tool, args] of calls) {
      const { json, text, isError } = await program.call(tool, args);
      expect(isError, text).toBe(false);
      expect(text, tool).not.toContain(secretName);
      expect(json.result.length).toBeGreaterThan(0);
      if (tool !== 'integrations_list') continue;
      expect(text).toContain(pointId);
      expect(json.result[0].account.id).toBe(json.result[0].account_id);
    }
    // Without pins it is there to be seen.
    expect((await rig.call('integrations_list', { expand: ['all'] })).text).toContain(secretName);
  });

  test('filters and orders do not reveal the integration point', async () => {
    for (const args of [
      { filter: [`integration_point.name[like]${secretName.slice(0, 3)}%`] },
      { filter: ['Integration_Point.name[eq]x'] },
      { order: ['integration_point.name[asc]'] },
    ]) {
      for (const tool of ['integrations_list', 'integrations_list_account']) {
        const given = tool === 'integrations_list' ? args : ofAccount(args);
        const { json, text } = await program.call(tool, { expand: ['all'], ...given });
        expect(json.error?.code, text).toBe('outside_pin');
      }
    }
  });
});
