import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { estimateTokens } from '../../src/lib/token-estimate.ts';
import { type Rig, startRig } from './support.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ args: ['--max-result-tokens', '1000000'] });
});
afterAll(() => rig.close());

const ratioOf = (text: string) => estimateTokens(text) / encode(text).length;

test.each([
  'accounts_list',
  'audit_list',
  'integrations_list',
  'status_list',
  'members_list',
  'operations_list',
  'tokens_list',
  'meta_managementOpenapiSpec',
])(
  'the estimated tokens of %s are at least the real ones, and less than twice as many',
  async (operation) => {
    const { text } = await rig.call(operation);
    expect(ratioOf(text)).toBeGreaterThan(1);
    expect(ratioOf(text)).toBeLessThan(1.9);
  },
);

test('an object that is too large is cut at a field, and says what was left out', async () => {
  const small = await startRig({ args: ['--max-result-tokens', '1000'] });
  const labels = Array.from({ length: 400 }, (_, index) => `label:${index}`);
  await small.call('accounts_create', { name: 'much-labelled', labels });
  const { text, json } = await small.call('accounts_get', { account_id: 'much-labelled' });
  await small.close();
  expect(encode(text).length).toBeLessThanOrEqual(1_000);
  expect(json.cut.left_out).toEqual([expect.stringMatching(/^result\.labels: first \d+ of 400 items$/)]);
  expect(json.result.name).toBe('much-labelled');
});
