import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Rig, startRig } from './support.ts';

const account = { account_id: 'quiet' };
const integration = { ...account, integration_id: 'tickets' };
const key = 'integrator-key-that-nobody-may-see';
let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
  await rig.call('accounts_create', { name: 'quiet', environment: 'test' });
  await rig.call('credentials_create', {
    owner_id: 'quiet',
    name: 'key',
    config: { type: 'token', secret: 'credential-that-nobody-may-see' },
  });
  const { isError, text } = await rig.call('integrations_create', {
    ...account,
    name: 'tickets',
    provider_config: { type: 'ticketing_mock_ticketing' },
    webhook_config: { items: [{ webhook_url: 'https://hooks.example.com', integrator_key: key }] },
  });
  expect(isError, text).toBe(false);
});
afterAll(() => rig.close());

test.each([
  ['integrations_patch', integration, 'copy', '/webhook_config/items/0/integrator_key'],
  ['integrations_patch', integration, 'move', '/webhook_config/items/0/integrator_key'],
  ['integrations_patch', integration, 'copy', '/webhook_config/items/0/Integrator_Key'],
  ['credentials_patch', { owner_id: 'quiet', credential_id: 'key' }, 'copy', '/config/secret'],
])('%s may not take a secret out of its field', async (tool, args, op, from) => {
  const before = rig.exchanges.length;
  const { json } = await rig.call(tool, { ...args, patch: [{ op, from, path: '/fullname' }] });
  expect(json.error).toMatchObject({
    code: 'invalid_arguments',
    arguments: [{ argument: 'patch.0.from' }],
  });
  expect(rig.exchanges.slice(before)).toEqual([]);
});

test('a patch that copies something else goes through', async () => {
  const patch = [{ op: 'copy', from: '/name', path: '/fullname' }];
  const { json } = await rig.call('integrations_patch', { ...integration, patch });
  expect(json.result.fullname).toBe('tickets');
});

test('a secret that stands in another field of the same answer is withheld there too', async () => {
  const { json } = await rig.call('integrations_get', integration);
  const stored = rig.sandbox.state.collections.integration.get(json.result.id);
  // As another program may have left it.
  rig.sandbox.state.collections.integration.replace({ ...stored, fullname: `was ${key}` });
  const answer = await rig.call('integrations_get', integration);
  expect(answer.json.result.fullname).toBe('was [withheld]');
  expect(answer.text).not.toContain(key);
});
