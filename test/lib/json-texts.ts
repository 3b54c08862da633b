import fc from 'fast-check';

/** A JSON value as its text, and as it is shown: without what says nothing. */
export interface JsonText {
  readonly text: string;
  /** Undefined where nothing is left of it. */
  readonly shown: string | undefined;
}

const said = (text: string): JsonText => ({ text, shown: text });

const digits = (minLength: number, maxLength: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength, maxLength }).map((list) => [1, ...list, 7].join(''));
const exact = fc.oneof(
  digits(16, 40),
  fc.tuple(digits(1, 20), digits(16, 30)).map(([whole, fraction]) => `${whole}.${fraction}`),
  fc
    .tuple(digits(1, 20), fc.integer({ min: 310, max: 9_999 }))
    .map(([whole, exponent]) => `${whole}e${exponent}`),
  fc
    .tuple(digits(1, 20), fc.integer({ min: 360, max: 9_999 }))
    .map(([whole, exponent]) => `${whole}E-${exponent}`),
);
const plain = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
);
const number = fc.oneof(
  plain.map((value) => said(JSON.stringify(value))),
  fc.tuple(fc.constantFrom('', '-'), exact).map(([sign, text]) => said(sign + text)),
);
/* None looks like a place in a list, which JavaScript would move to the front. */
const key = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'toJSON',
    'text',
    'length',
    ' ',
    'a"b\\c',
  ),
  fc.string({ unit: 'binary', maxLength: 8 }).map((text) => `k${text}`),
);
const string = fc.oneof(fc.string({ unit: 'binary', maxLength: 20 }), exact).map((text) => ({
  text: JSON.stringify(text),
  shown: text === '' ? undefined : JSON.stringify(text),
}));

const { value, object } = fc.letrec<{ value: JsonText; list: JsonText; object: JsonText }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    number,
    string,
    fc.constantFrom(said('true'), said('false'), { text: 'null', shown: undefined }),
    tie('list'),
    tie('object'),
  ),
  list: fc.array(tie('value'), { maxLength: 5 }).map((items) => ({
    text: `[${items.map(({ text }) => text).join()}]`,
    shown: items.length === 0 ? undefined : `[${items.map(({ text, shown }) => shown ?? text).join()}]`,
  })),
  object: fc
    .uniqueArray(fc.tuple(key, tie('value')), { maxLength: 5, selector: ([name]) => name })
    .map((members) => {
      const left = members.filter(([, { shown }]) => shown !== undefined);
      return {
        text: `{${members.map(([name, { text }]) => `${JSON.stringify(name)}:${text}`).join()}}`,
        shown:
          left.length === 0
            ? undefined
            : `{${left.map(([name, { shown }]) => `${JSON.stringify(name)}:${shown}`).join()}}`,
      };
    }),
}));

/** Any value, with numbers that a JavaScript number cannot hold and keys that every object has. */
export const jsonText: fc.Arbitrary<JsonText> = value;
export const jsonObjectText: fc.Arbitrary<JsonText> = object;
