import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isSecretName, mayHoldSecret } from '../../src/lib/secret-names.ts';
import { findSecretPlaces } from '../../src/pipeline/secrets/find.ts';
import { withholdDeclared } from '../../src/secrets/redact.ts';
import { findOperation } from '../../src/tools/catalogue.ts';
import type { Operation } from '../../src/tools/define-operation.ts';

interface Field {
  readonly name: string;
  readonly secret?: boolean;
  /** A credential is an object; its own fields are among the unions. */
  readonly credential?: boolean;
  readonly objectRef?: string;
  readonly unionRef?: string;
}

interface ProviderFacts {
  readonly providers: readonly { readonly id: string; readonly fields: readonly Field[] }[];
  readonly unions: Readonly<
    Record<
      string,
      { readonly variants: readonly { readonly type: string; readonly fields: readonly Field[] }[] }
    >
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

/** Every way to fill a field in: with a text that says what it is, or with each kind of object that it takes. */
function valuesOf({ name, secret, credential, objectRef, unionRef }: Field): readonly unknown[] {
  if (objectRef) return [filled(facts.objects[objectRef]?.fields ?? [])];
  if (unionRef)
    return (facts.unions[unionRef]?.variants ?? []).map(({ type, fields: inner }) => ({
      type,
      ...filled(inner),
    }));
  return [secret && !credential ? `hidden ${name}` : `shown ${name}`];
}

const filled = (all: readonly Field[]) =>
  Object.fromEntries(all.map((field) => [field.name, valuesOf(field)[0]]));

const textsIn = (value: unknown): string[] =>
  typeof value === 'string'
    ? [value]
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(textsIn)
      : [];

test('of every configuration that a provider takes, the secrets are withheld and nothing else', () => {
  const reading = findOperation('integrations_get') as Operation;
  const writing = findOperation('integrations_create') as Operation;
  const configs = facts.providers.flatMap(({ id, fields: all }) =>
    all.flatMap((field) => valuesOf(field).map((value) => ({ type: id, [field.name]: value }))),
  );
  expect(configs.length).toBeGreaterThan(600);
  for (const provider_config of configs) {
    const [hidden, shown] = ['hidden', 'shown'].map((word) =>
      textsIn(provider_config).filter((text) => text.startsWith(word)),
    );
    const body = { result: { provider_config } };
    const texts = textsIn(withholdDeclared(reading, body));
    expect(texts.filter((text) => text === '[withheld]')).toHaveLength(hidden?.length ?? 0);
    expect(texts.filter((text) => text.startsWith('shown'))).toEqual(shown);
    const places = findSecretPlaces(writing, { account_id: 'a', provider_config });
    expect(places.map(({ text }) => text)).toEqual(hidden);
  }
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
])('%s is not', (name) => {
  expect(isSecretName(name)).toBe(false);
});
