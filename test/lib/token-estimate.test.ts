import { randomBytes } from 'node:crypto';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { expect, test } from 'vitest';
import { estimateTokens } from '../../src/lib/token-estimate.ts';

/* The texts that are hardest to estimate; for real results see size.test.ts. */
test.each([
  ['hexadecimal', randomBytes(5000).toString('hex')],
  ['base64', randomBytes(5000).toString('base64')],
  ['Chinese', '数据连接失败'.repeat(500)],
  ['signs', '}{][":,'.repeat(500)],
  [
    'letters without words',
    Array.from(randomBytes(5000), (byte) => String.fromCharCode(97 + (byte % 26))).join(''),
  ],
])('the estimate for %s is at least 85 % of the tokens', (_, text) => {
  expect(estimateTokens(text) / encode(text).length).toBeGreaterThan(0.85);
});
