import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Rig, startRig } from './support.ts';

/* Paths take names in place of ids. Of bodies that is not documented, so ids are sent. */

const account = 'aldermere-logistics';
let rig: Rig;
/** Ids by name. */
let ids: { account: string; other: string; point: string; bridge: string; organization: string; own: string };

beforeAll(async () => {
  rig = await startRig({ args: ['--confirm', 'never'] });
  const idOf = async (tool: string, args: Record<string, unknown> = {}) => {
    const { json } = await rig.call(tool, args);
    return json.result.id as string;
  };
  ids = {
    account: await idOf('accounts_get', { account_id: account }),
    other: await idOf('accounts_get', { account_id: 'marrowby-foods' }),
    point: await idOf('integrationPoints_get', { integration_point_id: 'edr' }),
    bridge: await idOf('bridges_get', { account_id: account, bridge_id: 'datacenter' }),
    organization: await idOf('subOrgs_get', { organization_id: 'kestrelmoor-labs' }),
    own: await idOf('organization_get'),
  };
});
beforeEach(() => {
  rig.exchanges.length = 0;
});
afterAll(() => rig.close());

const writes = () => rig.exchanges.filter(({ method }) => method !== 'GET');
const sent = () => JSON.stringify(writes().map(({ requestBody }) => requestBody));

const scope = () => ({
  accounts: { ids: [account, ids.other] },
  organizations: { ids: ['kestrelmoor-labs'] },
});

describe('a name in a body is sent as the id', () => {
  test('in the resources of a token', async () => {
    const { isError } = await rig.call('tokens_create_token', {
      name: 'named-scope',
      permission_set: 'viewer',
      resources: scope(),
    });
    expect(isError).toBe(false);
    const { json } = await rig.call('tokens_list', { filter: ['name[eq]named-scope'] });
    expect(JSON.stringify(json.result[0])).toContain(ids.account);
    expect(sent()).toContain(`{"accounts":{"ids":["${ids.account}","${ids.other}"]}`);
    expect(sent()).toContain(`"organizations":{"ids":["${ids.organization}"]}`);
  });

  test('in the resources of a role, created, changed and patched', async () => {
    const resources = scope();
    await rig.call('roles_create', { name: 'named', permission_set: 'viewer', resources });
    await rig.call('roles_update', { role_id: 'named', resources: { accounts: { ids: [account] } } });
    const add = { op: 'add', path: '/resources/accounts/ids/-', value: 'marrowby-foods' };
    await rig.call('roles_patch', { role_id: 'named', patch: [add] });
    expect(writes()).toHaveLength(3);
    expect(sent()).not.toContain(account);
    expect(sent()).not.toContain('marrowby-foods');
    const { json } = await rig.call('roles_get', { role_id: 'named' });
    expect(json.result.resources.accounts.ids).toEqual([ids.account, ids.other]);
  });

  test('in the scope of an MCP token', async () => {
    await rig.call('tokens_create_mcp_token', { scope: { type: 'management', account_id: account } });
    expect(sent()).toContain(`"account_id":"${ids.account}"`);
  });

  test('for the integration point and the bridge of an integration', async () => {
    const { json } = await rig.call('integrations_create', {
      account_id: account,
      name: 'by-names',
      provider_config: { type: 'siem_mock_siem' },
      bridge_selector: { type: 'id', value: 'datacenter' },
    });
    expect(json.result?.integration, JSON.stringify(json)).toBeDefined();
    expect(sent()).toContain(`"value":"${ids.bridge}"`);
    const args = { account_id: account, integration_id: 'by-names', integration_point_id: 'edr' };
    const preview = await rig.call('preview_call', { tool: 'integrations_update', arguments: args });
    expect(preview.json.sends.body.integration_point_id).toBe(ids.point);
  });
});

test('ids, * and other texts are sent as they are, without a look-up', async () => {
  await rig.call('roles_create', {
    name: 'by-ids',
    description: account,
    permission_set: 'viewer',
    resources: { accounts: { ids: [ids.account, '*'], labels: [account] } },
  });
  expect(rig.exchanges.map(({ operationId }) => operationId)).toEqual(['roles_create']);
  expect(sent()).toContain(`"labels":["${account}"]`);
});

test('the name of the own organization is sent as its id', async () => {
  const { json } = await rig.call('organization_get');
  const resources = { organizations: { ids: [json.result.name] } };
  await rig.call('roles_create', { name: 'own', permission_set: 'viewer', resources });
  expect(sent()).toContain(ids.own);
});

test.each([
  [
    'tokens_create_token',
    { permission_set: 'viewer', resources: { accounts: { ids: ['aldermere'] } } },
    'an account',
  ],
  [
    'roles_create',
    { name: 'x', permission_set: 'viewer', resources: { organizations: { ids: ['no-such'] } } },
    'an organization',
  ],
  ['tokens_create_mcp_token', { scope: { type: 'developer', account_id: '../x' } }, 'an account'],
  [
    'integrations_create',
    { account_id: account, provider_config: { type: 'siem_mock_siem' }, integration_point_id: 'no-such' },
    'an integration point',
  ],
])('%s with a name of nothing is refused, and nothing is sent', async (name, args, kind) => {
  const { json } = await rig.call(name, args);
  expect(json.error).toMatchObject({
    code: 'not_found',
    message: expect.stringContaining(`name of ${kind}`),
  });
  expect(json.error.arguments).toHaveLength(1);
  expect(writes()).toEqual([]);
});
