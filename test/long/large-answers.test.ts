import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { denseText, oddObject, oddText, wordyText } from '../e2e/large-objects.ts';
import { type LargeSynqly, startLargeSynqly } from '../e2e/large-synqly.ts';
import { PartWalk } from '../e2e/part-walk.ts';
import { canary, type Program, type Rig, startProgram, startRig } from '../e2e/support.ts';

const integrations = Array.from({ length: 1_000 }, (_, at) => ({
  id: `id-${at}`,
  // Names are unique within an account only.
  name: `integration-${String(Math.floor(at / 2)).padStart(4, '0')}`,
  fullname: `The integration ${at} of a customer`,
  account_id: `account-${at % 50}`,
  category: ['siem', 'edr', 'ticketing'][at % 3],
  provider_config: { type: 'siem_splunk', url: `https://splunk-${at}.example.com` },
}));
const accounts = Array.from({ length: 100 }, (_, at) => ({
  id: `id-${at}`,
  name: `account-${String(at).padStart(3, '0')}`,
  fullname: `Account ${at}`,
  environment: 'test',
  notes: wordyText(105_000),
}));
const bridges = ['a', 'b', 'c'].map((name) => ({
  id: name,
  name,
  description: `${name}: ${denseText(30_000)}`,
}));
const [odd, long, secretive] = [
  oddObject(10_500_000),
  { id: 'long', name: 'long', data: `${oddText(50_000)}${denseText(50_000)}` },
  { id: 'secretive', name: 'secretive', data: `${wordyText(60_000)}${canary}${wordyText(60_000)}` },
];
const smaller = { ...oddObject(250_000), id: 'smaller', name: 'smaller' };
/** Texts that cost more tokens than they have UTF-16 units. */
const costly = {
  control: { id: 'control', name: 'control', data: '\u0001'.repeat(900) },
  halves: { id: 'halves', name: 'halves', data: '\ud800'.repeat(900) },
  emoji: { id: 'emoji', name: 'emoji', data: '🦊'.repeat(450) },
};
const longKeys = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`${at}`.repeat(90), at]));
const secret = 'a-secret-of-the-vendor-41';
const withSecret = (length: number) => ({
  id: 'i',
  name: 'i',
  provider_config: {
    type: 'siem_x',
    credential: { type: 'token', secret },
    notes: `${wordyText(length)}${secret}${wordyText(length)}`,
  },
});
const mapping = (object: unknown) => JSON.stringify({ result: object });

let synqly: LargeSynqly;
beforeAll(async () => {
  synqly = await startLargeSynqly({
    '/v1/integrations': integrations,
    '/v1/accounts': accounts,
    '/v1/bridges/a': bridges,
    '/v1/mappings/odd': mapping(odd),
    '/v1/mappings/long': mapping(long),
    '/v1/mappings/smaller': mapping(smaller),
    '/v1/mappings/control': mapping(costly.control),
    '/v1/mappings/halves': mapping(costly.halves),
    '/v1/mappings/emoji': mapping(costly.emoji),
    '/v1/mappings/keys': mapping(longKeys),
    '/v1/mappings/secretive': mapping(secretive),
    '/v1/mappings/vast': mapping({ ...odd, list: [{ notes: `${wordyText(40_000)}${canary}` }] }),
    '/v1/integrations/a/small': mapping(withSecret(30_000)),
    '/v1/integrations/a/large': mapping(withSecret(1_000_000)),
    '/v1/mappings/broken': `${mapping(odd).slice(0, -2)}`,
  });
});
afterAll(() => synqly.close());

function start(...args: string[]): Promise<Program> {
  const more = ['--base-url', synqly.url];
  return startProgram([...more, ...args], { SYNQLY_TOKEN: canary });
}

/** The result of a read, all that was cut of it put back. */
async function readWhole(program: Program, tool: string, args: Record<string, unknown>) {
  const { json, text } = await program.call(tool, args);
  const walk = new PartWalk(
    async (part) => (await program.call('read_more', { tool, arguments: args, cursor: part })).json,
  );
  walk.longest = { tokens: encode(text).length, part: '' };
  const { cut, ...rest } = json;
  return { cut, more: json.more, value: await walk.restore(rest), walk };
}

