import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ExactNumber,
  maxNesting,
  NestingError,
  parseBounded,
  parseExact,
  stringifyJson,
} from '../../src/lib/exact-json.ts';
import { canonicalJson, isJsonObject, mapStrings } from '../../src/lib/json.ts';
import { JsonValidator } from '../../src/lib/json-validator.ts';
import { readLazily } from '../../src/lib/lazy-json.ts';
import { jsonText } from './json-texts.ts';

/*
 * Properties of the JSON reader as a library: it is compared with JSON.parse on thousands of texts by chance. What the
 * server does with numbers and broken answers is tested through the built program, in exact-values.test.ts and
 * broken-answers.test.ts.
 */

describe('parseExact and stringifyJson', () => {
  test('give back the same text, to the last digit', () => {
    fc.assert(
      fc.property(jsonText, ({ text }) => {
        expect(stringifyJson(parseExact(text))).toBe(text);
        expect(stringifyJson(parseBounded(`\n${text} `))).toBe(text);
        expect(stringifyJson(mapStrings(parseExact(text), (one) => one))).toBe(text);
      }),
      { numRuns: 1_000 },
    );
  });

  test('give back the same text when it is read lazily', () => {
    const padding = JSON.stringify(' '.repeat(40_000));
    fc.assert(
      fc.property(jsonText, ({ text }) => {
        const whole = `{"padding":${padding},"value":[${text},${padding}]}`;
        expect(stringifyJson(readLazily(Buffer.from(whole)))).toBe(whole);
      }),
      { numRuns: 300 },
    );
  });

  test('agree with JSON.parse on texts whose numbers it does not round', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseExact(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    '1',
    '-0',
    '1.0',
    '1.50000000000000000000',
    '100000000000000000000',
    '9007199254740992',
    '1e5',
    '1e0001',
  ])('read %s as a JavaScript number', (text) => {
    expect(parseExact(text)).toBe(JSON.parse(text));
  });

  test.each([
    '9007199254740993',
    '5.00000000000000000001',
    '1e400',
    '1e-400',
    '-1e999',
    '0.30000000000000000001',
  ])('keep every digit of %s', (text) => {
    expect(stringifyJson(parseExact(text))).toBe(text);
    const around = [`[1,${text}]`, `{"a":${text},"b":[${text}]}`, `["${text}","\\"${text}",${text},"\\\\"]`];
    for (const whole of around) {
      expect(stringifyJson(parseExact(whole))).toBe(whole);
      expect(stringifyJson(parseExact(whole.replaceAll(',', ' ,\n')))).toBe(whole);
    }
  });

  test('give a number and a string of the same digits two canonical forms', () => {
    const [number, text] = [parseExact('{"a":9007199254740993}'), parseExact('{"a":"9007199254740993"}')];
    expect(canonicalJson(number)).not.toBe(canonicalJson(text));
    expect(canonicalJson({ __proto__: null, b: number })).toBe('{"b":{"a":9007199254740993}}');
  });

  test('never change the prototype of objects', () => {
    const read = parseExact('{"__proto__":{"polluted":9007199254740993}}') as object;
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect('polluted' in {}).toBe(false);
    expect(Object.keys(read)).toEqual(['__proto__']);
  });

  test('do not take an exact number for an object', () => {
    expect(isJsonObject(new ExactNumber('1e400'))).toBe(false);
    expect(JSON.stringify([new ExactNumber('1e400')])).toBe('["1e400"]');
  });

  test('refuse texts that are nested more deeply than the limit', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    expect(stringifyJson(parseBounded(nested(maxNesting)))).toBe(nested(maxNesting));
    for (const levels of [maxNesting + 1, 5_000, 1_000_000])
      expect(() => parseBounded(nested(levels))).toThrow(NestingError);
    expect(() => parseExact(`${'[9007199254740993,'.repeat(100_000)}0${']'.repeat(100_000)}`)).not.toThrow();
  });

  test('read a number of 400,000 digits', () => {
    const numbers = [`1${'0'.repeat(400_000)}1`, `0.${'0'.repeat(400_000)}1`, `1e${'0'.repeat(400_000)}1`];
    for (const number of numbers) expect(parseExact(`[${number}]`)).toBeDefined();
    const quotes = JSON.stringify(['\\"'.repeat(200_000), 'x']);
    expect(parseExact(`[9007199254740993,${quotes}]`)).toHaveLength(2);
  });
});

describe('the validator of large texts', () => {
  const accepts = (bytes: Uint8Array, size: number): boolean => {
    const validator = new JsonValidator({ all: Number.POSITIVE_INFINITY, inOne: Number.POSITIVE_INFINITY });
    try {
      for (let at = 0; at < bytes.length; at += size) validator.push(bytes.subarray(at, at + size));
      validator.end();
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(SyntaxError);
      return false;
    }
  };
  const isJson = (bytes: Buffer): boolean => {
    try {
      JSON.parse(bytes.toString().replace(/^\uFEFF/, ''));
      return true;
    } catch {
      return false;
    }
  };
  const pieces = fc.constantFrom(1, 2, 3, 7, 64, 100_000);

  test('accepts all JSON, however it is split into chunks', () => {
    fc.assert(
      fc.property(jsonText, pieces, fc.constantFrom('', '\uFEFF', ' \n\t\r'), ({ text }, size, before) => {
        expect(accepts(Buffer.from(`${before}${text}${before.trim()}`), size)).toBe(
          isJson(Buffer.from(`${before}${text}${before.trim()}`)),
        );
        expect(accepts(Buffer.from(text), size)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test('accepts a changed text only if JSON.parse does', () => {
    const scrap = fc.oneof(
      fc.constantFrom(...'{}[]:,"\\/+-.0123456789eEtrufalsn \n\u0000\u001f\u007f\u00a0'),
      fc.constantFrom(
        '\\u',
        '\\ud800',
        'true',
        'null',
        '-',
        '0',
        '1.',
        '1e',
        '""',
        '[]',
        '{}',
        '\uFEFF',
        'é',
      ),
    );
    const change = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      drop: fc.integer({ min: 0, max: 3 }),
      put: fc.array(scrap, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(
        jsonText,
        fc.array(change, { minLength: 1, maxLength: 3 }),
        pieces,
        ({ text }, changes, size) => {
          const changed = changes.reduce((part, { at, drop, put }) => {
            const place = Math.floor(at * part.length);
            return part.slice(0, place) + put.join('') + part.slice(place + drop);
          }, text);
          const bytes = Buffer.from(changed);
          expect(accepts(bytes, size), changed).toBe(isJson(bytes));
        },
      ),
      { numRuns: 3_000 },
    );
  });

  test('accepts a short random text only if JSON.parse does', () => {
    const sign = fc.constantFrom(...'{}[]:,"\\-+.01eEtrufalsn u', 'true', 'null', '"a":', 'é');
    fc.assert(
      fc.property(fc.array(sign, { maxLength: 8 }), pieces, (signs, size) => {
        const bytes = Buffer.from(signs.join(''));
        expect(accepts(bytes, size), signs.join('')).toBe(isJson(bytes));
      }),
      { numRuns: 5_000 },
    );
  });
});
