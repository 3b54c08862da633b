import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { expect, test } from 'vitest';
import { readLazily } from '../../src/lib/lazy-json.ts';
import { type Continuation, truncate, truncatePart } from '../../src/pipeline/result/truncate.ts';
import { oddObject } from '../e2e/large-objects.ts';
import { PartWalk } from '../e2e/part-walk.ts';

// Going through all of 10 MB takes thousands of questions, so that these do without HTTP; large-answers.test.ts asks some.
const remedy: Continuation = { tool: 'mappings_get', arguments: { mapping_id: 'odd' } };

async function restored(value: unknown, tokens: number) {
  const walk = new PartWalk(async (part) => truncatePart(value, part, tokens, remedy));
  // biome-ignore lint/suspicious/noExplicitAny: a result
  const shown = truncate(value, tokens, remedy) as any;
  walk.measure(shown);
  const { cut, ...rest } = shown;
  return { walk, cut, value: await walk.restore(rest) };
}

test.each([
  [10_000, 3_000_000],
  [1_000, 500_000],
])(
  'with %i tokens to a result, following the marks gives all of %i characters',
  async (tokens, length) => {
    const result = { result: oddObject(length) };
    const lazy = readLazily(Buffer.from(JSON.stringify(result)));
    const { walk, cut, value } = await restored(lazy, tokens);
    console.log(
      `${walk.asked} answers, the longest of ${walk.longest.tokens} tokens at ${walk.longest.part}`,
    );
    expect(value).toEqual(result);
    expect(walk.longest.tokens).toBeLessThanOrEqual(tokens);
    expect(cut.next).toMatchObject({ tool: 'read_more', arguments: { tool: 'mappings_get' } });
  },
  180_000,
);

test('what fits is not cut', () => {
  const value = { result: { name: 'small' } };
  expect(truncate(value, 10_000, remedy)).toBe(value);
});

test.each([
  ['control characters', '\u0001'.repeat(900)],
  ['halves of characters', '\ud800'.repeat(900)],
  ['emoji', '🦊'.repeat(450)],
])('%s cost more tokens than they have units, and are cut', (_, data) => {
  const shown = truncate({ data }, 1_000, remedy);
  expect(shown).toHaveProperty('cut');
  expect(encode(JSON.stringify(shown)).length).toBeLessThanOrEqual(1_000);
});

test('an object of longer keys than fit still answers within its tokens', () => {
  const value = {
    result: Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`${at}`.repeat(90), at])),
  };
  expect(JSON.stringify(truncate(value, 1_000, remedy)).length).toBeLessThan(8_000);
});
