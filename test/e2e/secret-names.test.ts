import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Rig, startProgram, startRig } from './support.ts';

/*
 * What is a secret is told by one test, whatever the letter case, the way words are joined, and the encoding of a path.
 */
const account = { account_id: 'heron' };
const integration = { ...account, integration_id: 'hooks' };
const credential = { owner_id: 'heron', credential_id: 'key' };
const stored = 'stored-key-of-the-integrator-4d0b';
const secret = 'given-secret-9e51c7aa';
let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ env: { SYNQLY_SECRET_GIVEN: secret, SYNQLY_SECRET_STORED: stored } });
  await rig.call('accounts_create', { name: 'heron', environment: 'test' });
  await rig.call('credentials_create', {
    owner_id: 'heron',
    name: 'key',
    config: { type: 'token', secret: 'first-secret-of-the-key' },
  });
  const { isError, text } = await rig.call('integrations_create', {
    ...account,
    name: 'hooks',
    provider_config: { type: 'ticketing_mock_ticketing' },
    webhook_config: { items: [{ webhook_url: 'https://hooks.example.com', integrator_key: stored }] },
  });
  expect(isError, text).toBe(false);
});
afterAll(() => rig.close());

const preview = (tool: string, args: Record<string, unknown>) =>
  rig.call('preview_call', { tool, arguments: args });

describe('a step of a patch sets a secret at', () => {
  test.each([
    '/config/secret',
    '/config/Secret',
    '/config/SECRET',
    '/config~1secret',
    '/config~01secret',
    '/config%2Fsecret',
    '/config%2fSecret',
    '/config/%73ecret',
    '/config/%2573ecret',
    '/config/ｓｅｃｒｅｔ',
    '/config／secret',
    '/config/clientSecret',
    '/config/client-secret',
    '/Config/Private_Key',
    '/config/api_key',
    '/config/password',
    '/secret/value',
    '#/config/secret',
  ])('%s', async (path) => {
    const patch = (value: unknown) => ({ ...credential, patch: [{ op: 'add', path, value }] });
    // Only at a place that is a secret's, to the letter, is a reference taken.
    const isPlace = /^\/config\/(client-?)?(secret|private_key)$/i.test(path);
    const referring = await preview('credentials_patch', patch('${env:SYNQLY_SECRET_GIVEN}'));
    expect(referring.json.error?.code).toBe(isPlace ? undefined : 'secret_reference');
    const { text, json } = await preview('credentials_patch', patch(secret));
    expect(text).not.toContain(secret);
    expect(json.sends.body[0].value).toBe('[withheld]');
  });

  test.each(['/fullname', '/config/token_url', '/config/secret_count', '/refresh_token_id', '/config/type'])(
    'a step of a patch at %s sets no secret',
    async (path) => {
      const patch = [{ op: 'add', path, value: '${env:SYNQLY_SECRET_GIVEN}' }];
      const { json } = await preview('credentials_patch', { ...credential, patch });
      expect(json.error?.code).toBe('secret_reference');
    },
  );
});

test.each([
  ['integrations_create', { provider_config: { type: 'siem_splunk', clientSecret: secret } }],
  ['integrations_create', { provider_config: { type: 'siem_splunk', deep: [{ 'Client-Secret': secret }] } }],
  ['integrations_create', { provider_config: { type: 'siem_splunk', secret: { value: secret } } }],
  ['integrations_create', { provider_config: { type: 'siem_splunk', Session: [secret] } }],
  ['integrations_create', { provider_config: { type: 'siem_splunk', token: { value: secret } } }],
  [
    'integrations_create',
    { provider_config: { type: 'siem_splunk', api_key: { type: 'token', value: secret } } },
  ],
  [
    'integrations_create',
    { provider_config: { type: 'siem_splunk', credential: { type: 't', value: secret } } },
  ],
  ['integrations_create', { provider_config: { type: 'siem_splunk', credential: secret } }],
  ['integrations_create', { provider_config: { type: 'siem_splunk', passphrases: [secret] } }],
  ['integrations_create', { provider_config: { type: 'siem_splunk', pin: secret } }],
  [
    'integrations_create',
    { provider_config: { type: 'siem_splunk', raw: JSON.stringify({ password: secret }) } },
  ],
  [
    'integrations_create',
    { provider_config: { type: 'siem_splunk', raw: ` [{"token": {"value": "${secret}"}}]` } },
  ],
  [
    'integrations_create',
    { provider_config: { type: 'siem_splunk', credential: { type: 'x', Secret: secret } } },
  ],
])('%s withholds the secret in %j', async (tool, args) => {
  const { text } = await preview(tool, { ...account, name: 'next', ...args });
  expect(text).toContain('[withheld]');
  expect(text).not.toContain(secret);
});

