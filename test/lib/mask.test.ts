import fc from 'fast-check';
import { expect, test } from 'vitest';
import { maskFor, SecretIndex } from '../../src/lib/mask.ts';
import { writtenForms } from './written-forms.ts';

/*
 * Properties of the mask as a library: thousands of secrets and texts by chance, more than calls could bring in
 * reasonable time. What it does in the server is tested through the built program, in secret-forms.test.ts.
 */

/** Secrets and texts of few letters, so that they meet, overlap and hold one another. */
const alphabet = fc.constantFrom('a', 'b', 'c', '"', '\\', '/', '%', '<', '&', ' ', 'ö', '\ud83d\ude00', '-');
const word = (least: number, most: number) =>
  fc.string({ unit: alphabet, minLength: least, maxLength: most });

const cases = fc
  .tuple(
    fc.array(word(6, 14), { minLength: 1, maxLength: 40 }),
    fc.array(word(0, 8), { minLength: 1, maxLength: 6 }),
    fc.nat(),
  )
  .map(([secrets, between, pick]) => {
    const forms = secrets.flatMap((secret) => writtenForms(secret).map(({ text }) => text));
    const text = between.map((one, at) => `${one}${forms[(pick + at * 7) % forms.length]}`).join('');
    return { secrets, text };
  });

test('a list of secrets and an index of them mask the same texts', () => {
  fc.assert(
    fc.property(cases, ({ secrets, text }) => {
      const index = new SecretIndex();
      for (const secret of secrets) index.add(secret);
      const [first, second, third] = [
        maskFor(secrets),
        maskFor(index),
        maskFor(secrets.slice(0, 2), index),
      ].map((mask) => mask?.(text));
      expect(second).toBe(first);
      expect(third).toBe(first);
      expect(maskFor(secrets)?.mayHold([text])).toBe(first !== text);
    }),
    { numRuns: 500 },
  );
});

const secrets = [
  'Zq7-plain-secret_19',
  's3cr&t<b>"q"/\\é=ü+x y',
  'pa55!',
  'Tr0ub4dor&3',
  'line one of a key\nline two of a key\n',
  '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END PRIVATE KEY-----\n',
  'Bearer abcdefghijklmnop',
  'token-with-a-line-break\n',
];

test.each(secrets.flatMap((secret) => writtenForms(secret).map((form) => ({ secret, ...form }))))(
  '$secret is masked when it is written as $kind',
  ({ secret, text }) => {
    const index = new SecretIndex();
    for (const one of [...secrets, ...Array.from({ length: 20 }, (_, at) => `another-secret-${at}`)])
      index.add(one);
    for (const mask of [maskFor([secret]), maskFor(index)]) {
      expect(mask?.(`it was ${text} then`)).toMatch(/^it was .{0,40}\[withheld\].{0,40} then$/s);
      expect(mask?.(`it was ${text} then`)).not.toContain(text);
    }
  },
);

test.each([
  'https://example.com/a%20b?x=1&y=2&amp;z=3#\\u0041',
  'C:\\new\\table and 100 % of "quoted" &unknown; things',
  'YWRtaW46cGFzc3dvcmQ=',
  'admin and the administrator of badminton',
])('a text without a secret stays as it is: %s', (text) => {
  const mask = maskFor(['Zq7-plain-secret_19', 'admi0', 'minis', 's3cr&t<b>']);
  expect(mask?.(text)).toBe(text);
});

test('a secret that was removed is no longer masked, the others still are', () => {
  fc.assert(
    fc.property(cases, fc.nat(), ({ secrets: all, text }, pick) => {
      const index = new SecretIndex();
      for (const secret of all) index.add(secret);
      const gone = all[pick % all.length] ?? '';
      index.delete(gone);
      const rest = all.filter((one) => one !== gone);
      const [left, wanted] = [maskFor(index), maskFor(rest)];
      expect(left ? left(text) : text).toBe(wanted ? wanted(text) : text);
    }),
    { numRuns: 200 },
  );
});

test('adding and removing 60,000 secrets leaves only those that were not removed', () => {
  const index = new SecretIndex();
  for (let at = 0; at < 60_000; at += 1) {
    index.add(`secret-${at}-of-many`);
    if (at >= 20) index.delete(`secret-${at - 20}-of-many`);
  }
  const mask = maskFor(index);
  expect(index.size).toBe(20);
  expect(mask?.('secret-59999-of-many secret-59980-of-many secret-59979-of-many secret-1-of-many')).toBe(
    '[withheld] [withheld] secret-59979-of-many secret-1-of-many',
  );
});
