import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Rig, startRig } from './support.ts';

type Found = { readonly id: string; readonly text: string; readonly next?: { readonly query: string } };
type Answer = {
  readonly operations?: readonly Found[];
  readonly skills?: readonly Found[];
  readonly skill?: Found;
  readonly left_out?: readonly { readonly id: string; readonly why: string }[];
};

const compact = ['--surface', 'compact'];
const startWith = (...flags: string[]) =>
  startRig({ args: [...compact, ...flags], sandbox: { size: 'small' } });

let rig: Rig;
let readOnly: Rig;
beforeAll(async () => {
  [rig, readOnly] = await Promise.all([startWith(), startWith('--read-only')]);
});
afterAll(() => Promise.all([rig.close(), readOnly.close()]));

const find = async (args: Record<string, unknown>, on = rig): Promise<Answer> =>
  (await on.call('find_operations', args)).json;
const idsOf = (found: readonly Found[] = []) => found.map(({ id }) => id);

describe('find_operations', () => {
  test.each([
    ['onboard a new customer', 'onboard-customer'],
    ['offboard customer', 'offboard-customer'],
    ['a token was leaked', 'respond-to-leaked-token'],
    ['rotate a credential without downtime', 'rotate-credential'],
    ['set up a bridge', 'set-up-bridge'],
    ['review access', 'review-access'],
    ['move customer to production', 'move-customer-to-production'],
    ['why is the integration down', 'diagnose-integration'],
    ['remove a colleague', 'remove-member'],
    ['add a colleague', 'add-member'],
  ])('finds for "%s" the skill %s beside operations', async (query, skill) => {
    const { operations, skills } = await find({ query });
    expect(idsOf(skills)).toContain(skill);
    expect(operations?.length).toBeGreaterThan(0);
  });

  test('returns the steps of a skill for the query that its entry gives, with calls as this surface makes them', async () => {
    const { skills } = await find({ query: 'offboard customer' });
    const { skill, ...others } = await find(skills?.[0]?.next ?? {});
    expect(others).toEqual({});
    expect(skill?.id).toBe('offboard-customer');
    expect(skill?.text).toContain('{"tool":"run_destroy","arguments":{"operation":"accounts_delete"');
  });

  test.each([
    'list customers',
    'customer',
    'tokens',
    'get a role',
    'audit log of yesterday',
    'accounts_list',
  ])('finds no skill for "%s", which asks for one call', async (query) => {
    expect((await find({ query })).skills).toBeUndefined();
  });

  test('finds no skill where only a group or an effect is wanted', async () => {
    expect((await find({ query: 'offboard customer', effect: 'destroy' })).skills).toBeUndefined();
    expect((await find({ query: 'offboard customer', group: 'accounts' })).skills).toBeUndefined();
    expect((await find({ group: 'accounts' })).skills).toBeUndefined();
  });

  test('finds only skills whose calls the caller may make', async () => {
    expect(idsOf((await find({ query: 'review access' }, readOnly)).skills)).toEqual(['review-access']);
    expect((await find({ query: 'offboard customer' }, readOnly)).skills).toBeUndefined();
    expect((await find({ query: 'offboard-customer' }, readOnly)).skill).toBeUndefined();
  });

  test('names the best matches that the caller may not use, and why', async () => {
    const { left_out: leftOut } = (await readOnly.call('find_operations', { query: 'rename a customer' }))
      .json;
    expect(leftOut).toContainEqual({ id: 'accounts_update', why: 'this server is read-only' });
    const { json } = await readOnly.call('find_operations', { query: 'accounts_create' });
    expect(json.left_out[0].id).toBe('accounts_create');
    expect((await rig.call('find_operations', { query: 'rename a customer' })).json.left_out).toBeUndefined();
  });

  test('returns one operation for its exact name', async () => {
    const { operations } = await find({ query: 'accounts_update' });
    expect(idsOf(operations)).toEqual(['accounts_update']);
  });

  test.each([
    'Accounts_Update',
    'accounts.update',
    'accounts-update',
    '"accounts_update"',
    'mcp__synqly__accounts_update',
  ])('takes %s for the name of an operation', async (query) => {
    expect(idsOf((await find({ query })).operations)).toEqual(['accounts_update']);
    expect((await find({ query }, readOnly)).left_out).toEqual([
      { id: 'accounts_update', why: 'this server is read-only' },
    ]);
  });

  test.each(['offboard_customer', 'Offboard-Customer', '`offboard-customer`'])(
    'takes %s for the name of a skill',
    async (query) => expect((await find({ query })).skill?.id).toBe('offboard-customer'),
  );
});
