import { expect, test } from 'vitest';
import { isSecretName, mayHoldSecret } from '../../src/lib/secret-names.ts';
import { type Field, providerFacts } from '../sandbox/provider-facts.ts';

/* Names alone, held against every field that Synqly documents; what is withheld by them is in secret-configs.test.ts. */
const fields = [
  ...providerFacts.providers.flatMap((provider) => provider.fields),
  ...Object.values(providerFacts.unions).flatMap((union) =>
    union.variants.flatMap((variant) => variant.fields),
  ),
  ...Object.values(providerFacts.objects).flatMap((object) => object.fields),
];

function holdsSecret({ secret, objectRef, unionRef }: Field): boolean {
  const inner = [
    ...(providerFacts.objects[objectRef ?? '']?.fields ?? []),
    ...(providerFacts.unions[unionRef ?? '']?.variants ?? []).flatMap((variant) => variant.fields),
  ];
  return secret === true || inner.some(holdsSecret);
}

test('every secret field of a provider is known by its name', () => {
  const secret = new Set(fields.filter((field) => field.secret && !field.credential).map(({ name }) => name));
  expect(secret.size).toBeGreaterThan(3);
  expect([...secret].filter((name) => !isSecretName(name))).toEqual([]);
});

test('every field of a provider that holds a secret inside is known by its name', () => {
  const holding = new Set(fields.filter(holdsSecret).map(({ name }) => name));
  expect(holding.size).toBeGreaterThan(20);
  expect([...holding].filter((name) => !mayHoldSecret(name))).toEqual([]);
});

test('no other field of a provider has the name of a secret', () => {
  const others = new Set(fields.filter((field) => !holdsSecret(field)).map(({ name }) => name));
  expect(others.size).toBeGreaterThan(80);
  expect([...others].filter(isSecretName)).toEqual([]);
});

test.each([
  'api_key',
  'apiKey',
  'x-api-key',
  'X_API_KEY',
  'password',
  'Password2',
  'db_password',
  'token',
  'access_token',
  'refreshTokens',
  'token_value',
  'passphrase',
  'private_key_passphrase',
  'Secret',
  'secrets',
  'secret_text',
  'application_key',
  'routing_key',
  'connection_string',
  'pwd',
  'pin',
  'Proxy-Authorization',
  'Set-Cookie',
])('%s is the name of a secret', (name) => {
  expect(isSecretName(name)).toBe(true);
});

test.each([
  'token_url',
  'token_type',
  'refresh_token_id',
  'credential_id',
  'secret_count',
  'secret_name',
  'client_id',
  'access_key_id',
  'key',
  'keys',
  'key_id',
  'public_key',
  'project_key',
  'provider_key_id',
  'bypass',
  'mapping',
  'tokenizer',
  'password_policy',
])('%s is not the name of a secret', (name) => {
  expect(isSecretName(name)).toBe(false);
});
