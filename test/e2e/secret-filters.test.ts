import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HttpRig, startHttpRig } from './http-support.ts';
import { type Program, programOf, type Rig, startProgram, startRig } from './support.ts';

/*
 * A filter or an order by what is withheld would tell it letter by letter: none may be sent, however the field is written.
 */
let rig: Rig;
let compact: Program;
let revealing: Program;
beforeAll(async () => {
  rig = await startRig();
  const start = (...args: string[]) =>
    startProgram(['--base-url', rig.sandbox.baseUrl, ...args], {
      SYNQLY_TOKEN: rig.sandbox.token,
      SYNQLY_PERMISSIONS: 'ignore',
    });
  [compact, revealing] = await Promise.all([start('--surface', 'compact'), start('--reveal-secrets')]);
});
afterAll(async () => {
  await Promise.all([compact.close(), revealing.close()]);
  await rig.close();
});

const account = { account_id: 'tern-freight' };
const owner = { owner_id: 'tern-freight' };

async function expectRefused(
  tool: string,
  args: Record<string, unknown>,
  argument: string,
  by: Program = rig,
) {
  const before = rig.exchanges.length;
  const isCompact = by === compact;
  const { json, text } = isCompact
    ? await by.call('run_read', { operation: tool, arguments: args })
    : await by.call(tool, args);
  expect(json.error, text).toMatchObject({
    code: 'invalid_arguments',
    message: expect.stringMatching(/cannot be filtered or ordered by fields that can hold a secret/),
    retry: 'no',
    arguments: [{ argument }],
  });
  expect(rig.exchanges).toHaveLength(before);
}

describe.each([
  ['audit_list', {}, ['response', 'body', 'Response', 'BODY', 'res%70onse', 'response%', '*', 'b?dy']],
  [
    'audit_list',
    {},
    ['body.secret', 'audit.body', 'result[].response', '"response"', 'ｒesponse', 'response '],
  ],
  [
    'tokens_list',
    {},
    ['primary', 'primary.access', 'primary.access.secret', 'Secondary.Refresh', 'access', 'secret'],
  ],
  ['tokens_list', {}, ['primary%2Eaccess', 'primary/access', 'token']],
  [
    'integrations_list',
    {},
    ['provider_config', 'providerConfig', 'provider-config', 'provider_config.client_secret'],
  ],
  [
    'integrations_list',
    {},
    ['provider_config.credential', 'provider_config.webhook_url', 'provider_config.endpoints.main'],
  ],
  [
    'integrations_list',
    {},
    ['webhook_config', 'webhook_config.provider_key', 'webhook_config.items.integrator_key'],
  ],
  ['integrations_list_account', account, ['provider_config.subscription_key', 'provider_config.Session']],
  ['status_list', {}, ['integration', 'integration.provider_config', 'component.integration.webhook_config']],
  [
    'credentials_list',
    owner,
    ['config', 'config.secret', 'config.private_key', 'config~1secret', 'config.extra', 'config.extra.any'],
  ],
  ['organizationWebhooks_list', {}, ['secret', 'secret.value']],
])('%s', (tool, args, fields) => {
  test.each(fields)('a secret cannot be used to filter or order by %s', async (field) => {
    await expectRefused(tool, { ...args, filter: [`${field}[like]%a%`] }, 'filter.0');
    await expectRefused(tool, { ...args, order: ['name', `${field}[desc]`] }, 'order.1');
  });
});

test.each([
  ['filter', 'response[not like]%a%'],
  ['filter', 'response=abc'],
  ['filter', 'response like abc'],
  ['filter', 'like(response, abc)'],
  ['filter', 'method[eq]GET,response[like]%a%'],
  ['filter', 'method[eq]GET&body[like]%a%'],
  ['filter', 'filter[response][like]%a%'],
  ['order', 'response'],
  ['order', '-response'],
  ['order', 'response:desc'],
  ['order', 'desc(response)'],
])('a %s that reads %s is refused', (argument, text) =>
  expectRefused('audit_list', { [argument]: [text] }, `${argument}.0`),
);

test('secrets cannot be filtered by on the compact surface, in a preview, with --reveal-secrets, or in read_more', async () => {
  const args = { filter: ['response[like]%a%'] };
  await expectRefused('audit_list', args, 'filter.0', compact);
  await expectRefused('audit_list', args, 'filter.0', revealing);
  await expectRefused('preview_call', { tool: 'audit_list', arguments: args }, 'filter.0');
  await expectRefused('read_more', { tool: 'audit_list', arguments: args, cursor: '#/result' }, 'filter.0');
});

test('secrets cannot be filtered by over HTTP', async () => {
  const http: HttpRig = await startHttpRig();
  const program = programOf(await http.connect(http.sandbox.token), () => '');
  const { json } = await program.call('audit_list', { filter: ['response[like]%a%'] });
  expect(json.error.message).toMatch(/can hold a secret/);
  await http.close();
});

test.each([
  ['audit_list', {}, ['method', 'path', 'code', 'user_agent', 'status']],
  ['tokens_list', {}, ['id', 'token_type', 'owner_type', 'token_ttl', 'member_id', 'expires']],
  [
    'integrations_list',
    {},
    ['name', 'category', 'integration_point_id', 'provider_config.type', 'refresh_token_id'],
  ],
  ['integrations_list', {}, ['provider_config.url', 'webhook_config.items.webhook_url', 'account.name']],
  ['status_list', {}, ['integration.name', 'integration_id', 'status', 'response_duration']],
  ['credentials_list', owner, ['name', 'owner_type', 'config.type', 'managed']],
  ['organizationWebhooks_list', {}, ['name', 'credential_id', 'url']],
  ['accounts_list', {}, ['name', 'secret_count', 'secretary']],
])('%s can be filtered and ordered by other fields', async (tool, args, fields) => {
  for (const field of fields) {
    for (const query of [{ filter: [`${field}[eq]x`] }, { order: [`${field}[desc]`] }]) {
      const before = rig.exchanges.length;
      const { text } = await rig.call(tool, { ...args, ...query });
      expect(text).not.toContain('can hold a secret');
      expect(rig.exchanges.length, field).toBeGreaterThan(before);
    }
  }
});

test("a filter value may look like a secret's name or filter", async () => {
  for (const filter of ['fullname[eq]my secret', 'name[in]token,body', 'fullname[like]%response[1]%']) {
    const { text } = await rig.call('accounts_list', { filter: [filter] });
    expect(text).not.toContain('can hold a secret');
  }
});