test('a further field of a credential is a secret by its name', async () => {
  const config = { type: 'o_auth_client', client_id: 'id', client_secret: '${env:SYNQLY_SECRET_GIVEN}' };
  const extra = { audience: 'everyone', clientAssertionPassword: secret };
  const args = { owner_id: 'heron', config: { ...config, extra } };
  const { text } = await preview('credentials_create', args);
  expect(text).not.toContain(secret);
  expect(text).toContain('everyone');
});

test('fields of an answer that are named like secrets are withheld, and no others', async () => {
  const { json } = await rig.call('integrations_get', integration);
  const { integration: collection } = rig.sandbox.state.collections;
  const before = collection.get(json.result.id);
  const hidden = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'].map(
    (word) => `${word}-secret-6a`,
  );
  const shown = {
    url: 'https://shown.example.com',
    token_url: 'https://shown-too.example.com',
    useToken: true,
  };
  collection.replace({
    ...before,
    provider_config: {
      ...(before.provider_config as object),
      ...shown,
      clientSecret: hidden[0],
      Secret: { nested: hidden[1] },
      'api-key': hidden[2],
      Api_Key: { type: 'token', secret: hidden[3], value: 'shown-as-well' },
      list: [{ SESSION: [hidden[4]] }],
      token: { value: hidden[5] },
      passphrase: [hidden[6]],
      settings: JSON.stringify({ shown: 'shown-in-a-text', login: { apiKey: hidden[7] } }),
      service_credential: hidden[8],
      stored_credential: { type: 'token_id', value: 'id-of-a-credential' },
    },
  });
  const answer = await rig.call('integrations_get', integration);
  collection.replace(before);
  for (const one of hidden) expect(answer.text).not.toContain(one);
  expect(answer.json.result.provider_config).toMatchObject({
    ...shown,
    Api_Key: { value: 'shown-as-well' },
    settings: '{"shown":"shown-in-a-text","login":{"apiKey":"[withheld]"}}',
    stored_credential: { value: 'id-of-a-credential' },
  });
});

async function expectKept(tool: string, args: Record<string, unknown>, argument: string) {
  const before = rig.exchanges.length;
  const { json, text } = await rig.call(tool, args);
  expect(json.error, text).toMatchObject({ code: 'invalid_arguments', arguments: [{ argument }] });
  expect(rig.exchanges).toHaveLength(before);
}