describe.each([10_000, 1_000])('with %i tokens to a result', (tokens) => {
  let program: Program;
  beforeAll(async () => {
    program = await start('--max-result-tokens', `${tokens}`);
  });
  afterAll(() => program.close());

  test('1,000 integrations are read by pages, and seen once each by following the calls that are named', async () => {
    const seen: string[] = [];
    let calls = 0;
    synqly.asked.length = 0;
    const fields = ['id', 'fullname', 'account_id', 'category'];
    for (let next: unknown = { limit: 1_000, fields }; next; calls += 1) {
      const { text, json } = await program.call('integrations_list', next as Record<string, unknown>);
      expect(encode(text).length).toBeLessThanOrEqual(tokens);
      const rows = json.rows.map((row: unknown[]) =>
        Object.fromEntries(json.columns.map((column: string, at: number) => [column, row[at]])),
      );
      for (const row of rows) {
        const { id, fullname, account_id, category } = integrations[seen.length] ?? {};
        // Rows that share a name with the last of a page come again.
        if (seen.includes(row.id)) continue;
        expect({ ...json.same, ...row }).toEqual({ id, fullname, account_id, category });
        seen.push(row.id);
      }
      if (json.more && typeof json.more.next !== 'object') throw new Error(json.more.next);
      next = json.more?.next;
    }
    expect(seen).toEqual(integrations.map(({ id }) => id));
    expect(calls).toBeGreaterThan(1);
    expect(synqly.asked.length).toBeGreaterThan(calls + 9);
  }, 60_000);

  test('rows that are each too large are given one by one and whole', async () => {
    let args: Record<string, unknown> | undefined = { account_id: 'a', fields: ['*'] };
    const seen: unknown[] = [];
    while (args) {
      const { value, walk, more }: Awaited<ReturnType<typeof readWhole>> = await readWhole(
        program,
        'bridges_list',
        args,
      );
      expect(walk.longest.tokens).toBeLessThanOrEqual(tokens);
      seen.push(...value.result);
      args = more?.next;
    }
    expect(seen).toEqual(bridges);
  }, 120_000);

  test('a text of emoji, rare signs and base64 is read on to its end', async () => {
    const { value, walk, cut } = await readWhole(program, 'mappings_get', { mapping_id: 'long' });
    expect(value.result).toEqual(long);
    expect(walk.longest.tokens).toBeLessThanOrEqual(tokens);
    expect(cut.left_out).toEqual([expect.stringMatching(/^result\.data: first \d+ of \d+ characters$/)]);
    const { tool, arguments: next } = cut.next;
    expect(tool).toBe('read_more');
    const { json } = await program.call(tool, next);
    expect(long.data).toContain(json.value.$text);
  }, 120_000);

  test('following the marks of a cut object gives all of it', async () => {
    const { value, walk } = await readWhole(program, 'mappings_get', { mapping_id: 'smaller' });
    console.log(`${walk.asked} answers, the longest of ${walk.longest.tokens} tokens`);
    expect(value.result).toEqual(smaller);
    expect(walk.longest.tokens).toBeLessThanOrEqual(tokens);
  }, 180_000);

  test.each(['control', 'halves', 'emoji', 'keys'])(
    'a result of %s costs no more tokens than it may',
    async (mapping_id) => {
      const { text, isError } = await program.call('mappings_get', { mapping_id });
      expect(isError, text).toBe(false);
      expect(encode(text).length).toBeLessThanOrEqual(tokens);
    },
  );

  test('a secret is masked in every part that it is cut into', async () => {
    const ends = [canary.slice(0, 10), canary.slice(-10)];
    for (let from = 59_950; from < 60_050; from += 7) {
      const part = `result/data[${from}:]`;
      const { text } = await program.call('read_more', {
        tool: 'mappings_get',
        arguments: { mapping_id: 'secretive' },
        part,
      });
      for (const end of ends) expect(text).not.toContain(end);
    }
    const { value } = await readWhole(program, 'mappings_get', { mapping_id: 'secretive' });
    expect(value.result.data).toBe(secretive.data.replace(canary, '[withheld]'));
  }, 60_000);
});

