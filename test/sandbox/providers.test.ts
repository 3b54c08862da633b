import { expect, test } from 'vitest';
import { contactProvider } from '../../src/sandbox/mock-provider.ts';
import { ProblemError } from '../../src/sandbox/problem.ts';
import { checkProviderConfig } from '../../src/sandbox/provider-config.ts';
import { credentialKind, findProvider, listCategories, listProviders } from '../../src/sandbox/providers.ts';

function refusal(run: () => unknown): ProblemError {
  try {
    run();
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

test('the sheet holds 169 providers in 17 categories', () => {
  expect(listProviders()).toHaveLength(169);
  expect(listCategories()).toHaveLength(17);
  expect(findProvider('siem_splunk')).toMatchObject({
    category: 'siem',
    title: 'Splunk Enterprise Security',
  });
});

test('every mock can be configured with its fields of choice alone', () => {
  const mocks = listProviders().filter(({ mock }) => mock);
  expect(mocks).toHaveLength(31);
  for (const { id, fields } of mocks) {
    const required = fields.filter(({ required }) => required);
    const config = Object.fromEntries(required.map((field) => [field.name, field.enum?.[0] ?? 'x']));
    expect(checkProviderConfig({ type: id, ...config }).slots).toEqual([]);
  }
});

const github = {
  type: 'ticketing_github',
  credential: { type: 'token', secret: 'ghp-1' },
};

test('an inline credential is found with its kind and place', () => {
  const { slots, config } = checkProviderConfig({ ...withRequired(github) });
  expect(slots).toMatchObject([
    { pointer: '/provider_config/credential', field: 'credential', form: 'token', kind: 'token' },
  ]);
  slots[0]?.refer('cred-1');
  expect(config.credential).toEqual({ type: 'token_id', value: 'cred-1' });
});

test('fields that the provider does not know are dropped', () => {
  const { config } = checkProviderConfig(withRequired({ ...github, password: 'hush' }));
  expect(config).not.toHaveProperty('password');
});

test.each([
  ['an unknown provider', { type: 'siem_nothing' }, '/provider_config/type'],
  ['no provider', undefined, '/provider_config/type'],
  ['the wildcard', { type: '*' }, '/provider_config/type'],
  [
    'a missing field',
    { type: 'appsec_github', credential: github.credential, url: 'https://x' },
    '/provider_config/organization_slug',
  ],
  ['an empty required field', { ...withRequired(github), credential: '' }, '/provider_config/credential'],
  [
    'a form that is not accepted',
    { ...withRequired(github), credential: { type: 'aws', secret: 'x' } },
    '/provider_config/credential/type',
  ],
  [
    'a credential without its secret',
    { ...withRequired(github), credential: { type: 'token' } },
    '/provider_config/credential/secret',
  ],
  [
    'a value outside the choices',
    { type: 'assets_armis_centrix_mock', dataset: 'huge' },
    '/provider_config/dataset',
  ],
  ['a wrong type', { type: 'storage_mock_storage', ...wrongType('storage_mock_storage') }, undefined],
])('%s is refused by place', (_case, config, pointer) => {
  const problem = refusal(() => checkProviderConfig(config));
  expect(problem.status).toBe(400);
  if (pointer) expect(problem.details.parameter).toMatchObject({ id: pointer, location: 'body' });
  expect(JSON.stringify(problem.details)).not.toContain('ghp-1');
});

test('nested objects, maps and lists are checked in depth', () => {
  const endpoints = {
    main: { credential: { type: 'token', secret: 's' } },
    spare: { credential: { type: 'nope' } },
  };
  const problem = refusal(() =>
    checkProviderConfig({ ...withRequired({ type: 'custom_synqly' }), endpoints }),
  );
  expect(problem.details.parameter?.id).toBe('/provider_config/endpoints/spare/credential/type');
  const http = withRequired({
    type: 'sink_http',
    authorization: { type: 'token_config', credential: { type: 'token', secret: 's' } },
  });
  const { slots, config } = checkProviderConfig(http);
  expect(slots[0]).toMatchObject({ pointer: '/provider_config/authorization/credential' });
  slots[0]?.refer('cred-1');
  expect(config.authorization).toEqual({
    type: 'token_config',
    credential: { type: 'token_id', value: 'cred-1' },
  });
});

test('a webhook URL is stored as a lone secret', () => {
  expect(credentialKind('webhook_url_id')).toBe('secret');
  expect(credentialKind('o_auth_client_id')).toBe('o_auth_client');
});

const state = { now: () => Date.parse('2026-11-02T09:00:00Z') };
const splunk = findProvider('siem_splunk');

function contact(config: Record<string, unknown>, values: Record<string, unknown>, expires?: string) {
  if (!splunk) throw new Error('There is no siem_splunk.');
  return contactProvider(state, splunk, config, [
    { pointer: '/provider_config/credential', values, expires },
  ]);
}

test('a provider takes anything but what the rule names', () => {
  expect(contact({ url: 'https://splunk.example.com' }, { type: 'token', secret: 'good' })).toBeUndefined();
});

test.each([
  [{ type: 'token', secret: 'bad-token' }, undefined],
  [{ type: 'basic', username: 'admin', secret: 'Invalid!' }, undefined],
  [{ type: 'token', secret: 'good' }, '2026-11-01T00:00:00Z'],
])('a provider refuses the credential %j that ends %s', (values, expires) => {
  const refused = contact({}, values, expires);
  expect(refused).toMatchObject({ kind: 'credential', problem: { status: 400 } });
  expect(refused?.problem.details).toMatchObject({
    rawError: expect.stringContaining('401 Unauthorized'),
    providerDetails: { status: '401' },
    parameter: { id: '/provider_config/credential' },
  });
  expect(JSON.stringify(refused?.problem.details)).not.toContain('bad-token');
});

test.each([
  ['https://splunk.acme.invalid:8089', 502],
  ['https://501.example.com', 501],
  ['http://503.example.com/api', 503],
  ['https://504.example.com', 504],
])('%s cannot be reached: %i', (url, status) => {
  expect(contact({ api: { url } }, { secret: 'good' })).toMatchObject({
    kind: 'unreachable',
    problem: { status },
  });
});

function withRequired(
  config: Record<string, unknown> & { type: string },
): Record<string, unknown> & { type: string } {
  const fields = findProvider(config.type)?.fields ?? [];
  const filled = fields
    .filter((field) => field.required && !(field.name in config))
    .map((field) => [
      field.name,
      field.enum?.[0] ?? (field.type === 'object' ? {} : 'https://x.example.com'),
    ]);
  return { ...Object.fromEntries(filled), ...config };
}

function wrongType(id: string): Record<string, unknown> {
  const [field] = findProvider(id)?.fields ?? [];
  return field ? { [field.name]: 17 } : {};
}
