import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Rig, startRig } from './support.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ sandbox: { size: 'small' }, args: ['--timeout', '50'] });
}, 60_000);
afterAll(() => rig.close());

/** Past the helper that asks for every field. */
async function list(
  name: string,
  args: Record<string, unknown> = {},
  onprogress?: (progress: number) => void,
) {
  const options = onprogress && { onprogress: ({ progress }: { progress: number }) => onprogress(progress) };
  const { content } = await rig.client.callTool({ name, arguments: args }, undefined, options);
  const [{ text } = { text: '' }] = content as { text: string }[];
  return { text, json: JSON.parse(text) };
}

async function makeAccounts(prefix: string, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const name = `${prefix}-${String(index).padStart(4, '0')}`;
    const response = await fetch(`${rig.sandbox.baseUrl}/v1/accounts`, {
      method: 'POST',
      headers: { authorization: `Bearer ${rig.sandbox.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name, fullname: `Customer ${index}`, environment: 'test' }),
    });
    if (!response.ok) throw new Error(await response.text());
  }
}

const ours = ['name[like]many-%'];

describe('a list', () => {
  beforeAll(() => makeAccounts('many', 250), 60_000);

  test('is a table that names its columns once and equal values once', async () => {
    const { json } = await list('accounts_list', { filter: ours, limit: 3 });
    expect(json.columns).toEqual(['name', 'fullname']);
    expect(json.rows).toEqual([
      ['many-0000', 'Customer 0'],
      ['many-0001', 'Customer 1'],
      ['many-0002', 'Customer 2'],
    ]);
    expect(json.same).toEqual({ environment: 'test' });
  });

  test('in another order says how many more rows match, and how to get them', async () => {
    const order = ['name[desc]'];
    for (const more of [{}, { total: true }]) {
      const { json } = await list('accounts_list', { filter: ours, limit: 3, order, ...more });
      expect(json.rows[0]).toEqual(['many-0249', 'Customer 249']);
      expect(json.more).toMatchObject({ remaining: 247, next: expect.stringContaining('raise limit') });
    }
    const { json: exact } = await list('accounts_list', { filter: ours, limit: 250, order });
    expect(exact.more?.remaining ?? 0).toBe(250 - exact.rows.length);
  });

  test('in another order, and not counted by Synqly, says that there may be more rows', async () => {
    const { json } = await list('audit_list', { limit: 1, order: ['created_at[desc]'] });
    expect(json.more).toEqual({
      why: 'limit is reached, so more rows may match.',
      next: expect.stringMatching(/^A list with order cannot be continued: raise limit/),
    });
  });

  test('of 100 accounts costs at most 2,200 tokens', async () => {
    const { text, json } = await list('accounts_list', { filter: ours, limit: 100 });
    expect(json.rows).toHaveLength(100);
    expect(encode(text).length).toBeLessThanOrEqual(2_200);
  });

  test('gives the number of further rows and the call for them, and following it gives each row once', async () => {
    const names: string[] = [];
    let args: Record<string, unknown> | undefined = { filter: ours, limit: 40 };
    let first = true;
    while (args) {
      const { json } = await list('accounts_list', args);
      if (first) expect(json.more.remaining).toBe(210);
      first = false;
      names.push(...json.rows.map(([name]: string[]) => name));
      args = json.more?.next;
    }
    expect(names).toEqual(
      Array.from({ length: 250 }, (_, index) => `many-${String(index).padStart(4, '0')}`),
    );
  });

  test('holds as many rows as are wanted, from as many pages as needed, and reports progress', async () => {
    rig.exchanges.length = 0;
    const seen: number[] = [];
    const { json } = await list('accounts_list', { filter: ours, limit: 1000 }, (progress) =>
      seen.push(progress),
    );
    expect(json.rows).toHaveLength(250);
    expect(json.more).toBeUndefined();
    expect(rig.exchanges).toHaveLength(3);
    expect(seen).toEqual([100, 200]);
  });

  test('of exactly as many rows as are wanted has no hint of more', async () => {
    const { json } = await list('accounts_list', { filter: ours, limit: 250 });
    expect(json.rows).toHaveLength(250);
    expect(json.more).toBeUndefined();
  });

  test('gives the requested fields, and names those that no row has', async () => {
    const { json } = await list('accounts_list', { filter: ours, limit: 2, fields: ['name', 'id', 'color'] });
    expect(json.columns).toEqual(['name', 'id']);
    expect(json.note).toContain('color');
    expect(json.note).toContain('fullname');
  });

  test('gives whole objects for *, without what is empty', async () => {
    const { json } = await list('accounts_list', { filter: ours, limit: 1, fields: ['*'] });
    expect(json.result[0]).toMatchObject({ name: 'many-0000', environment: 'test' });
    expect(Object.values(json.result[0])).not.toContain(null);
  });

  test('that costs too much is cut at a row, and all of it is reached by the calls it names', async () => {
    const names: string[] = [];
    let args: Record<string, unknown> | undefined = { filter: ours, limit: 250, fields: ['*'] };
    let calls = 0;
    while (args) {
      const { text, json } = await list('accounts_list', args);
      expect(encode(text).length).toBeLessThanOrEqual(10_000);
      names.push(...json.result.map(({ name }: { name: string }) => name));
      args = json.more?.next;
      calls += 1;
    }
    expect(calls).toBeGreaterThan(1);
    expect(names).toHaveLength(250);
    expect(new Set(names).size).toBe(250);
  });
});

test('names that occur in several accounts are complete at the border of a page', {
  timeout: 60_000,
}, async () => {
  const { collections, newNamed } = rig.sandbox.state;
  const [pattern] = collections.integration.all();
  if (!pattern) throw new Error('The sandbox has no integration.');
  for (const { id: account_id } of collections.account.all().slice(0, 12)) {
    collections.integration.add({ ...pattern, ...newNamed({ name: 'm-twin' }), account_id });
  }
  const all = await list('integrations_list', { limit: 1000, fields: ['id'] });
  const whole = (all.json.rows as string[][]).map(([id]) => id);
  const ids = new Set<string>();
  let args: Record<string, unknown> | undefined = { limit: 5, fields: ['id', 'name'] };
  while (args) {
    const { json } = await list('integrations_list', args);
    for (const row of json.rows) ids.add(row[json.columns.indexOf('id')]);
    args = typeof json.more?.next === 'object' ? json.more.next : undefined;
  }
  expect([...ids].sort()).toEqual([...new Set(whole)].sort());
});
