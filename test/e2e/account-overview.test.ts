import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { postTo } from './http-support.ts';
import { type Caller, getFrom, type Json, openCaller, rowsOf, ways } from './workflows-support.ts';

const tool = 'account_overview';
const customer = 'aldermere-logistics';

let sandbox: Sandbox;
let accountId: string;
beforeAll(async () => {
  sandbox = await startSandbox();
  const { id } = (await getFrom(sandbox, `/v1/accounts/${customer}`)).result;
  accountId = id;
  const config = { type: 'token', secret: 'a-secret-of-the-test' };
  const expired = { name: 'old-key', config, expires: '2026-01-01T00:00:00Z' };
  await postTo(sandbox, `/v1/credentials/${id}`, expired);
  await postTo(sandbox, `/v1/integrations/${id}`, {
    name: 'behind-bridge',
    provider_config: { type: 'siem_mock_siem' },
    bridge_selector: { type: 'labels', value: ['site:main'] },
  });
  await postTo(sandbox, '/v1/roles', {
    name: 'only-aldermere',
    permission_set: 'viewer',
    resources: { accounts: { ids: [id] } },
  });
  await postTo(sandbox, '/v1/roles', {
    name: 'not-aldermere',
    permission_set: 'viewer',
    resources: { accounts: { ids: ['*'], environments: ['test'] } },
  });
  await postTo(sandbox, '/v1/roles', {
    name: 'other-label',
    permission_set: 'viewer',
    resources: { accounts: { ids: ['*'], labels: ['region:apac'] } },
  });
  await postTo(sandbox, '/v1/tokens', {
    name: 'contractor',
    permission_set: 'viewer',
    resources: { accounts: { ids: [id] } },
  });
});
afterAll(() => sandbox.close());

describe.each(ways)('account_overview on the %s surface over %s', (...way) => {
  let caller: Caller;
  let json: Json;
  let text: string;
  beforeAll(async () => {
    caller = await openCaller(sandbox, way);
    ({ json, text } = await caller.run(tool, { account_id: customer }));
  });
  afterAll(() => caller.close());

  test('has every integration with its status', async () => {
    const { result: integrations } = await getFrom(sandbox, `/v1/integrations/${accountId}`);
    const { result: statuses } = await getFrom(sandbox, `/v1/status?filter=account_id%5Beq%5D${accountId}`);
    const rows = rowsOf(json);
    expect(rows.map(({ integration }) => integration)).toEqual(integrations.map(({ name }: Json) => name));
    expect(rows.map(({ status }) => status)).toEqual(
      integrations.map(
        ({ id }: Json) => statuses.find(({ integration_id }: Json) => integration_id === id).status,
      ),
    );
    expect(json.summary).toContain('Not healthy: edr-crowdstrike (degraded), siem-splunk (error).');
    expect(rows.find(({ integration }) => integration === 'behind-bridge').bridge).toBe('datacenter');
  });

  test('has the credentials of the account and of its integrations, with what expires', () => {
    const credentials = rowsOf(json.credentials);
    expect(credentials.find(({ credential }) => credential === 'old-key')).toMatchObject({
      owner: 'account',
      type: 'token',
      expires: 'expired 2026-01-01T00:00Z',
      used_by: 'no integration',
    });
    expect(credentials.find(({ owner }) => owner === 'siem-splunk')).toMatchObject({
      type: 'token',
      used_by: 'siem-splunk',
    });
    expect(json.summary).toContain('1 credential or token expired or will within 30 days.');
  });

  test('has the bridges with their state, and the tokens of the integrations', () => {
    expect(rowsOf(json.bridges)).toEqual([
      { bridge: 'datacenter', state: '2 connected', labels: ['site:main'] },
    ]);
    const tokens = rowsOf(json.tokens);
    expect(tokens.map(({ owner }) => owner)).toEqual([
      ...rowsOf(json).map(({ integration }) => integration),
      'organization',
    ]);
    expect(tokens.at(-1)).toMatchObject({ token: 'contractor', permission_set: 'viewer' });
  });

  test('has the roles that reach the account, and how, and the integration points that it uses', () => {
    const reach = new Map(rowsOf(json.roles).map(({ role, reach }) => [role, reach]));
    expect(reach.get('only-aldermere')).toBe('named');
    expect(reach.get('emea-accounts')).toBe('by label');
    expect(reach.get('support-prod')).toBe('by environment');
    expect(reach.has('not-aldermere')).toBe(false);
    expect(reach.has('other-label')).toBe(false);
    expect(json.summary).toContain(`${reach.size} roles can reach it.`);
    expect(rowsOf(json.integration_points).map((one) => one.integration_point)).toEqual([
      'edr',
      'siem',
      'ticketing',
    ]);
  });

  test('is short, and suggests calls that work', async () => {
    console.log(`${tool}: ${encode(text).length} tokens`);
    expect(encode(text).length).toBeLessThan(1_200);
    expect(json.next.length).toBeGreaterThan(0);
    for (const { tool: next, arguments: args } of json.next)
      expect((await caller.run(next, args)).isError, next).toBe(false);
  });

  test('answers an absent account as accounts_get does', async () => {
    const absent = await caller.run(tool, { account_id: 'aldermere' });
    expect(absent.json.error.code).toBe('not_found');
    expect(JSON.stringify(absent.json)).toContain(customer);
  });
});

test('counts and names nothing that could not be read', async () => {
  sandbox.faults.add({ route: 'bridges_list', status: 500 });
  sandbox.faults.add({ route: 'credentials_list', status: 403 });
  sandbox.faults.add({ route: 'status_list', status: 500 });
  const caller = await openCaller(sandbox, ['full', 'stdio']);
  const { json } = await caller.run(tool, { account_id: customer });
  sandbox.faults.clear();
  expect(json.summary).toMatch(/^Aldermere Logistics \(prod\) has 4 integrations\. /);
  expect(json.summary).not.toMatch(/credential|bridge|healthy|status/);
  expect(JSON.stringify(json)).not.toContain('no such bridge');
  expect(json.not_read.map(({ operation }: Json) => operation).sort()).toEqual([
    'bridges_list',
    'credentials_list',
    'status_list',
  ]);
  await caller.close();
});
