import fc from 'fast-check';
import { expect, test } from 'vitest';
import { maskFor, SecretIndex, shortestMasked } from '../src/mask.ts';

/** Secrets and texts of few letters, so that they meet, overlap and hold one another. */
const alphabet = fc.constantFrom('a', 'b', 'c', '"', '\\', '/', '%', 'ö', '\ud83d\ude00', '\ud800', '-');
const word = (most: number) => fc.string({ unit: alphabet, minLength: 1, maxLength: most });

function formsOf(secret: string): string[] {
  const encoded = encodeURIComponent(secret.replace(/\p{Surrogate}/gu, '\ufffd'));
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '');
  return [secret, JSON.stringify(secret).slice(1, -1), encoded, base64];
}

/** The same by looking for each form at each place. */
function maskSlowly(text: string, secrets: readonly string[]): string {
  const forms = secrets.filter((one) => one.length >= shortestMasked).flatMap(formsOf);
  const spans = [...text].length === 0 ? [] : forms.flatMap((form) => placesOf(text, form));
  spans.sort(([one], [other]) => one - other);
  let masked = '';
  let end = 0;
  for (const [from, to] of spans) {
    if (from >= end) masked += `${text.slice(end, from)}[withheld]`;
    end = Math.max(end, to);
  }
  return masked + text.slice(end);
}

function placesOf(text: string, form: string): [number, number][] {
  const found: [number, number][] = [];
  for (let at = 0; at + form.length <= text.length; at += 1)
    if (text.startsWith(form, at)) found.push([at, at + form.length]);
  return found;
}

const cases = fc
  .tuple(fc.array(word(12), { minLength: 1, maxLength: 60 }), fc.array(word(8), { maxLength: 8 }), fc.nat())
  .map(([secrets, between, pick]) => {
    const forms = secrets.flatMap(formsOf);
    const text = between.map((one, at) => `${one}${forms[(pick + at * 7) % forms.length]}`).join('');
    return { secrets, text };
  });

test('however many secrets there are, each is masked in each of its forms, and nothing else', () => {
  fc.assert(
    fc.property(cases, ({ secrets, text }) => {
      const index = new SecretIndex();
      for (const secret of secrets) index.add(secret);
      const wanted = maskSlowly(text, secrets);
      for (const mask of [maskFor(secrets), maskFor(index), maskFor(secrets.slice(0, 2), index)])
        expect(mask ? mask(text) : text).toBe(wanted);
    }),
    { numRuns: 1_000 },
  );
});

test('a secret that was let go is masked no more, the others still are', () => {
  fc.assert(
    fc.property(cases, fc.nat(), ({ secrets, text }, pick) => {
      const index = new SecretIndex();
      for (const secret of secrets) index.add(secret);
      const gone = secrets[pick % secrets.length] ?? '';
      index.delete(gone);
      const mask = maskFor(index);
      const rest = secrets.filter((one) => one !== gone);
      expect(mask ? mask(text) : text).toBe(maskSlowly(text, rest));
    }),
    { numRuns: 300 },
  );
});

test('secrets that come and go by the thousand leave nothing behind', () => {
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
