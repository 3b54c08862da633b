import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogue } from '../../src/tools/catalogue.ts';
import { inputSchemaOf } from '../../src/tools/json-schema.ts';
import { loadedAtStart } from './loaded.ts';
import { hiddenUnder } from './pins-calls.ts';
import { builtCli, type Rig, startRig, type ToolAnswer, workflowNames } from './support.ts';
import { by, namesInIndex, testSurfaces } from './surfaces.ts';

const compact = ['--surface', 'compact'];
type Found = { readonly id: string; readonly effect: string; readonly arguments?: object };

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ args: compact, sandbox: { size: 'small' } });
});
afterAll(() => rig.close());

const find = async (args: Record<string, unknown>): Promise<Found[]> =>
  (await rig.call('find_operations', args)).json.operations;

test('starting does not load the search or the code of calls', () => {
  const folder = dirname(builtCli);
  const withSearch = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.js') && readFileSync(join(folder, file), 'utf8').includes('MiniSearch: '),
  );
  expect(withSearch).toHaveLength(1);
  const loaded = loadedAtStart();
  expect(loaded.size).toBeGreaterThan(1);
  expect([...loaded]).not.toContain(withSearch[0]);
});

describe('find_operations', () => {
  test('answers a query with ids, effects and texts, and the best matches with their published arguments', async () => {
    const found = await find({ query: 'rename a customer' });
    expect(found[0]).toEqual({
      id: 'accounts_update',
      effect: 'change',
      text: expect.stringContaining('account'),
      // The catalogue has it.
      arguments: inputSchemaOf(catalogue.find(({ id }) => id === 'accounts_update') as never),
    });
    expect(found).toHaveLength(5);
    expect(found.filter((one) => one.arguments)).toHaveLength(3);
  });

  test("gives a list's columns along with its arguments", async () => {
    const found = await find({ query: 'who changed the webhooks' });
    const { listing } = catalogue.find(({ id }) => id === 'audit_list') as (typeof catalogue)[number];
    expect(found[0]).toMatchObject({ id: 'audit_list', columns: listing?.columns });
    expect(found.filter((one) => 'columns' in one && !one.arguments)).toEqual([]);
  });

  test.each([
    [{ group: 'sub-orgs' }, ['subOrgs_list', 'subOrgs_create', 'subOrgs_get', 'subOrgs_delete']],
    [{ group: 'SubOrgs', effect: 'destroy' }, ['subOrgs_delete']],
    [{ group: 'tokens', effect: 'change' }, ['tokens_rotate', 'tokens_refresh']],
    [{ query: 'tenant', effect: 'create', limit: 1 }, ['accounts_create']],
    [{ query: 'accounts_PATCH', limit: 1 }, ['accounts_patch']],
  ])('filters by %j', async (args, expected) => {
    expect((await find(args)).map(({ id }) => id)).toEqual(expected);
  });

  test('gives the number of further matches, and the groups when nothing matches', async () => {
    expect((await rig.call('find_operations', { limit: 5 })).json).toMatchObject({
      more: 91 + workflowNames.length,
    });
    const { json } = await rig.call('find_operations', { query: 'xylophone' });
    expect(json).toMatchObject({ operations: [], groups: expect.arrayContaining(['accounts', 'sub-orgs']) });
  });

  test.each(['😀', '帐户', '__', '12'])('finds nothing in the group %j', async (group) => {
    const { json } = await rig.call('find_operations', { group });
    expect(json).toMatchObject({ operations: [], groups: expect.arrayContaining(['accounts']) });
  });

  test('shows fewer schemas when they are long', async () => {
    for (const query of ['integration', 'accounts members', 'integrations_create credentials_create']) {
      const schemas = (await find({ query })).flatMap((one) => one.arguments ?? []);
      // The first is told however long it is.
      expect(schemas.length).toBeGreaterThan(0);
      if (schemas.length > 1) expect(JSON.stringify(schemas).length).toBeLessThanOrEqual(1_603);
    }
  });

  test('sends nothing', () => expect(rig.exchanges).toEqual([]));
});

describe('what is left out', () => {
  test.each([
    [
      'selection',
      ['--toolsets', 'accounts'],
      catalogue.filter(({ group }) => group !== 'accounts').map(({ id }) => id),
      'not_selected',
    ],
    [
      'read-only',
      ['--read-only'],
      catalogue.filter(({ effect }) => effect !== 'read').map(({ id }) => id),
      'read_only',
    ],
    ['pins', ['--account', 'tern-freight'], hiddenUnder('account'), 'unknown_operation'],
  ])('by %s can neither be found nor run', async (_, flags, gone, code) => {
    const started = await startRig({ args: [...compact, ...flags], sandbox: { size: 'small' } });
    const subject = by(testSurfaces.compact, started);
    const left = await testSurfaces.compact.operationsOf(started);
    expect(
      catalogue
        .map(({ id }) => id)
        .filter((id) => !left.has(id))
        .sort(),
    ).toEqual([...gone].sort());
    const indexed = (await namesInIndex(started)).map((name) => name.replace('!', ''));
    const named = indexed.filter((name) => !workflowNames.includes(name));
    expect(named.sort()).toEqual([...left.keys()].sort());
    for (const id of gone) {
      const found: ToolAnswer = await started.call('find_operations', { query: id, limit: 100 });
      expect(
        found.json.operations.map((one: Found) => one.id),
        id,
      ).not.toContain(id);
      const { isError, json } = await subject.call(id, { nonsense: true });
      expect(isError).toBe(true);
      expect(json.error.code, id).toBe(code);
      expect(named, id).not.toContain(id);
    }
    const closest = await started.call('run_read', { operation: `${gone[0]}x` });
    for (const id of closest.json.error.closest) expect(gone).not.toContain(id);
    expect(started.exchanges).toEqual([]);
    await started.close();
  });
});
