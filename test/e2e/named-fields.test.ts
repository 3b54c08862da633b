import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Rig, startRig } from './support.ts';

let rig: Rig;
const usual = ['name', 'fullname', 'environment', 'labels'];

beforeAll(async () => {
  rig = await startRig();
});

afterAll(() => rig.close());

describe('fields', () => {
  test.each([
    [['Name', 'FULLNAME']],
    ['name fullname'],
    ['name;fullname'],
    ['name | fullname'],
    [['name, fullname']],
    [['name', 'fullname', 'Name']],
    [['name', 'full_name']],
  ])('%j select name and fullname', async (fields) => {
    const { json } = await rig.call('accounts_list', { limit: 2, fields });
    expect(json.columns).toEqual(['name', 'fullname']);
    expect(json.note).toBeUndefined();
  });

  test('fields are accepted in any letter case, with a path, and on the compact surface', async () => {
    const { json } = await rig.call('integrations_list', {
      limit: 3,
      fields: ['Name', 'providerConfig.type'],
    });
    const names = [...json.columns, ...Object.keys(json.same ?? {})];
    expect(names).toContain('provider_config.type');
    const compact = await startRig({ args: ['--surface', 'compact'] });
    const args = { operation: 'accounts_list', arguments: { limit: 1, fields: 'Name' } };
    expect((await compact.call('run_read', args)).json.columns).toEqual(['name']);
    await compact.close();
  });

  test.each([['all'], [['nothing', 'of_this']]])(
    '%j, which no row has, leave the usual columns, and are named',
    async (fields) => {
      const { json } = await rig.call('accounts_list', { limit: 2, fields });
      expect(json.columns).toEqual(usual);
      expect(json.note).toMatch(/^No row has .*Fields: id, name,/);
    },
  );

  test('an unknown field beside a known one is named', async () => {
    const { json } = await rig.call('accounts_list', { limit: 2, fields: ['name', 'nothing'] });
    expect(json).toMatchObject({ columns: ['name'], note: expect.stringMatching(/^No row has nothing\./) });
  });

  test.each([["['name']"], ["('name','id')"]])('%s are refused with the right form', async (fields) => {
    const { json } = await rig.call('accounts_list', { fields });
    expect(json.error.arguments).toEqual([
      { argument: 'fields', problem: expect.stringContaining('give a list, such as ["a","b"]') },
    ]);
  });
});

describe('filters', () => {
  test.each([["{'environment': 'prod'}"], ["['environment[eq]prod']"], ['{environment: "prod"}']])(
    '%s, which is no JSON, is refused with the grammar',
    async (filter) => {
      const { json } = await rig.call('accounts_list', { filter });
      expect(json.error.arguments[0]).toMatchObject({
        argument: 'filter',
        problem: expect.stringContaining('such as ["name[eq]acme"]. A filter is field[op]value'),
      });
    },
  );

  test.each([
    ["environment == 'prod' and name like 'a%'", '"environment[eq]prod", "name[like]a%"'],
    ['environment = prod AND name != acme', '"environment[eq]prod", "name[neq]acme"'],
    ["environment = 'prod' or name = 'acme'", 'like name[eq]value'],
    ["name = 'a' || 'b'", 'like name[eq]value'],
  ])('%s is refused with a suggestion', async (filter, meant) => {
    const { json } = await rig.call('accounts_list', { filter: [filter] });
    expect(json.error.arguments).toEqual([{ argument: 'filter.0', problem: `should be ${meant}` }]);
  });
});

test.each(['null', 'None', 'undefined'])('start_after: "%s" is not given', async (word) => {
  const first = await rig.call('accounts_list', { limit: 3 });
  const { json } = await rig.call('accounts_list', { limit: 3, start_after: word });
  expect(json.rows).toEqual(first.json.rows);
});
