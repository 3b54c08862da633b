import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openSecretNames } from '../../src/calls/secrets.ts';

interface Field {
  readonly name: string;
  readonly secret?: boolean;
  /** A credential is an object; its own fields are among the unions. */
  readonly credential?: boolean;
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

test('every secret field that any provider takes is withheld by its name', () => {
  const fields = [
    ...facts.providers.flatMap((provider) => provider.fields),
    ...Object.values(facts.unions).flatMap((union) => union.variants.flatMap((variant) => variant.fields)),
    ...Object.values(facts.objects).flatMap((object) => object.fields),
  ];
  const secret = new Set(fields.filter((field) => field.secret && !field.credential).map(({ name }) => name));
  expect(secret.size).toBeGreaterThan(3);
  expect([...secret].filter((name) => !openSecretNames.has(name))).toEqual([]);
});
