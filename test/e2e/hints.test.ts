import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { collectionOf } from '../../src/pipeline/recovery/lists-by-argument.ts';
import { catalogue, findOperation } from '../../src/tools/catalogue.ts';
import { startProxy } from './changing-proxy.ts';
import { type Program, type Rig, startProgram, startRig } from './support.ts';

const account = 'aldermere-logistics';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ args: ['--confirm', 'never', '--timeout', '10'] });
  await rig.call('accounts_create', { name: 'bare', environment: 'test' });
});
afterEach(() => rig.sandbox.faults.clear());
afterAll(() => rig.close());

/** Runs a call and tells which requests it took, by operation. */
async function watch(name: string, args: Record<string, unknown> = {}) {
  const before = rig.exchanges.length;
  const answer = await rig.call(name, args);
  return { ...answer, sent: rig.exchanges.slice(before).map(({ operationId }) => operationId) };
}

describe('an empty list', () => {
  test.each([
    [
      'by a name that is nearly right',
      'accounts_list',
      { filter: ['name[eq]aldermere'] },
      'There are no accounts that match name[eq]aldermere. Without the filter there are 13. See closest for similar names.',
      { closest: ['aldermere-logistics', 'aldermere-logistics-staging'] },
    ],
    [
      'by a full name for a name',
      'accounts_list',
      { filter: ['name[eq]Tarn & Vale Insurance'] },
      /See closest for similar names\.$/,
      { closest: expect.arrayContaining(['tarn-vale-insurance']) },
    ],
    [
      'by one of several names',
      'accounts_list',
      { filter: ['name[in]fenick-robotics,x'] },
      /See closest for similar names\.$/,
      { closest: ['fennick-robotics'] },
    ],
    [
      'by like without its wildcard',
      'accounts_list',
      { filter: ['name[like]fennick'] },
      /like needs % .* See closest for similar names\.$/,
      { closest: ['fennick-robotics'] },
    ],
    [
      'by a value that the field never has',
      'members_list',
      { filter: ['state[eq]active'] },
      /there are 8\. See values for the values of state\.$/,
      { values: { state: ['disabled', 'enabled', 'invited', 'locked'] } },
    ],
    [
      'by a name in place of an id',
      'integrations_list',
      { filter: [`account_id[eq]${account}`] },
      /See values for the format of account_id\.$/,
      { values: { account_id: [expect.stringMatching(/^[0-9a-f-]{36}$/)] } },
    ],
    [
      'by a time that is yet to come',
      'audit_list',
      { filter: ['created_at[gt]2199-01-01T00:00:00Z'] },
      /there are 100 or more\. See values for the format of created_at\.$/,
      { values: { created_at: [expect.stringMatching(/^20/)] } },
    ],
    [
      'of what has none',
      'credentials_list',
      { owner_id: 'bare', filter: ['name[eq]x'] },
      'There are no credentials of owner bare that match name[eq]x. Without the filter the list is empty as well.',
    ],
    [
      'past the end',
      'accounts_list',
      { start_after: 'zzz', filter: ['environment[eq]prod'] },
      'There are no more accounts that match environment[eq]prod after zzz. Without start_after there are 10.',
    ],
    [
      'past the end of nothing',
      'accounts_list',
      { start_after: 'zzz', filter: ['fullname[eq]nobody'] },
      'There are no accounts that match fullname[eq]nobody.',
    ],
  ])('%s says what exists, with one further read', async (_, name, args, note, beside: object = {}) => {
    const { json, isError, sent } = await watch(name, args);
    expect(isError).toBe(false);
    const { closest, values } = json;
    expect(json.note).toEqual(typeof note === 'string' ? note : expect.stringMatching(note));
    expect({ closest, values }).toEqual({ closest: undefined, values: undefined, ...beside });
    expect(sent).toEqual([name, name]);
  });

  test.each([
    ['integrations_list_account', { account_id: 'bare' }, 'There are no integrations of account bare yet.'],
    ['bridges_list', { account_id: 'bare' }, 'There are no bridges of account bare yet.'],
    ['credentials_list', { owner_id: 'bare' }, 'There are no credentials of owner bare yet.'],
  ])('%s without a filter says that there is none, with no further read', async (name, args, note) => {
    const { json, sent } = await watch(name, args);
    expect(json.note).toBe(note);
    expect(sent).toEqual([name]);
  });

  test.each([
    ['403', { status: 403 }],
    ['429', { status: 429, retryAfter: 1 }],
    ['500', { status: 500 }],
    ['an answer that never comes', { hang: true }],
    ['a broken connection', { reset: true }],
    ['a page of HTML', { body: 'html' as const }],
  ])('is a success although the further read meets %s, which is not repeated', async (_, fault) => {
    // The first of two faults that fit is taken: it lets the list itself pass.
    rig.sandbox.faults.add({ route: 'roles_list', times: 1 });
    rig.sandbox.faults.add({ route: 'roles_list', ...fault });
    const { json, isError, sent } = await watch('roles_list', { filter: ['name[eq]nobody'] });
    expect(isError).toBe(false);
    expect(json).toMatchObject({ result: [], note: 'There are no roles that match name[eq]nobody.' });
    // The list and the further read, which is not repeated; one that never comes leaves no exchange.
    expect(sent.length).toBeLessThanOrEqual(2);
  });

  test('suggests no value of a field that lists do not show', async () => {
    const { json } = await watch('accounts_list', { filter: ['organization_id[eq]x'] });
    expect(json.note).toMatch(
      /^There are no accounts that match organization_id\[eq\]x\. Without the filter there are \d+\.$/,
    );
  });
});

