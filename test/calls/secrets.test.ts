import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isSecretName, mayHoldSecret } from '../../src/secret-names.ts';

interface Field {
  readonly name: string;
  readonly secret?: boolean;
  /** A credential is an object; its own fields are among the unions. */
  readonly credential?: boolean;
  readonly objectRef?: string;
  readonly unionRef?: string;
}

interface ProviderFacts {
  readonly providers: readonly { readonly fields: readonly Field[] }[];
  readonly unions: Readonly<
    Record<string, { readonly variants: readonly { readonly fields: readonly Field[] }[] }>
  >;
  readonly objects: Readonly<Record<string, { readonly fields: readonly Field[] }>>;
}

const facts: ProviderFacts = JSON.parse(
  readFileSync(new URL('../../src/sandbox/facts/provider-configs.json', import.meta.url), 'utf8'),
);

const fields = [
  ...facts.providers.flatMap((provider) => provider.fields),
  ...Object.values(facts.unions).flatMap((union) => union.variants.flatMap((variant) => variant.fields)),
  ...Object.values(facts.objects).flatMap((object) => object.fields),
];

function holdsSecret({ secret, objectRef, unionRef }: Field): boolean {
  const inner = [
    ...(facts.objects[objectRef ?? '']?.fields ?? []),
    ...(facts.unions[unionRef ?? '']?.variants ?? []).flatMap((variant) => variant.fields),
  ];
  return secret === true || inner.some(holdsSecret);
}

test('every secret field that any provider takes is withheld by its name', () => {
  const secret = new Set(fields.filter((field) => field.secret && !field.credential).map(({ name }) => name));
  expect(secret.size).toBeGreaterThan(3);
  expect([...secret].filter((name) => !isSecretName(name))).toEqual([]);
});

test('every field of a provider that has a secret in it is told by its name', () => {
  const holding = new Set(fields.filter(holdsSecret).map(({ name }) => name));
  expect(holding.size).toBeGreaterThan(20);
  expect([...holding].filter((name) => !mayHoldSecret(name))).toEqual([]);
});

test('no other field is taken for a secret', () => {
  const others = new Set(fields.filter((field) => !holdsSecret(field)).map(({ name }) => name));
  expect(others.size).toBeGreaterThan(80);
  expect([...others].filter(isSecretName)).toEqual([]);
});
