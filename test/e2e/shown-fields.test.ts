import { afterAll, beforeAll, expect, test } from 'vitest';
import { postTo } from './http-support.ts';
import { type Program, type Rig, startProgram, startRig } from './support.ts';

/* What results say in words or under another name, so that a model need not know the API to read them. */

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ args: ['--confirm', 'never'] });
});
afterAll(() => rig.close());

const zero = '0001-01-01T00:00:00Z';

test('a member that never logged on shows never, and no end of a PIN that there is not', async () => {
  const list = await rig.call('members_list');
  expect(list.text).not.toContain(zero);
  expect(list.json.result.every(({ last_logon }: { last_logon: string }) => last_logon === 'never')).toBe(
    true,
  );
  const member_id = list.json.result[0].name;
  const one = await rig.call('members_get', { member_id });
  expect(one.text).not.toContain(zero);
  expect(one.json.result.last_logon).toBe('never');
  expect(one.json.result).not.toHaveProperty('pin_expires');
  const batch = await rig.call('read_batch', {
    calls: [
      { operation: 'members_get', arguments: { member_id } },
      { operation: 'members_list', fields: ['*'] },
    ],
  });
  expect(batch.text).not.toContain(zero);
  const secret = 'correct horse battery';
  const made = await rig.call('members_create', { name: 'new@kestrelmoor.example', secret });
  expect(made.text).not.toContain(zero);
  expect(made.json.result.member.last_logon).toBe('never');
  const { result } = await postTo(
    rig.sandbox,
    `/v1/auth/logon/${(await rig.call('organization_get')).json.result.id}`,
    {
      name: 'new@kestrelmoor.example',
      secret,
    },
  );
  expect(result.auth_code).toBe('success');
  const logged = await rig.call('members_get', { member_id: 'new@kestrelmoor.example' });
  expect(Date.parse(logged.json.result.last_logon)).toBeGreaterThan(0);
});

test.each(['accounts', 'integrations'])('the lookup of a credential of %s has its owner_id', async (kind) => {
  const account_id = 'aldermere-logistics';
  const { json: account } = await rig.call('accounts_get', { account_id });
  const { json: integrations } = await rig.call('integrations_list_account', { account_id });
  const owner_id = kind === 'accounts' ? account.result.id : integrations.result[0].id;
  const owner_type = kind === 'accounts' ? 'account' : 'integration';
  const config = { type: 'token', secret: 'a-secret-of-the-test' };
  const { json: made } = await rig.call('credentials_create', {
    owner_id,
    owner_type,
    name: 'found',
    config,
  });
  const { json } = await rig.call('credentials_lookup', { credential_id: made.result.id });
  expect(json.result.owner_id).toBe(owner_id);
  const { isError } = await rig.call('credentials_get', {
    owner_id: json.result.owner_id,
    credential_id: 'found',
  });
  expect(isError).toBe(false);
});

test('whoami says what ! behind a name means, where there is one', async () => {
  const start = (flags: string[]): Promise<Program> =>
    startProgram(['--base-url', rig.sandbox.baseUrl, ...flags], { SYNQLY_TOKEN: rig.sandbox.token });
  const reader = await start(['--read-only']);
  const { json } = await reader.call('whoami');
  expect(json.left_out[0].operations).toContain('delete!');
  expect(json.marks).toContain('! behind a name');
  await reader.close();
  expect((await rig.call('whoami')).json).not.toHaveProperty('marks');
});

test('who_changed has times and addresses in its rows, also if all are the same', async () => {
  for (const name of ['twice-made', 'twice-more'])
    await rig.call('accounts_create', { name, environment: 'test' });
  await rig.call('accounts_update', { account_id: 'twice-made', fullname: 'One' });
  await rig.call('accounts_update', { account_id: 'twice-made', fullname: 'Two' });
  const { json } = await rig.call('who_changed', { object: 'twice-made' });
  expect(json.rows).toHaveLength(3);
  expect(json.columns.slice(0, 1)).toEqual(['at']);
  expect(json.columns).toContain('from');
  expect(json.same ?? {}).not.toHaveProperty('from');
  expect(json.same ?? {}).not.toHaveProperty('at');
});
