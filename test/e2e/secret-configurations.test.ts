import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Field, providerFacts } from '../sandbox/provider-facts.ts';
import { type FakeSynqly, startFakeSynqly } from './fake-synqly.ts';
import { canary, type Program, startProgram } from './support.ts';

/*
 * Every configuration of a provider that Synqly documents, read from an answer and written by a call: the secrets are
 * withheld, and nothing else.
 */
let configuration: object;
let synqly: FakeSynqly;
let program: Program;
beforeAll(async () => {
  synqly = await startFakeSynqly(() => ({ json: { result: { id: 'i', provider_config: configuration } } }));
  const args = ['--base-url', synqly.url, '--max-result-tokens', '100000'];
  program = await startProgram(args, { SYNQLY_TOKEN: canary, SYNQLY_PERMISSIONS: 'ignore' });
});
afterAll(async () => {
  await program.close();
  synqly.close();
});

/** Every way to fill a field in: with a text that says what it is, or with each kind of object that it takes. */
function valuesOf({ name, secret, credential, objectRef, unionRef }: Field): readonly unknown[] {
  if (objectRef) return [filled(providerFacts.objects[objectRef]?.fields ?? [])];
  if (unionRef)
    return (providerFacts.unions[unionRef]?.variants ?? []).map(({ type, fields: inner }) => ({
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

const configurations = providerFacts.providers.flatMap(({ id, fields }) =>
  fields.flatMap((field) => valuesOf(field).map((value) => ({ type: id, [field.name]: value }))),
);
const countOf = (texts: readonly string[], mark: RegExp) => texts.filter((text) => mark.test(text)).length;

test('there is a configuration for each field of each provider', () => {
  expect(configurations.length).toBeGreaterThan(600);
});

test('a result withholds the secrets of every configuration, and shows the rest', {
  timeout: 60_000,
}, async () => {
  for (const provider_config of configurations) {
    configuration = provider_config;
    const [secrets, others] = [/^hidden/, /^shown/].map((mark) => countOf(textsIn(provider_config), mark));
    const { json } = await program.call('integrations_get', { account_id: 'a', integration_id: 'i' });
    const texts = textsIn(json.result.provider_config);
    const told = JSON.stringify(provider_config);
    expect(countOf(texts, /^\[withheld\]$|^\$\{secret:/), told).toBe(secrets);
    expect(countOf(texts, /^shown/), told).toBe(others);
    expect(countOf(texts, /^hidden/), told).toBe(0);
  }
});

test('a preview withholds the secrets of every configuration that is sent', { timeout: 60_000 }, async () => {
  for (const provider_config of configurations) {
    const [secrets, others] = [/^hidden/, /^shown/].map((mark) => countOf(textsIn(provider_config), mark));
    const args = { account_id: 'a', provider_config };
    const { json } = await program.call('preview_call', { tool: 'integrations_create', arguments: args });
    const texts = textsIn(json.sends?.body);
    const told = JSON.stringify(json);
    expect(countOf(texts, /^\[withheld\]$/), told).toBe(secrets);
    expect(countOf(texts, /^shown/), told).toBe(others);
  }
});
