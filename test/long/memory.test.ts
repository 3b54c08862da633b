import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { expect, test } from 'vitest';
import { answerKinds, canMeasure, measureGrowth } from '../../bench/large-answers.ts';

/** Ten times the answer: far more than any release of Node needs; what each needs is measured by `npm run bench:memory`. */
const most = 100;

test.skipIf(!canMeasure).each(answerKinds.map((kind) => ({ name: kind[0], kind })))(
  'for an answer of 10 MB, $name, the process grows by at most 100 MB',
  async ({ name, kind }) => {
    const { before, grown, texts } = await measureGrowth(kind);
    console.log(
      `${name}: ${grown.map((one) => one.toFixed(0)).join(', ')} MB beyond ${before.toFixed(0)} MB`,
    );
    for (const text of texts) expect(encode(text).length).toBeLessThanOrEqual(10_000);
    expect(grown[0]).toBeLessThanOrEqual(most);
  },
  60_000,
);
