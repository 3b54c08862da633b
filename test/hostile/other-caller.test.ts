import { expect, test } from 'vitest';
import { attacks } from './attacks.ts';
import { quantile, withstand } from './other-caller.ts';

/** Milliseconds that nobody waits without an attack: one that stops the process takes longer, or has no end. */
const muchTooLong = 30_000;

test.each(attacks)('$name: another caller is served meanwhile', { timeout: 120_000 }, async (attack) => {
  const { during, stderr } = await withstand(attack);
  expect(during.filter(({ isServed }) => !isServed).map(({ status }) => status)).toEqual([]);
  expect(quantile(during, 1)).toBeLessThan(muchTooLong);
  // Such as of listeners that pile up on what lives long.
  expect(stderr).not.toMatch(/Warning/);
  // What takes the server long leaves others their turns; what is refused at once may be over before the first.
  if (quantile(during, 1) > 1_000) expect(during.some(({ isDuring }) => isDuring)).toBe(true);
});