describe('answers of more than 10 MB', () => {
  test('rows without their long fields are all in one result', async () => {
    const program = await start();
    const { text, json } = await program.call('accounts_list', { fields: ['id', 'name', 'fullname'] });
    await program.close();
    expect(encode(text).length).toBeLessThanOrEqual(10_000);
    expect(json.rows).toEqual(accounts.map(({ id, name, fullname }) => [id, name, fullname]));
    expect(json.same).toBeUndefined();
  });

  test('a row can be read whole, part by part', async () => {
    const program = await start();
    const { json } = await program.call('accounts_list', { fields: ['*'] });
    expect(json.result).toHaveLength(1);
    const { value, walk } = await readWhole(program, 'accounts_list', { fields: ['*'] });
    await program.close();
    expect(value.result).toEqual([accounts[0]]);
    expect(walk.longest.tokens).toBeLessThanOrEqual(10_000);
  }, 60_000);

  test('an unusual object and each of its parts cost at most 10,000 tokens', async () => {
    const program = await start();
    const args = { mapping_id: 'odd' };
    const { text, json } = await program.call('mappings_get', args);
    expect(encode(text).length).toBeLessThanOrEqual(10_000);
    expect(json.result).toMatchObject({ id: 'odd', name: 'odd' });
    const walk = new PartWalk(
      async (part) =>
        (await program.call('read_more', { tool: 'mappings_get', arguments: args, cursor: part })).json,
    );
    for (const part of [
      'result/wordy',
      'result/dense[1000000:]',
      'result/wide',
      'result/wide[5000:]',
      'result/list[9000:]',
    ]) {
      const { json: shown, text: all } = await program.call('read_more', {
        tool: 'mappings_get',
        arguments: args,
        cursor: part,
      });
      expect(encode(all).length, part).toBeLessThanOrEqual(10_000);
      expect(JSON.stringify(shown.value)).toMatch(/"\$cursor":/);
    }
    const wide = odd.wide as Record<string, unknown>;
    const [name = ''] = Object.keys(wide).slice(-1);
    expect(await walk.part(`result/wide/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)).toEqual(
      wide[name],
    );
    expect(await walk.part('result/nested')).toEqual(odd.nested);
    expect(await walk.part(`result/list[${(odd.list as unknown[]).length - 300}:]`)).toEqual(
      (odd.list as unknown[]).slice(-300),
    );
    expect(walk.longest.tokens).toBeLessThanOrEqual(10_000);
    await program.close();
  }, 60_000);

  test('the same object can be read whole, part by part', async () => {
    const program = await start('--max-result-tokens', '1000000');
    const { wide, ...rest } = odd;
    const args = { mapping_id: 'odd' };
    const walk = new PartWalk(
      async (part) =>
        (await program.call('read_more', { tool: 'mappings_get', arguments: args, cursor: part })).json,
      false,
    );
    for (const [name, value] of Object.entries(rest))
      expect(await walk.part(`result/${name}`), name).toEqual(value);
    await program.close();
  }, 120_000);

  test('reads at the same time do not disturb each other', async () => {
    const program = await start();
    const parts = ['result/wordy[1000000:]', 'result/dense[2000:]', 'result/list/7', 'result/id'];
    const read = (part: string) =>
      program.call('read_more', { tool: 'mappings_get', arguments: { mapping_id: 'odd' }, cursor: part });
    const together = await Promise.all(parts.map(read));
    for (const [at, part] of parts.entries()) expect(together[at]).toEqual(await read(part));
    await program.close();
  }, 60_000);

  test('a broken large answer is reported as invalid_response', async () => {
    const program = await start();
    const { json } = await program.call('mappings_get', { mapping_id: 'broken' });
    await program.close();
    expect(json.error.code).toBe('invalid_response');
  });
});

test.each([
  ['small', 30_000],
  ['large', 1_000_000],
])(
  'a secret of a %s answer stays withheld, itself and where it is repeated, in whatever part',
  async (integration_id, at) => {
    const program = await start();
    const args = { account_id: 'a', integration_id };
    const ask = (part: string) =>
      program.call('read_more', { tool: 'integrations_get', arguments: args, cursor: part });
    for (const part of ['result/provider_config/credential', 'result/provider_config/credential/secret'])
      expect(JSON.stringify((await ask(part)).json.value)).toMatch(/\$\{secret:\w+\}|\[withheld\]/);
    for (let from = at - 10; from < at + 30; from += 4) {
      const { text } = await ask(`result/provider_config/notes[${from}:]`);
      expect(text).toContain('map the field');
      for (const end of [secret.slice(0, 9), secret.slice(-9)]) expect(text).not.toContain(end);
    }
    await program.close();
  },
  60_000,
);

test('the bearer is in no part of a large answer that has it', async () => {
  const program = await start();
  const ask = (part: string) =>
    program.call('read_more', { tool: 'mappings_get', arguments: { mapping_id: 'vast' }, cursor: part });
  for (const from of [39_000, 40_000, 40_005]) {
    const { json, text } = await ask(`result/list/0/notes[${from}:]`);
    expect(json.value.$text).toMatch(/withheld|eld/);
    expect(text).not.toContain(canary.slice(-10));
  }
  await program.close();
}, 60_000);

describe('read_more', () => {
  let rig: Rig;
  const labels = Array.from({ length: 400 }, (_, at) => `label:${at}`);
  beforeAll(async () => {
    rig = await startRig({ args: ['--max-result-tokens', '1000', '--confirm', 'never'] });
    await rig.call('accounts_create', { name: 'much-labelled', labels });
  });
  afterAll(() => rig.close());

  test('is named by a cut result, and gives the rest', async () => {
    const { value } = await readWhole(rig, 'accounts_get', { account_id: 'much-labelled' });
    expect(value.result.labels).toEqual(labels);
  });

  test('does not repeat a write, whose cut result names the call to read the object', async () => {
    const args = { account_id: 'much-labelled', fullname: 'Another name' };
    const { json } = await rig.call('accounts_update', args);
    expect(json.cut.next).toMatchObject({
      note: expect.stringContaining('do not repeat'),
      tool: 'accounts_get',
      arguments: { account_id: 'much-labelled' },
    });
    rig.exchanges.length = 0;
    const again = await rig.call('read_more', {
      tool: 'accounts_update',
      arguments: args,
      cursor: 'result/labels',
    });
    expect(again.json.error).toMatchObject({
      code: 'invalid_arguments',
      message: expect.stringContaining('only operations that read'),
    });
    expect(rig.exchanges).toEqual([]);
    const read = await rig.call(json.cut.next.tool, json.cut.next.arguments);
    expect(read.json.result.fullname).toBe('Another name');
  });

  test.each([
    ['result/lables', 'result/labels'],
    ['reslt', 'result'],
  ])('names the closest parts to %s', async (part, closest) => {
    const { json } = await rig.call('read_more', {
      tool: 'accounts_get',
      arguments: { account_id: 'much-labelled' },
      cursor: part,
    });
    expect(json.error).toMatchObject({ code: 'not_found', closest: expect.arrayContaining([closest]) });
  });

  test('refuses an unknown tool', async () => {
    const { json } = await rig.call('read_more', { tool: 'accounts_gt', cursor: 'result' });
    expect(json.error.code).toBe('invalid_arguments');
  });

  test.each([
    ['read-only, a write', ['--read-only'], 'accounts_delete', {}, 'read_only'],
    ['pinned, what is outside', ['--account', 'much-labelled'], 'members_list', {}, 'outside_pin'],
    [
      'pinned, another account',
      ['--account', 'much-labelled'],
      'accounts_get',
      { account_id: 'another' },
      'outside_pin',
    ],
    ['with a selection, what is left out', ['--toolsets', 'accounts'], 'members_list', {}, 'not_selected'],
  ])('is refused when %s', async (_, flags, tool, args, code) => {
    const program = await startProgram(['--base-url', rig.sandbox.baseUrl, ...flags], {
      SYNQLY_TOKEN: rig.sandbox.token,
    });
    const { json } = await program.call('read_more', { tool, arguments: args, cursor: 'result' });
    await program.close();
    expect(json.error.code).toBe(code);
  });

  test('runs on the compact surface as on the full one', async () => {
    const program = await startProgram(
      ['--base-url', rig.sandbox.baseUrl, '--surface', 'compact', '--max-result-tokens', '1000'],
      { SYNQLY_TOKEN: rig.sandbox.token },
    );
    const { json } = await program.call('run_read', {
      operation: 'accounts_get',
      arguments: { account_id: 'much-labelled' },
    });
    const next = await program.call(json.cut.next.tool, json.cut.next.arguments);
    await program.close();
    const shown = json.result.labels.$items.length;
    expect(next.json.value.$items?.[0] ?? next.json.value[0]).toBe(labels[shown]);
  });
});
