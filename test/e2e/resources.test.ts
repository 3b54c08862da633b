import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startLines, v2Request } from './generations-support.ts';
import { factOperations, factSheet, type Rig, startProgram, startRig } from './support.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
  await rig.call('accounts_create', { name: 'quay one', environment: 'test' });
  await rig.call('integrations_create', {
    account_id: 'quay one',
    name: 'quay-siem',
    provider_config: { type: 'siem_mock_siem' },
  });
});
afterEach(() => rig.sandbox.faults.clear());
afterAll(() => rig.close());

const template = 'synqly://status/{account_id}/{integration_id}/timeseries';
const ref = { type: 'ref/resource' as const, uri: template };

async function read(uri: string) {
  const { contents } = await rig.client.readResource({ uri });
  const [content] = contents as { uri: string; mimeType: string; text: string }[];
  return { ...content, json: JSON.parse(content?.text ?? '') };
}

const documents = ['synqly://openapi/management', 'synqly://openapi/engine'];

test('resources and templates are listed with title, text and MIME type', async () => {
  const { resources } = await rig.client.listResources();
  expect(resources.map(({ uri }) => uri)).toEqual([
    'synqly://openapi/management',
    'synqly://openapi/engine',
    'synqly://status/timeseries',
  ]);
  const { resourceTemplates } = await rig.client.listResourceTemplates();
  expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
    ...documents.flatMap((uri) => [`${uri}/operations/{operation}`, `${uri}/schemas/{schema}`]),
    template,
  ]);
  for (const shown of [...resources, ...resourceTemplates]) {
    expect(shown).toMatchObject({
      title: expect.any(String),
      description: expect.any(String),
      mimeType: 'application/json',
    });
  }
});

test('an OpenAPI document is read as the outline that the tool gives, with the URIs of its parts', async () => {
  const management = await read('synqly://openapi/management');
  expect(management).toMatchObject({ uri: 'synqly://openapi/management', mimeType: 'application/json' });
  const { next, ...outline } = (await rig.call('meta_managementOpenapiSpec')).json;
  expect(management.json).toMatchObject(outline);
  for (const uri of documents) {
    const { json, text } = await read(uri);
    expect(json.next).toContain(`${uri}/operations/{operation}`);
    expect(json.next).toContain(`${uri}/schemas/{schema}`);
    expect(encode(text ?? '').length).toBeLessThan(3_000);
  }
});

test('every operation and schema of a document is a resource, as the tool gives it', async () => {
  const [uri] = documents;
  for (const { id } of factOperations) {
    const { json } = await read(`${uri}/operations/${id}`);
    expect(json.definition).toMatchObject({ operationId: id });
  }
  for (const name of Object.keys(factSheet.components.schemas)) {
    const { json, text } = await read(`${uri}/schemas/${name}`);
    expect(json.schema).toBe(name);
    expect(encode(text ?? '').length).toBeLessThan(10_000);
  }
  const { next, ...shown } = (await rig.call('meta_managementOpenapiSpec', { schema: 'Integration' })).json;
  expect((await read(`${uri}/schemas/Integration`)).json).toMatchObject(shown);
});

test.each([
  ['management/operations/GET%20%2Fv1%2Faccounts', { operation: 'GET /v1/accounts' }],
  ['management/operations/Sub%20Orgs', { tag: 'Sub Orgs', count: 4 }],
  [
    'management/schemas/%23%2Finfo%2Ftitle',
    { schema: '#/info/title', definition: expect.stringMatching(/Management/) },
  ],
  ['management/schemas/Integration/properties/name', { definition: { type: 'string' } }],
  ['engine/operations/siem_query_events', { definition: { operationId: 'siem_query_events' } }],
])('the part %s is read', async (part, shown) => {
  expect((await read(`synqly://openapi/${part}`)).json).toMatchObject(shown);
});

test.each([
  ['operation', 'operations', 'ACCOUNTS_', 'accounts_list'],
  ['schema', 'schemas', 'createacc', 'CreateAccountRequest'],
])('the name of an %s is completed by what was typed', async (name, kind, value, found) => {
  const uri = `synqly://openapi/management/${kind}/{${name}}`;
  const complete = (typed: string) =>
    rig.client.complete({ ref: { type: 'ref/resource', uri }, argument: { name, value: typed } });
  const { values } = (await complete(value)).completion;
  expect(values).toContain(found);
  expect(values.filter((one) => !one.toLowerCase().startsWith(value.toLowerCase()))).toEqual([]);
  const all = (await complete('')).completion;
  expect(all).toMatchObject({ hasMore: name === 'schema' });
  expect(all.values).toHaveLength(name === 'schema' ? 100 : 96);
  rig.sandbox.faults.add({ route: 'meta_managementOpenapiSpec', status: 403 });
  expect((await complete(value)).completion.values).toEqual([]);
});

