import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { expect, test } from 'vitest';
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
