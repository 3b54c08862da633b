import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, openApi } from './api.ts';

let api: Api;

beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

const provider = async (id: string, ...expand: string[]) =>
  (await api.get(`/v1/capabilities/providers/${id}`, { expand })).body.result;
type Named = { id: string; supported: boolean };

test('17 connectors name 169 providers', async () => {
  const { body } = await api.get('/v1/capabilities/connectors');
  expect(body.result).toHaveLength(17);
  expect(body.result.flatMap((one: { provider_ids: string[] }) => one.provider_ids)).toHaveLength(169);
  expect(body.result[0]).not.toHaveProperty('providers');
  const expanded = await api.get('/v1/capabilities/connectors', { expand: 'providers' });
  expect(expanded.body.result[0].providers[0]).toMatchObject({ connector_id: 'appsec' });
});

test('providers carry details only when these are asked for', async () => {
  const { body } = await api.get('/v1/capabilities/providers');
  expect(body.result).toHaveLength(169);
  const splunk = body.result.find(({ id }: Named) => id === 'siem_splunk');
  expect(splunk).toMatchObject({
    fullname: 'Splunk Enterprise Security',
    vendor: 'Splunk',
    connector_id: 'siem',
  });
  for (const field of ['operations', 'provider_config', 'connector'])
    expect(splunk).not.toHaveProperty(field);
  const expanded = await provider('siem_splunk', 'connector', 'operations', 'provider_config');
  expect(expanded.connector).toMatchObject({ id: 'siem' });
  expect(expanded.operations.every(({ id }: Named) => id.startsWith('siem_'))).toBe(true);
  expect(
    (await provider('siem_mock_siem', 'operations')).operations.every(({ supported }: Named) => supported),
  ).toBe(true);
});

test('request bodies are references until they are expanded', async () => {
  const find = async (...expand: string[]) =>
    (await provider('siem_splunk', ...expand)).operations.find(({ id }: Named) => id === 'siem_post_events')
      .request_body;
  const { schema } = await find('operations');
  const engine = (await api.get('/v1/meta/openapi/engine')).body;
  expect(engine.components.schemas).toHaveProperty(schema.$ref.split('/').pop());
  expect((await find('request_body')).schema).toMatchObject({ type: 'object' });
});

test('the schema of a configuration says what creation accepts', async () => {
  const { provider_config: schema } = await provider('siem_splunk', 'provider_config');
  expect(schema.required).toEqual(['type', 'search_service_credential', 'search_service_url']);
  const { oneOf } = schema.properties.search_service_credential;
  expect(oneOf[0]).toMatchObject({
    properties: { type: { const: 'token' }, secret: { type: 'string', writeOnly: true } },
    required: ['type', 'secret'],
  });
  const validate = new Ajv2020({ strict: false }).compile(schema);
  const config = {
    type: 'siem_splunk',
    search_service_url: 'https://splunk.example.com',
    search_service_credential: { type: 'token', secret: 's' },
  };
  expect(validate(config)).toBe(true);
  expect(validate({ ...config, search_service_credential: { type: 'basic' } })).toBe(false);
});

test('every configuration schema is a valid JSON Schema', async () => {
  const { body } = await api.get('/v1/capabilities/providers', { expand: 'provider_config' });
  const ajv = new Ajv2020({ strict: false });
  for (const { provider_config: schema } of body.result) expect(ajv.validateSchema(schema)).toBe(true);
});

test('an unknown provider is 404, an unknown expansion 400', async () => {
  expect((await api.get('/v1/capabilities/providers/siem_nothing')).status).toBe(404);
  expect((await api.get('/v1/capabilities/providers', { expand: 'everything' })).status).toBe(400);
});