test('a list that is not empty costs one request, and has no note', async () => {
  for (const args of [{}, { filter: ['environment[eq]test'] }, { start_after: 'b' }]) {
    const { json, sent } = await watch('accounts_list', args);
    expect(json.result.length).toBeGreaterThan(0);
    expect(json.note).toBeUndefined();
    expect(sent).toEqual(['accounts_list']);
  }
});

test('one further request follows a short page when more rows are wanted', async () => {
  const { json, sent } = await watch('accounts_list', { limit: 1000 });
  expect(json.more).toBeUndefined();
  expect(sent).toEqual(['accounts_list', 'accounts_list']);
});

describe('a list of hundreds of rows', () => {
  test('is counted, and a similar name far down in it is found', async () => {
    const large = await startRig({ sandbox: { size: 500 }, args: ['--confirm', 'never'] });
    await large.call('accounts_create', { name: 'zyxomma-industries', environment: 'test' });
    const { json } = await large.call('accounts_list', { filter: ['name[eq]zyxoma-industries'] });
    const missing = await large.call('accounts_get', { account_id: 'zyxomma' });
    const total = large.sandbox.state.collections.account.all().length;
    await large.close();
    expect(json.note).toContain(`there are ${total}.`);
    expect(json.closest).toEqual(['zyxomma-industries']);
    expect(missing.json.error.closest).toEqual(['zyxomma-industries']);
  }, 60_000);
});

