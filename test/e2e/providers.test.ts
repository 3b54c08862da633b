import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { listConnectorOperations } from '../../src/sandbox/connector-operations.ts';
import { listProviders } from '../../src/sandbox/providers.ts';
import { type Rig, startProgram, startRig } from './support.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
  await rig.call('accounts_create', { name: 'quay', environment: 'test' });
});
afterEach(() => rig.sandbox.faults.clear());
afterAll(() => rig.close());

const ids = listProviders().map(({ id }) => id);
const tokensOf = (text: string) => encode(text).length;

// biome-ignore lint/suspicious/noExplicitAny: an answer
type Told = any;

/** Fills a configuration in as its fields are told, knowing nothing else of the provider. */
function fillIn(told: Told, all: boolean): Record<string, unknown> {
  const wanted = Object.entries<Told>(told).filter(([name, field]) => {
    const about: string = typeof field === 'string' ? field : (field.about ?? '');
    return all || name === 'type' || /\brequired\b/.test(headOf(about));
  });
  return Object.fromEntries(
    wanted.map(([name, field]) => [name, name === 'type' ? field : valueFor(name, field, all)]),
  );
}

/** What stands before the text for people. */
const headOf = (told: string) => told.split(': ')[0] ?? '';

function valueFor(name: string, field: Told, all: boolean): unknown {
  if (typeof field !== 'string') {
    if (field.one_of)
      return fillIn(
        field.one_of.find(({ type }: Told) => !type.endsWith('_id')),
        all,
      );
    if (field.fields) return fillIn(field.fields, all);
    return field.each_item
      ? [fillIn(field.each_item.fields, all)]
      : { key: fillIn(field.each_value.fields, all) };
  }
  const [kind = ''] = headOf(field).split(', ');
  if (kind.startsWith('array of ')) return [valueFor(name, kind.slice('array of '.length), all)];
  if (kind.startsWith('one of ')) return kind.split(' ')[2];
  if (kind.startsWith('object')) return {};
  if (kind === 'integer') return 1;
  if (kind === 'boolean') return true;
  expect(kind).toBe('string');
  return name.endsWith('url') ? 'https://tools.example.com' : 'something';
}

test('each of the 169 providers is described in at most 1,000 tokens, and can be verified at the first attempt', async () => {
  expect(ids).toHaveLength(169);
  const costs: [number, string][] = [];
  for (const provider_id of ids) {
    const { json, text } = await rig.call('capabilities_get_provider', {
      provider_id,
      expand: ['provider_config'],
    });
    costs.push([tokensOf(text), provider_id]);
    for (const all of [true, false]) {
      const provider_config = fillIn(json.result.provider_config, all);
      const verified = await rig.call('integrations_verify', {
        account_id: 'quay',
        name: 'try',
        provider_config,
      });
      expect(verified.isError, `${provider_id}: ${verified.text}`).toBe(false);
    }
  }
  const [dearest] = costs.sort(([one], [other]) => other - one);
  console.log(`The longest provider: ${dearest?.[1]}, ${dearest?.[0]} tokens`);
  expect(dearest?.[0]).toBeLessThanOrEqual(1_000);
}, 60_000);

test.each([
  ['siem_splunk', { search_service_credential: { type: 'token' }, search_service_url: expect.any(String) }],
  ['appsec_amazon_inspector', { credential: { type: 'aws' }, region: 'us-east-1' }],
  ['sink_http', { url: expect.any(String) }],
])('the description of %s tells required from optional fields', async (provider_id, least) => {
  const { json } = await rig.call('capabilities_get_provider', { provider_id, expand: ['provider_config'] });
  const filled = fillIn(json.result.provider_config, false);
  expect(filled).toMatchObject({ type: provider_id, ...least });
  expect(Object.keys(filled).sort()).toEqual(['type', ...Object.keys(least)].sort());
});

test('the description of a provider has secrets, choices and texts of fields', async () => {
  const provider_config = async (provider_id: string) =>
    (await rig.call('capabilities_get_provider', { provider_id, expand: ['provider_config'] })).json.result
      .provider_config;
  const { credential, region } = await provider_config('appsec_amazon_inspector');
  expect(credential.about).toMatch(/^required: /);
  expect(credential.one_of.map(({ type }: Told) => type)).toEqual([
    'aws',
    'aws_id',
    'aws_role',
    'aws_role_id',
  ]);
  expect(JSON.stringify(credential.one_of[0])).toMatch(/string, required, secret: /);
  expect(region).toMatch(/^one of us-east-1 .* sa-east-1, required: Data region of the tenant\.$/);
});

