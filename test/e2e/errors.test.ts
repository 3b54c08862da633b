import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Rig, startProgram, startRig } from './support.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ args: ['--confirm', 'never'] });
});
afterEach(() => rig.sandbox.faults.clear());
afterAll(() => rig.close());

describe('errors that the sandbox answers', () => {
  test('400 for an invalid filter', async () => {
    const { isError, json } = await rig.call('accounts_list', { filter: ['shoe_size[eq]42'] });
    expect(isError).toBe(true);
    expect(json.error).toMatchObject({ code: 'invalid_request', status: 400, retry: 'no' });
    expect(json.error.next).toBeTruthy();
    expect(json.error.request_id).toBeTruthy();
    expect(json.error.upstream).toMatchObject({
      message: expect.any(String),
      parameter: { id: 'filter', location: 'query' },
    });
  });

  test('403: a built-in object is not blamed on the token alone', async () => {
    const { json } = await rig.call('roles_delete', { role_id: 'administrator' });
    expect(json.error).toMatchObject({ code: 'forbidden', status: 403 });
    expect(json.error.next).toContain('built in');
    expect(json.error.upstream.message).toContain('built in');
  });

  test('404: a credential under the wrong owner leads to its owner', async () => {
    const account = 'aldermere-logistics';
    const found = await rig.call('integrations_get', { account_id: account, integration_id: 'siem-splunk' });
    const credentialId = found.json.result.provider_config.search_service_credential.value;
    const wrong = await rig.call('credentials_get', { owner_id: account, credential_id: credentialId });
    expect(wrong.json.error).toMatchObject({ code: 'not_found', status: 404 });
    expect(wrong.json.error.next).toContain('credentials_lookup');

    const lookup = await rig.call('credentials_lookup', { credential_id: credentialId });
    const right = { owner_id: lookup.json.result.integration_id, credential_id: credentialId };
    expect((await rig.call('credentials_get', right)).isError).toBe(false);
  });

  test('401: a token that is not known', async () => {
    const program = await startProgram(['--base-url', rig.sandbox.baseUrl], {
      SYNQLY_TOKEN: 'unknown-token-value',
    });
    const { json } = await program.call('accounts_list');
    await program.close();
    expect(json.error).toMatchObject({ code: 'unauthorized', status: 401, retry: 'no' });
  });

  test('402: the organization is disabled', async () => {
    rig.sandbox.state.organization.state = 'disabled';
    const { json } = await rig.call('accounts_list');
    rig.sandbox.state.organization.state = 'enabled';
    expect(json.error).toMatchObject({ code: 'payment_required', status: 402, retry: 'no' });
  });

  test('403: the token may only read', async () => {
    const created = await fetch(`${rig.sandbox.baseUrl}/v1/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${rig.sandbox.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ permission_set: 'viewer', resources: {} }),
    });
    const { result } = (await created.json()) as { result: { primary: { access: { secret: string } } } };
    const program = await startProgram(['--base-url', rig.sandbox.baseUrl], {
      SYNQLY_TOKEN: result.primary.access.secret,
    });
    const [read, write] = [await program.call('accounts_list'), await program.call('accounts_create')];
    await program.close();
    expect(read.isError).toBe(false);
    expect(write.json.error).toMatchObject({ code: 'forbidden', status: 403 });
  });

  test('404: there is no such account', async () => {
    const { json } = await rig.call('accounts_get', { account_id: 'nobody' });
    expect(json.error).toMatchObject({ code: 'not_found', status: 404 });
  });

  test('409: a name is taken, whatever its case', async () => {
    await rig.call('accounts_create', { name: 'taken' });
    const { json } = await rig.call('accounts_create', { name: 'TAKEN' });
    expect(json.error).toMatchObject({ code: 'conflict', status: 409, retry: 'no' });
    expect(json.error.upstream.resources).toEqual([
      expect.objectContaining({ type: 'account', name: 'taken', id: expect.any(String) }),
    ]);
    // The message and the next step do not say the same.
    expect(json.error.next).not.toContain('conflicts');
  });

  test('409: the other object stays without a name when it cannot be read', async () => {
    rig.sandbox.faults.add({ route: 'accounts_get', status: 403 });
    const { json } = await rig.call('accounts_create', { name: 'taken' });
    rig.sandbox.faults.clear();
    expect(json.error.code).toBe('conflict');
    expect(json.error.upstream.resources[0]).toEqual({
      type: 'account',
      id: expect.any(String),
      rel: 'cause',
    });
  });

  test('a provider that refuses the credential says so in its own words, as data', async () => {
    await rig.call('accounts_create', { name: 'refused', environment: 'test' });
    const { json, text } = await rig.call('integrations_verify', {
      account_id: 'refused',
      provider_config: {
        type: 'siem_splunk',
        search_service_url: 'https://splunk.example.com',
        search_service_credential: { type: 'token', secret: 'bad-secret-value' },
      },
    });
    expect(json.error.upstream).toMatchObject({ raw_error: expect.stringContaining('401') });
    expect(text).not.toContain('bad-secret-value');
  });

  test('a provider that cannot be reached is a gateway error', async () => {
    const { json } = await rig.call('integrations_verify', {
      account_id: 'refused',
      provider_config: {
        type: 'siem_splunk',
        search_service_url: 'https://splunk.invalid',
        search_service_credential: { type: 'token', secret: 'some-secret-value' },
      },
    });
    expect(json.error).toMatchObject({ code: 'gateway_error', status: 502, retry: 'check' });
  });

  test('a wrong password, which has a success status, is an error', async () => {
    const organization = await rig.call('organization_get');
    await rig.call('members_create', { name: 'kai@example.com', secret: 'correct-horse-battery-9' });
    const { isError, json } = await rig.call('auth_logon', {
      organization_id: organization.json.result.id,
      name: 'kai@example.com',
      secret: 'wrong-horse-battery-9',
    });
    expect(isError).toBe(true);
    expect(json.error).toMatchObject({ code: 'authentication_failed', auth_code: 'failure' });
    expect(rig.exchanges.at(-1)?.status).toBeLessThan(300);
  });
});

describe('every mapped status, as a client sees it', () => {
  test.each([
    [400, 'invalid_request', 'no'],
    [401, 'unauthorized', 'no'],
    [402, 'payment_required', 'no'],
    [403, 'forbidden', 'no'],
    [404, 'not_found', 'no'],
    [405, 'method_not_allowed', 'no'],
    [409, 'conflict', 'no'],
    [415, 'unsupported_media_type', 'no'],
    [429, 'rate_limited', 'safe'],
    [500, 'server_error', 'check'],
    [501, 'gateway_error', 'no'],
    [502, 'gateway_error', 'check'],
    [503, 'gateway_error', 'check'],
    [504, 'gateway_error', 'check'],
    [418, 'unexpected_status', 'no'],
  ])('%i is %s', async (status, code, retry) => {
    // A pause longer than the deadline, so that a 429 is told at once and not waited out.
    rig.sandbox.faults.add({ route: 'accounts_create', status, retryAfter: 60 });
    const { isError, json } = await rig.call('accounts_create', { name: `status-${status}` });
    expect(isError).toBe(true);
    expect(json.error).toMatchObject({
      code,
      status,
      retry,
      message: expect.stringContaining(String(status)),
    });
    expect(json.error.next.length).toBeGreaterThan(10);
  });

  test('the value of the offending parameter is left out, since it may be a secret', async () => {
    rig.sandbox.faults.add({ route: 'accounts_create', echo: true });
    const { json } = await rig.call('accounts_create', { name: 'echoed' });
    expect(json.error.upstream.parameter).toEqual({
      id: 'Authorization',
      location: 'header',
    });
  });

  test('a read that failed may be repeated as it is', async () => {
    rig.sandbox.faults.add({ route: 'accounts_list', status: 500 });
    const { json } = await rig.call('accounts_list');
    expect(json.error).toMatchObject({ code: 'server_error', retry: 'safe' });
  });
});