describe('an object that does not exist', () => {
  test.each([
    ['accounts_get', { account_id: 'aldermere' }, 'account_id', 'accounts_list', account],
    ['accounts_update', { account_id: 'aldermere', fullname: 'x' }, 'account_id', 'accounts_list', account],
    ['accounts_delete', { account_id: 'aldermere' }, 'account_id', 'accounts_list', account],
    [
      'status_get',
      { account_id: 'aldermere', integration_id: 'siem-splunk' },
      'account_id',
      'accounts_list',
      account,
    ],
    [
      'status_get',
      { account_id: account, integration_id: 'splunk' },
      'integration_id',
      'integrations_list_account',
      'siem-splunk',
    ],
    [
      'bridges_get',
      { account_id: account, bridge_id: 'datacentre' },
      'bridge_id',
      'bridges_list',
      'datacenter',
    ],
    ['bridges_list', { account_id: 'aldermere' }, 'account_id', 'accounts_list', account],
    [
      'credentials_get',
      { owner_id: account, credential_id: 'service-account' },
      'credential_id',
      'credentials_list',
      'shared-service-account',
    ],
    ['credentials_list', { owner_id: 'aldermere' }, 'owner_id', 'accounts_list', account],
    [
      'members_get',
      { member_id: 'ingrid' },
      'member_id',
      'members_list',
      'ingrid.solheim@kestrelmoor.example',
    ],
    ['roles_get', { role_id: 'admin' }, 'role_id', 'roles_list', 'administrator'],
    [
      'organizationWebhooks_get',
      { webhook_id: 'crmsync' },
      'webhook_id',
      'organizationWebhooks_list',
      'crm-sync',
    ],
    ['mappings_get', { mapping_id: 'severity' }, 'mapping_id', 'mappings_list', 'severity-to-priority'],
    ['tokens_get', { refresh_token_id: 'ci' }, 'refresh_token_id', 'tokens_list', 'ci-pipeline'],
    [
      'subOrgs_get',
      { organization_id: 'kestrelmoor-lab' },
      'organization_id',
      'subOrgs_list',
      'kestrelmoor-labs',
    ],
    [
      'capabilities_get_provider',
      { provider_id: 'splunk' },
      'provider_id',
      'capabilities_list_providers',
      'siem_splunk',
    ],
  ])(
    '%s %j: %s is named, %s to look in, and what is named like it',
    async (name, args, argument, list, right) => {
      const { json, isError, sent } = await watch(name, args);
      expect(isError).toBe(true);
      expect(json.error).toMatchObject({ code: 'not_found', status: 404 });
      expect(json.error.message).toMatch(new RegExp(`found for ${argument} `));
      expect(json.error.next).toContain(list);
      expect(json.error.closest).toContain(right);
      expect(sent.at(-1)).toBe(list);
    },
  );

  test('of a preview, and before a confirmation, comes with the closest too', async () => {
    const preview = { tool: 'accounts_delete', arguments: { account_id: 'aldermere' } };
    expect((await watch('preview_call', preview)).json.error.closest).toContain(account);
    const confirming = await startProgram(['--base-url', rig.sandbox.baseUrl], {
      SYNQLY_TOKEN: rig.sandbox.token,
    });
    const { json } = await confirming.call('accounts_delete', { account_id: 'aldermere' });
    await confirming.close();
    expect(json.error).toMatchObject({ code: 'not_found', closest: expect.arrayContaining([account]) });
  });

  test.each([
    ['403', { status: 403 }],
    ['429', { status: 429, retryAfter: 1 }],
    ['an answer that never comes', { hang: true }],
  ])('is the same error when the list fails with %s, and still names the list', async (_, fault) => {
    rig.sandbox.faults.add({ route: 'members_list', ...fault });
    const { json, sent } = await watch('members_get', { member_id: 'ingrid' });
    expect(json.error).toMatchObject({ code: 'not_found', status: 404 });
    expect(json.error.closest).toBeUndefined();
    expect(json.error.next).toContain('members_list');
    // What is never answered is no exchange.
    expect(sent).toEqual(['members_get', ...('hang' in fault ? [] : ['members_list'])]);
  });

  test.each([
    [{ account_id: 'aldermere', integration_id: 'siem-splunk' }, 'account_id', account],
    [{ account_id: account, integration_id: 'splunk' }, 'integration_id', 'siem-splunk'],
  ])('is identified when Synqly does not say what is missing: %j', async (args, argument, right) => {
    const silent = await startProxy(rig.sandbox.baseUrl, (answer) =>
      answer.status === 404 ? { ...answer, text: '{"message":"Not found","status":404}' } : answer,
    );
    const program = await startProgram(['--base-url', silent.url], { SYNQLY_TOKEN: rig.sandbox.token });
    const { json } = await program.call('status_get', args);
    await program.close();
    silent.close();
    expect(json.error.message).toMatch(new RegExp(`found for ${argument} `));
    expect(json.error.closest).toContain(right);
  });

  test('has no suggestion when everything that the call names exists', async () => {
    const silent = await startProxy(rig.sandbox.baseUrl, (answer, path) =>
      path.endsWith('/siem-splunk') ? { ...answer, status: 404, text: '{"message":"Not found"}' } : answer,
    );
    const program = await startProgram(['--base-url', silent.url], { SYNQLY_TOKEN: rig.sandbox.token });
    const { json } = await program.call('status_get', { account_id: account, integration_id: 'siem-splunk' });
    await program.close();
    silent.close();
    expect(json.error).toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('no such object'),
    });
    expect(json.error.closest).toBeUndefined();
  });

  test.each([
    ['accounts_get', { account_id: 'Aldermere Logistics' }, account],
    ['accounts_delete', { account_id: ' aldermere LOGISTICS' }, account],
    [
      'integrations_get',
      { account_id: account, integration_id: 'Splunk of Aldermere Logistics' },
      'siem-splunk',
    ],
  ])('%s by a full name is answered with the name to use, and no other', async (name, args, right) => {
    const { json } = await watch(name, args);
    expect(json.error).toMatchObject({ code: 'not_found', closest: [right] });
    expect(json.error.next).toContain('not a fullname');
    expect((await rig.call('accounts_get', { account_id: account })).isError).toBe(false);
  });

  describe('to a token that sees one account', () => {
    let limited: Program;
    beforeAll(async () => {
      const made = await fetch(`${rig.sandbox.baseUrl}/v1/tokens`, {
        method: 'POST',
        headers: { authorization: `Bearer ${rig.sandbox.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          name: 'sees-few',
          permission_set: 'administrator',
          resources: { accounts: { ids: ['*'], environments: ['test'], labels: ['purpose:trial'] } },
        }),
      });
      const token = ((await made.json()) as { result: { primary: { access: { secret: string } } } }).result;
      limited = await startProgram(['--base-url', rig.sandbox.baseUrl, '--confirm', 'never'], {
        SYNQLY_TOKEN: token.primary.access.secret,
        SYNQLY_PERMISSIONS: 'learn',
      });
      await limited.call('whoami');
    });
    afterAll(() => limited.close());

    test.each(['accounts_get', 'accounts_delete'])(
      '%s names no unlike object, and says that the token sees only some',
      async (name) => {
        const visible = (await limited.call('accounts_list')).json.result;
        expect(visible.length).toBeGreaterThan(0);
        const { json } = await limited.call(name, { account_id: 'brightwick-university' });
        expect(json.error).toMatchObject({ code: 'not_found', status: 404 });
        expect(json.error).not.toHaveProperty('closest');
        expect(json.error.next).toContain('The token sees only some accounts');
        expect(json.error.next).toContain('environment test; 1 label');
      },
    );
  });

  test.each([
    ['accounts_get', { account_id: 'aldermere' }, /^Use one of closest if it is meant/],
    ['accounts_delete', { account_id: 'aldermere' }, /ask the person before you use one/],
    ['accounts_update', { account_id: 'aldermere', fullname: 'X' }, /ask the person before you use one/],
    [
      'integrations_delete',
      { account_id: account, integration_id: 'nothing-like-it' },
      /^Nothing was changed\. List the existing ones/,
    ],
    [
      'integrations_get',
      { account_id: account, integration_id: 'nothing-like-it' },
      /^List the existing ones/,
    ],
  ])('of %s %j: a write asks the person about similar names', async (name, args, next) => {
    const { json } = await watch(name, args);
    expect(json.error.next).toMatch(next);
    expect(json.error.next).not.toContain('The token sees only');
  });

  test('is not looked up in a list that is not visible', async () => {
    const args = ['--base-url', rig.sandbox.baseUrl, '--deny', 'members_list'];
    const program = await startProgram(args, { SYNQLY_TOKEN: rig.sandbox.token });
    const before = rig.exchanges.length;
    const { json } = await program.call('members_get', { member_id: 'ingrid' });
    await program.close();
    expect(json.error.code).toBe('not_found');
    expect(json.error.next).not.toContain('members_list');
    expect(rig.exchanges).toHaveLength(before + 1);
  });

  test('is looked up in the list of its path argument, for every argument that has a list', () => {
    const without = catalogue.flatMap((operation) =>
      Object.keys(operation.params)
        .filter((name) => !collectionOf(operation, name))
        .map((name) => `${operation.id} ${name}`),
    );
    expect(without).toEqual([
      'auth_logon organization_id',
      'credentials_lookup credential_id',
      'tokens_reset owner_id',
      'tokens_rotate owner_id',
    ]);
    for (const operation of catalogue) {
      for (const name of Object.keys(operation.params)) {
        const shelf = collectionOf(operation, name);
        if (!shelf) continue;
        // What the list belongs to is what the call names beside it.
        const parents = Object.keys(findOperation(shelf.list)?.params ?? {});
        expect(Object.keys(operation.params), operation.id).toEqual(expect.arrayContaining(parents));
      }
    }
  });
});

test.each([400, 401, 403, 405, 409, 429, 500, 503])('after a %i nothing is read', async (status) => {
  rig.sandbox.faults.add({ route: 'members_get', status, retryAfter: 60 });
  const { json, sent } = await watch('members_get', { member_id: 'ingrid' });
  expect(json.error.status).toBe(status);
  expect(new Set(sent)).toEqual(new Set(['members_get']));
});