describe('a secret is not taken out of its field', () => {
  test.each([
    ['credentials_patch', credential, '/config/Secret', '/fullname'],
    ['credentials_patch', credential, '/config~1secret', '/fullname'],
    ['credentials_patch', credential, '/config/%73ecret', '/fullname'],
    ['credentials_patch', credential, '/config', '/fullname'],
    ['credentials_patch', credential, '/Config', '/extra'],
    ['credentials_patch', credential, '', '/extra'],
    ['integrations_patch', integration, '/webhook_config', '/bridge_selector'],
    ['integrations_patch', integration, '/webhook_config/items', '/mappings'],
    ['integrations_patch', integration, '/webhookConfig/items/0', '/provider_config/x'],
    ['integrations_patch', integration, '/provider_config', '/bridge_selector'],
    ['integrations_patch', integration, '/provider_config/credential', '/bridge_selector'],
    ['integrations_patch', integration, '/provider_config/search_service_credential', '/fullname'],
    ['integrations_patch', integration, '', '/mappings'],
  ])('by %s of %j from "%s" to %s', async (tool, args, from, path) => {
    for (const op of ['copy', 'move'])
      await expectKept(tool, { ...args, patch: [{ op, from, path }] }, 'patch.0.from');
  });

  test.each([
    ['/name', '/fullname'],
    ['/provider_config/url', '/provider_config/other_url'],
    ['/provider_config/credential', '/provider_config/search_credential'],
    ['/webhook_config/items/0', '/webhook_config/items/-'],
  ])('a value that stays withheld may be copied from %s to %s', async (from, path) => {
    const before = rig.exchanges.length;
    const { json } = await rig.call('integrations_patch', {
      ...integration,
      patch: [
        { op: 'copy', from, path },
        { op: 'test', path: '/fullname', value: 'so that nothing is changed' },
      ],
    });
    expect(json.error?.code).not.toBe('invalid_arguments');
    expect(rig.exchanges.length).toBeGreaterThan(before);
  });
});

describe('a secret cannot be guessed', () => {
  test.each([
    ['/webhook_config/items/0/integrator_key', stored, 'patch.0.value'],
    ['/webhook_config/items/0/integratorKey', stored, 'patch.0.value'],
    ['/webhook_config/items/0', { webhook_url: 'u', integrator_key: stored }, 'patch.0.value.integrator_key'],
    ['/webhook_config', { items: [{ integrator_key: stored }] }, 'patch.0.value.items.0.integrator_key'],
  ])('by a test of %s', async (path, value, argument) => {
    const args = { ...integration, patch: [{ op: 'test', path, value }] };
    await expectKept('integrations_patch', args, argument);
    await expectKept('preview_call', { tool: 'integrations_patch', arguments: args }, argument);
  });

  test('a test with a reference is sent, and so is a test of a field that is no secret', async () => {
    const path = '/webhook_config/items/0/integrator_key';
    for (const [at, value] of [
      [path, '${env:SYNQLY_SECRET_STORED}'],
      ['/name', 'hooks'],
    ]) {
      const patch = [{ op: 'test', path: at, value }];
      const { isError, text } = await rig.call('integrations_patch', { ...integration, patch });
      expect(isError, text).toBe(false);
      expect(text).not.toContain(stored);
    }
  });

  test.each(['integrations_patch', 'integrations_update'])(
    'by a preview of %s, which is the same for a right and a wrong guess',
    async (tool) => {
      const items = (integrator_key: string) => [
        { webhook_url: 'https://hooks.example.com', integrator_key },
      ];
      const argsFor = (key: string) =>
        tool === 'integrations_update'
          ? { webhook_config: { items: items(key) } }
          : { patch: [{ op: 'replace', path: '/webhook_config/items/0/integrator_key', value: key }] };
      const [right, wrong] = [
        await preview(tool, { ...integration, ...argsFor(stored) }),
        await preview(tool, { ...integration, ...argsFor('another-key-of-it-01') }),
      ];
      expect(right.json.changes).toHaveLength(1);
      expect(right.json.changes).toEqual(wrong.json.changes);
    },
  );
});

test('with --reveal-secrets a secret may be copied and tested, as it is shown', async () => {
  const program = await startProgram(['--base-url', rig.sandbox.baseUrl, '--reveal-secrets'], {
    SYNQLY_TOKEN: rig.sandbox.token,
  });
  const patch = [{ op: 'test', path: '/webhook_config/items/0/integrator_key', value: stored }];
  expect((await program.call('integrations_patch', { ...integration, patch })).isError).toBe(false);
  await program.close();
});
