import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ground, prepareGround } from '../e2e/destroys.ts';
import { type Program, startProgram } from '../e2e/support.ts';
import { testSurfaces } from '../e2e/surfaces.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
type Answer = any;

let ground: Ground;
beforeAll(async () => {
  ground = await prepareGround();
}, 30_000);
afterAll(() => ground.close());

const open = (...flags: string[]) =>
  startProgram(['--base-url', ground.sandbox.baseUrl, ...flags], {
    SYNQLY_TOKEN: ground.sandbox.token,
    SYNQLY_PERMISSIONS: 'ignore',
  });

/** The rows of a table, each with the names of its columns. */
const rowsOf = (table: Answer): Answer[] =>
  table.rows.map((row: unknown[]) => ({
    ...table.same,
    ...Object.fromEntries(row.map((cell, index) => [table.columns[index], cell])),
  }));

const remove = (account_id: string) => ({ tool: 'accounts_delete', arguments: { account_id } });

describe.each(Object.entries(testSurfaces))('several calls on the %s surface', (surface, { flags }) => {
  let program: Program;
  const names = Array.from({ length: 13 }, (_, index) => `customer-${surface}-${index}`);
  const preview = (calls: unknown) => program.call('preview_call', { calls });
  beforeAll(async () => {
    program = await open(...flags);
    for (const [index, name] of names.entries()) {
      await ground.make('accounts_create', { name, fullname: `Customer ${index}` });
      for (let one = 0; one < index % 4; one += 1) {
        await ground.make('integrations_create', {
          account_id: name,
          name: `link-${index}-${one}`,
          provider_config: { type: 'siem_mock_siem' },
        });
      }
      if (index % 2 === 0) {
        const config = { type: 'token', secret: `secret-of-${index}` };
        await ground.make('credentials_create', { owner_id: name, name: 'key', config });
      }
    }
  });
  afterAll(() => program.close());

  test('are added up in one answer, which is short', async () => {
    const before = ground.exchanges.length;
    const { json, text, isError } = await preview(names.map(remove));
    expect(isError, text).toBe(false);
    const singles = await Promise.all(
      names.map(async (name) => (await program.call('preview_call', remove(name))).json),
    );
    const sum = (what: string) => singles.reduce((all, { affects }) => all + affects[what].count, 0);
    expect(json.total).toEqual({
      accounts_delete: 13,
      affects: {
        integrations: sum('integrations'),
        'tokens of integrations': sum('tokens of integrations'),
        credentials: sum('credentials'),
        bridges: sum('bridges'),
      },
    });
    expect(json.total.affects.integrations).toBe(18);
    const rows = rowsOf(json.calls);
    expect(rows.map(({ call, target, name }) => [call, target, name])).toEqual(
      names.map((name, index) => [index, name, `Customer ${index}`]),
    );
    expect(rows[3].affects).toContain('3 integrations');
    console.log(`13 accounts on the ${surface} surface: ${encode(text).length} tokens`);
    expect(encode(text).length).toBeLessThanOrEqual(1_500);
    expect(text).not.toContain('secret-of');
    expect(ground.exchanges.slice(before).filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  test('take operation for tool, and name what cannot be made', async () => {
    const { json, isError } = await preview([
      { operation: 'accounts_delete', arguments: { account_id: names[3] } },
      remove('absent'),
      { tool: 'accounts_delet' },
      { tool: 'accounts_delete', arguments: { account: names[4] } },
      { tool: 'accounts_update', arguments: { account_id: names[4], fullname: 'Other' } },
      { arguments: {} },
    ]);
    expect(isError).toBe(false);
    expect(json.total).toMatchObject({ accounts_delete: 1, accounts_update: 1 });
    expect(rowsOf(json.calls)[1]).toMatchObject({ call: 4, changes: '/fullname' });
    expect(json.failed).toBe(4);
    expect(rowsOf(json.errors).map(({ call, code }) => [call, code])).toEqual([
      [1, 'not_found'],
      [2, 'unknown_operation'],
      [3, 'invalid_arguments'],
      [5, 'unknown_operation'],
    ]);
  });

  test('count each object once, and say or more', async () => {
    const { json } = await preview([remove(names[3] as string), remove(names[3] as string)]);
    expect(json.total).toMatchObject({ accounts_delete: 2, affects: { integrations: 3 } });
    const many = `many-${surface}`;
    await ground.make('accounts_create', { name: many });
    const config = { type: 'token', secret: 'of-many' };
    for (let index = 0; index < 101; index += 1)
      await ground.make('credentials_create', { owner_id: many, name: `key-${index}`, config });
    const { total, calls } = (await preview([remove(many), remove(names[0] as string)])).json;
    expect(total.affects.credentials).toBe('101 or more');
    expect(rowsOf(calls)[0].affects).toContain('100 or more credentials');
  }, 30_000);

  test('are not mixed with a single call', async () => {
    for (const args of [{}, { calls: [remove('a')], tool: 'accounts_delete' }, { calls: [] }]) {
      const { json } = await program.call('preview_call', args);
      expect(json.error?.code, JSON.stringify(args)).toBe('invalid_arguments');
    }
    const { json } = await preview(Array.from({ length: 51 }, () => remove('a')));
    expect(json.error?.arguments).toEqual([{ argument: 'calls', problem: 'must hold at most 50 items' }]);
  });

  test('stay inside the pins, and are refused where only reads are possible', async () => {
    const pinned = await open(...flags, '--account', names[3] as string);
    const foreign = await pinned.call('preview_call', {
      calls: [
        { tool: 'integrations_delete', arguments: { account_id: names[1], integration_id: 'link-1-0' } },
        { tool: 'integrations_delete', arguments: { integration_id: 'link-1-0' } },
        { tool: 'integrations_delete', arguments: { integration_id: 'link-3-1' } },
        { tool: 'accounts_list' },
      ],
    });
    await pinned.close();
    expect(foreign.text).not.toContain('Customer 1"');
    expect(rowsOf(foreign.json.errors).map(({ call }) => call)).toEqual([0, 1]);
    expect(foreign.json.total).toMatchObject({ integrations_delete: 1 });
    const reading = await open(...flags, '--read-only');
    const listed = await reading.client.listTools();
    expect(listed.tools.map(({ name }) => name)).not.toContain('preview_call');
    await reading.close();
  });
});
