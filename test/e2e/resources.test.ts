import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { factSheet, type Rig, startRig } from './support.ts';

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

test('resources and the template are listed with title, text and MIME type', async () => {
  const { resources } = await rig.client.listResources();
  expect(resources.map(({ uri }) => uri)).toEqual([
    'synqly://openapi/management',
    'synqly://openapi/engine',
    'synqly://status/timeseries',
  ]);
  const { resourceTemplates } = await rig.client.listResourceTemplates();
  expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([template]);
  for (const shown of [...resources, ...resourceTemplates]) {
    expect(shown).toMatchObject({
      title: expect.any(String),
      description: expect.any(String),
      mimeType: 'application/json',
    });
  }
});

test('the OpenAPI documents are read whole', async () => {
  const management = await read('synqly://openapi/management');
  expect(management).toMatchObject({ uri: 'synqly://openapi/management', mimeType: 'application/json' });
  expect(management.json.paths).toEqual(factSheet.paths);
  expect((await read('synqly://openapi/engine')).json.openapi).toMatch(/^3\./);
});

test('both timeseries are read, by names with blanks too', async () => {
  expect((await read('synqly://status/timeseries')).json.result.series).toBeInstanceOf(Array);
  const uri = 'synqly://status/quay%20one/quay-siem/timeseries';
  expect(await read(uri)).toMatchObject({ uri, json: { result: { interval: expect.any(String) } } });
});

test.each([
  'synqly://nothing/here',
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
