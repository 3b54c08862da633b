import { expect, test } from 'vitest';
import { matchesPattern } from '../../src/lib/wildcard.ts';

/* All short patterns and names, compared with regular expressions: too many for calls to the built program. */
test('a pattern matches the names that its regular expression matches', () => {
  const letters = ['a', 'b', '*'];
  const texts = (length: number): string[] =>
    length === 0
      ? ['']
      : texts(length - 1).flatMap((text) => ['', ...letters].map((letter) => text + letter));
  const patterns = [...new Set(texts(4))];
  const names = patterns.filter((text) => !text.includes('*'));
  for (const pattern of patterns) {
    const expression = new RegExp(`^${pattern.replaceAll('*', '.*')}$`);
    expect(names.filter((name) => matchesPattern(name, pattern))).toEqual(
      names.filter((name) => expression.test(name)),
    );
  }
});
