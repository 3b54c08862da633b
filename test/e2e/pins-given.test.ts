import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Program, type Rig, startProgram, startRig } from './support.ts';
import { by, testSurfaces } from './surfaces.ts';

/*
 * Pins take the account or environment out of the schemas. A model gives it all the same, above all when a person asks for
 * something in another account. An answer that has it leave the argument out would delete an object of the same name here.
 */

const inside = 'aldermere-logistics';
const outside = 'pellworth-energy';
/** Both accounts have an integration of this name. */
const shared = { integration_id: 'siem-splunk' };

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

const pinnedTo = ({ sandbox }: Rig, flags: string[]) =>
  startProgram(['--base-url', sandbox.baseUrl, ...flags], { SYNQLY_TOKEN: sandbox.token });

describe.each(['full', 'compact'] as const)('pinned to an account, on the %s surface', (surface) => {
  let raw: Program;
  let pinned: Program;
  beforeAll(async () => {
    raw = await pinnedTo(rig, ['--account', inside, ...testSurfaces[surface].flags]);
    pinned = by(testSurfaces[surface], raw);
  });
  afterAll(() => raw.close());

  const refused = { code: 'outside_pin', message: expect.stringContaining(`"${inside}"`) };

  test.each([
    ['a delete', 'integrations_delete', { account_id: outside, ...shared }],
    ['a delete, in camel case', 'integrations_delete', { accountId: outside, ...shared }],
    ['a delete, under a short name', 'integrations_delete', { account: outside, ...shared }],
    ['a delete of the account itself', 'accounts_delete', { account_id: outside }],
    ['a delete of the account, by `id`', 'accounts_delete', { id: outside }],
    ['a reset', 'status_reset', { account_id: outside, ...shared }],
    ['a change', 'integrations_update', { account_id: outside, ...shared, fullname: 'X' }],
    ['a read', 'integrations_get', { account_id: outside, ...shared }],
    ['a list that never takes an account', 'integrations_list', { account_id: outside }],
    ['a number', 'integrations_get', { account_id: 7, ...shared }],
    ['a workflow', 'usage_report', { account_id: outside }],
    ['a workflow, under a short name', 'diagnose_integrations', { account: outside }],
  ])('%s in another account is refused, and no example leads here', async (_, name, args) => {
    const before = rig.exchanges.length;
    const { json } = await pinned.call(name, args);
    expect(json.error).toMatchObject(refused);
    expect(json.error.next).toContain('cannot reach another account');
    expect(json.error).not.toHaveProperty('example');
    expect(rig.exchanges.slice(before).filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  test('the pinned account may be given, by its name or id', async () => {
    const { json: account } = await pinned.call('accounts_get');
    for (const account_id of [inside, inside.toUpperCase(), account.result.id]) {
      const { json } = await pinned.call('integrations_get', { account_id, ...shared });
      expect(json.result, account_id).toMatchObject({ name: 'siem-splunk', account_id: account.result.id });
      expect((await pinned.call('usage_report', { account_id })).isError).toBe(false);
      const { json: list } = await pinned.call('integrations_list', { account_id });
      expect(list.result).toHaveLength(3);
    }
  });

  test('an empty account counts as not given', async () => {
    const { json } = await pinned.call('integrations_get', { account_id: '', ...shared });
    expect(json.result.name).toBe('siem-splunk');
  });

  test('a misnamed argument that is not pinned keeps its suggestion', async () => {
    const { json } = await pinned.call('integrations_get', { integration: 'siem-splunk' });
    expect(json.error).toMatchObject({
      code: 'invalid_arguments',
      arguments: [{ argument: 'integration', problem: 'is unknown; did you mean integration_id?' }],
    });
  });

  if (surface === 'compact') {
    test('an account beside `operation` is refused as well', async () => {
      const args = { operation: 'integrations_delete', account_id: outside, ...shared };
      const { json } = await raw.call('run_destroy', args);
      expect(json.error).toMatchObject(refused);
      expect(json.error).not.toHaveProperty('example');
    });

    test('deletes of a list are refused one by one', async () => {
      const calls = [{ operation: 'integrations_delete', arguments: { account_id: outside, ...shared } }];
      const { text } = await raw.call('run_destroy', { calls });
      expect(text).toContain('outside_pin');
      expect(text).not.toContain('"confirmation"');
    });
  } else {
    test('previews and batches refuse it', async () => {
      const call = { tool: 'integrations_delete', arguments: { account_id: outside, ...shared } };
      expect((await raw.call('preview_call', call)).json.error).toMatchObject(refused);
      expect((await raw.call('preview_call', { calls: [call] })).json.errors.rows[0]).toContain(
        'outside_pin',
      );
      const read = { operation: 'integrations_get', arguments: { account_id: outside, ...shared } };
      expect((await raw.call('read_batch', { calls: [read] })).json.errors.rows[0]).toContain('outside_pin');
    });
  }
});

describe('pinned to an environment', () => {
  let pinned: Program;
  beforeAll(async () => {
    pinned = await pinnedTo(rig, ['--environment', 'test']);
  });
  afterAll(() => pinned.close());

  test.each([
    ['accounts_create', { name: 'made-elsewhere', environment: 'prod' }],
    ['accounts_create', { name: 'made-elsewhere', env: 'prod' }],
    ['accounts_update', { account_id: 'ashmere-mills-trial', environment: 'prod' }],
    ['accounts_list', { environment: 'prod' }],
  ])('%s for another environment is refused: %j', async (name, args) => {
    const before = rig.exchanges.length;
    const { json } = await pinned.call(name, args);
    expect(json.error).toMatchObject({ code: 'outside_pin', message: expect.stringContaining('test') });
    expect(json.error).not.toHaveProperty('example');
    expect(rig.exchanges).toHaveLength(before);
  });

  test('the pinned environment may be given', async () => {
    const { json } = await pinned.call('accounts_create', { name: 'made-here', environment: 'test' });
    expect(json.result.account.environment).toBe('test');
  });
});
