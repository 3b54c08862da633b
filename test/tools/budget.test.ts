import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { expect, test } from 'vitest';
import { instructionsFor } from '../../src/instructions.ts';
import { wholeSelection } from '../../src/policy.ts';
import { selects } from '../../src/selection.ts';
import type { Session } from '../../src/session.ts';
import { createCompactSurface } from '../../src/surfaces/compact.ts';
import { catalogue } from '../../src/tools/catalogue.ts';
import { helpers } from '../../src/tools/helpers.ts';
import { inputSchemaOf } from '../../src/tools/schema.ts';

/** o200k tokens of what a model reads of a tool. */
const costs = [...catalogue, ...helpers]
  .map((operation) => {
    const { id: name, summary: description } = operation;
    const tool = JSON.stringify({ name, description, inputSchema: inputSchemaOf(operation) });
    return { name, tokens: encode(tool).length };
  })
  .sort((one, other) => other.tokens - one.tokens);

test('all tools together cost at most 12,000 tokens', () => {
  const total = costs.reduce((sum, { tokens }) => sum + tokens, 0);
  const dearest = costs.slice(0, 10).map(({ name, tokens }) => `${String(tokens).padStart(7)}  ${name}`);
  console.log(`${costs.length} tools, ${total} tokens. The ten most expensive:\n${dearest.join('\n')}`);
  expect(total).toBeLessThanOrEqual(12_000);
});

test('no tool costs more than 600 tokens', () => {
  expect(costs.filter(({ tokens }) => tokens > 600)).toEqual([]);
});

test.each([
  ['that reads', 4_500, catalogue.filter(({ effect }) => effect === 'read')],
  [
    'of the preset observe',
    2_500,
    catalogue.filter((one) => selects({ groups: ['observe'], allow: [], deny: [] }, one)),
  ],
])('everything %s costs at most %i tokens', (_, most, operations) => {
  const ids = new Set(operations.map(({ id }) => id));
  const total = costs.filter(({ name }) => ids.has(name)).reduce((sum, { tokens }) => sum + tokens, 0);
  expect(ids.size).toBeGreaterThan(10);
  expect(total).toBeLessThanOrEqual(most);
});

test('the compact surface costs at most 800 tokens whole, and 1,500 with its instructions', () => {
  const policy = { readOnly: false, confirm: 'change', selection: wholeSelection } as const;
  const { tools, note = '' } = createCompactSurface(undefined, policy);
  const list = encode(JSON.stringify(tools)).length;
  const session = { policy, sandbox: true, revealSecrets: false, secrets: { keep: () => '' } };
  const said = encode([instructionsFor(session as unknown as Session, true), note].join('\n')).length;
  console.log(`${tools.length} tools, ${list} tokens; ${said} tokens of instructions`);
  expect(tools).toHaveLength(7);
  expect(list).toBeLessThanOrEqual(800);
  expect(list + said).toBeLessThanOrEqual(1_500);
});