test('the operations of each provider are listed in at most 1,000 tokens, and each can be read by its name', async () => {
  const expand = ['operations', 'request_body'];
  for (const provider_id of ids) {
    const { json, text } = await rig.call('capabilities_get_provider', { provider_id, expand });
    expect(tokensOf(text)).toBeLessThanOrEqual(1_000);
    const { supported, unsupported } = json.result.operations;
    const connector = listConnectorOperations().filter(
      ({ category }) => category === json.result.connector_id,
    );
    expect([...Object.keys(supported), ...unsupported].sort()).toEqual(
      connector.map(({ name }) => name).sort(),
    );
    expect(json.next).toContain('part: "operations/NAME"');
  }
  const provider_id = 'siem_splunk';
  const part = await rig.call('capabilities_get_provider', {
    provider_id,
    expand,
    part: 'operations/post_events',
  });
  const { responseBody } = rig.exchanges.at(-1) as { responseBody: Told };
  expect(part.json.value).toEqual(
    responseBody.result.operations.find(({ name }: Told) => name === 'post_events'),
  );
  const schema = 'operations/siem_post_events/request_body/schema/type';
  const { json } = await rig.call('capabilities_get_provider', { provider_id, expand, part: schema });
  expect(json.value).toBe('object');
});

test('an unknown part is refused with the closest ones', async () => {
  const wrong = { provider_id: 'siem_splunk', expand: ['operations'], part: 'operations/query_event' };
  const { isError, json } = await rig.call('capabilities_get_provider', wrong);
  expect(isError).toBe(true);
  expect(json.error).toMatchObject({
    code: 'not_found',
    closest: expect.arrayContaining(['operations/query_events']),
  });
  const { json: unexpanded } = await rig.call('capabilities_get_provider', {
    provider_id: 'siem_splunk',
    part: 'operations',
  });
  expect(unexpanded.error.next).toContain('only when expanded');
});

describe('an unknown provider', () => {
  test.each([
    ['splunk', 'siem_splunk'],
    ['siem_splunkk', 'siem_splunk'],
    ['crowdstrike_edr', 'edr_crowdstrike'],
  ])('%s: the closest ids are named, %s among them', async (provider_id, right) => {
    const { json } = await rig.call('capabilities_get_provider', { provider_id });
    expect(json.error).toMatchObject({ code: 'not_found', status: 404 });
    expect(json.error.closest).toContain(right);
  });

  test('is an error also when the list cannot be read or is not visible', async () => {
    rig.sandbox.faults.add({ route: 'capabilities_list_providers', status: 403 });
    const { json } = await rig.call('capabilities_get_provider', { provider_id: 'splunk' });
    expect(json.error).toMatchObject({ code: 'not_found', status: 404 });
    const args = ['--base-url', rig.sandbox.baseUrl, '--deny', 'capabilities_list_providers'];
    const program = await startProgram(args, { SYNQLY_TOKEN: rig.sandbox.token });
    const sent = rig.exchanges.length;
    const denied = await program.call('capabilities_get_provider', { provider_id: 'splunk' });
    await program.close();
    expect(denied.json.error.next).not.toContain('capabilities_list_providers');
    expect(rig.exchanges.length - sent).toBe(1);
  });
});

test.each([
  ['splunk', ['siem_splunk', 'sink_splunk']],
  ['SIEM splunk', ['siem_splunk']],
  ['ticketing jira', ['ticketing_jira']],
])('a search for %s finds %j', async (search, found) => {
  const { json, text } = await rig.call('capabilities_list_providers', { search });
  const at = json.columns.indexOf('id');
  const first = json.rows.slice(0, found.length).map((row: string[]) => row[at]);
  expect(first.sort()).toEqual(found);
  expect(tokensOf(text)).toBeLessThan(1_000);
  expect(rig.exchanges.at(-1)?.path).toBe('/v1/capabilities/providers');
});

test('a search without matches suggests similar ids, and one with many counts those left out', async () => {
  const { json } = await rig.call('capabilities_list_providers', { search: 'siem-spluk' });
  expect(json.rows[0][json.columns.indexOf('id')]).toMatch(/^siem_/);
  expect((await rig.call('capabilities_list_providers', { search: 'spluk' })).json).toMatchObject({
    result: [],
  });
  const many = await rig.call('capabilities_list_providers', { search: 'mock' });
  expect(many.json.rows).toHaveLength(20);
  expect(many.json.not_shown).toBeGreaterThan(5);
});

test.each([
  ['capabilities_list_providers', ['connector', 'operations', 'provider_config']],
  ['capabilities_list_connectors', ['providers']],
])('%s with everything expanded stays below 3,000 tokens, and names all providers', async (tool, expand) => {
  const { text } = await rig.call(tool, { expand });
  expect(tokensOf(text)).toBeLessThan(3_000);
  expect(text).toContain('capabilities_get_provider');
  expect(ids.filter((id) => !text.includes(`"${id}":`))).toEqual([]);
});
