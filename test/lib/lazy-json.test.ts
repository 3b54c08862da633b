import { describe, expect, test } from 'vitest';
import { changeTexts, readLazily } from '../../src/lib/lazy-json.ts';
import { largeDocument } from '../e2e/large-document.ts';
import { denseText, oddObject, oddText, wordyText } from '../e2e/large-objects.ts';

/*
 * Properties of the lazy reader as a library. Large answers are read with it; they are tested through the built program in
 * test/long/large-answers.test.ts.
 */
const read = (text: string) => readLazily(Buffer.from(text));

describe('readLazily', () => {
  test.each([
    ['an OpenAPI document', largeDocument()],
    ['odd objects', oddObject(500_000)],
    ['long texts', [denseText(700_000), wordyText(700_000), oddText(700_000)]],
    ['small values', [1, null, true, false, -1.5e10, '', [], {}, 'a"\\u00e9🦊']],
    ['empty parts', { list: [], object: {}, text: '', space: ' '.repeat(100_000) }],
  ])('reads %s as JSON.parse does', (_, value) => {
    const text = JSON.stringify(value);
    expect(JSON.stringify(read(text))).toBe(text);
    expect(JSON.stringify(read(JSON.stringify(value, null, 2)))).toBe(text);
    expect(JSON.stringify(read(`\uFEFF \n${text}\n`))).toBe(text);
  });

  test('gives values that equal those of JSON.parse', () => {
    const value = { rows: [{ id: 1, tags: ['a', null] }, {}], text: wordyText(50_000), none: null };
    expect(read(JSON.stringify(value))).toEqual(value);
  });

  test('keeps the last of equal keys, and keys such as __proto__', () => {
    const padding = ' '.repeat(40_000);
    const value = read(`{${padding}"a":1,"__proto__":{"x":1},"a":2}`) as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(['a', '__proto__']);
    expect(value.a).toBe(2);
    expect(Object.hasOwn(value, 'constructor')).toBe(false);
  });

  test('joins the two escapes of a surrogate pair to one character', () => {
    const length = 100_000;
    expect(read(`["${'\\ud83e\\udd8a'.repeat(length)}"]`)).toEqual(['🦊'.repeat(length)]);
  });

  test('gives a list that reads like an array and cannot be changed', () => {
    const items = Array.from({ length: 1_000 }, (_, at) => ({ at, text: wordyText(600) }));
    const list = read(JSON.stringify(items)) as typeof items;
    expect(Array.isArray(list)).toBe(true);
    expect(list).toHaveLength(1_000);
    expect(list.slice(3, 5).map(({ at }) => at)).toEqual([3, 4]);
    expect(list.filter(({ at }) => at > 990)).toEqual(items.slice(991));
    expect([...list].at(-1)).toEqual(items.at(-1));
    expect(list[1_000]).toBeUndefined();
    // The type of the list has no push.
    expect(() => list.push(items[0] as never)).toThrow();
  });

  test('changes each string in what changeTexts returns, and none in what it was given', () => {
    const value = {
      long: `${wordyText(100_000)}secret`,
      rows: Array.from({ length: 900 }, () => ({ a: ['secret'], b: wordyText(600) })),
    };
    const unchanged = read(JSON.stringify(value));
    const changed = changeTexts(unchanged, (text) => text.replaceAll('secret', '[withheld]'));
    const twice = changeTexts(changed, (text) => text.replaceAll('withheld', 'gone'));
    expect(JSON.stringify(changed)).toBe(JSON.stringify(value).replaceAll('secret', '[withheld]'));
    expect(JSON.stringify(twice)).not.toContain('withheld');
    expect(JSON.stringify(unchanged)).toBe(JSON.stringify(value));
  });

  test.each(['', '{', '{"a":1', '["a]', '[1] 2', '{"a":[1,2}', 'x'.repeat(5)])(
    'refuses %j, which is not JSON',
    (text) => {
      expect(() => JSON.stringify(read(text))).toThrow(SyntaxError);
    },
  );
});