test('templates of a document go with the tool that reads it', async () => {
  const args = ['--base-url', rig.sandbox.baseUrl, '--deny', 'meta_engineOpenapiSpec'];
  const program = await startProgram(args, { SYNQLY_TOKEN: rig.sandbox.token });
  const { resourceTemplates } = await program.client.listResourceTemplates();
  const uri = 'synqly://openapi/engine/operations/siem_query_events';
  await expect(program.client.readResource({ uri })).rejects.toMatchObject({
    data: { error: { code: 'not_selected' } },
  });
  await program.close();
  expect(resourceTemplates.filter(({ uriTemplate }) => uriTemplate.includes('engine'))).toEqual([]);
  expect(resourceTemplates).toHaveLength(3);
});

test('both timeseries are read, by names with blanks too', async () => {
  expect((await read('synqly://status/timeseries')).json.result.series).toBeInstanceOf(Array);
  const uri = 'synqly://status/quay%20one/quay-siem/timeseries';
  expect(await read(uri)).toMatchObject({ uri, json: { result: { interval: expect.any(String) } } });
});

test.each([
  'synqly://nothing/here',
  'synqly://openapi/other',
  'synqly://openapi/management/schemas/Integraton',
  'synqly://openapi/management/schemas/',
  'synqly://openapi/management/operations/nothing%20of%20the%20kind',
  'synqly://openapi/management/parts/Integration',
  'synqly://status/nobody/quay-siem/timeseries',
  'synqly://status/../x/timeseries',
  'synqly://status/%2e%2e/x/timeseries',
  'synqly://status/a%2Fb/x/timeseries',
  'synqly://status/%/x/timeseries',
  'https://api.synqly.com/v1/accounts',
])('%s is not found, as the protocol says', async (uri) => {
  await expect(rig.client.readResource({ uri })).rejects.toMatchObject({ code: -32002, data: { uri } });
});

test('a resource that cannot be read now is an error of its own', async () => {
  rig.sandbox.faults.add({ route: 'status_get_timeseries', status: 500 });
  await expect(read('synqly://status/timeseries')).rejects.toMatchObject({
    code: -32603,
    data: { error: { code: 'server_error' } },
  });
});

test('and says why in the second generation too', async () => {
  rig.sandbox.faults.add({ route: 'status_get_timeseries', status: 500 });
  const args = ['--base-url', rig.sandbox.baseUrl, '--log-level', 'silent'];
  const lines = startLines(args, { SYNQLY_TOKEN: rig.sandbox.token });
  const { error } = await lines.ask(v2Request('resources/read', { uri: 'synqly://status/timeseries' }));
  await lines.close();
  expect(error).toMatchObject({ code: -32603, data: { error: { code: 'server_error' } } });
  expect(error.message).toBe(error.data.error.message);
});

test('account ids are completed by what was typed', async () => {
  const { completion } = await rig.client.complete({ ref, argument: { name: 'account_id', value: 'QUAY' } });
  expect(completion.values).toEqual(['quay one']);
});

test('integration ids are completed within the chosen account', async () => {
  const context = { arguments: { account_id: 'quay one' } };
  const { completion } = await rig.client.complete({
    ref,
    argument: { name: 'integration_id', value: '' },
    context,
  });
  expect(completion.values).toEqual(['quay-siem']);
  const everywhere = await rig.client.complete({ ref, argument: { name: 'integration_id', value: 'quay' } });
  expect(everywhere.completion.values).toEqual(['quay-siem']);
});

test('an id that was begun is completed with the id', async () => {
  const { json } = await rig.call('accounts_get', { account_id: 'quay one' });
  const value = json.result.id.slice(0, 8);
  const { completion } = await rig.client.complete({ ref, argument: { name: 'account_id', value } });
  expect(completion.values).toEqual([json.result.id]);
});

test('when lists cannot be read, nothing is completed and nothing fails', async () => {
  rig.sandbox.faults.add({ route: 'accounts_list', status: 403 });
  const { completion } = await rig.client.complete({ ref, argument: { name: 'account_id', value: 'q' } });
  expect(completion.values).toEqual([]);
});
