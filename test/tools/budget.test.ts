import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { expect, test } from 'vitest';
import { selects } from '../../src/selection.ts';
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
