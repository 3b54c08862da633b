import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogue, findOperation } from '../../src/tools/catalogue.ts';
import { changing, makeChange } from './changes.ts';
import { type Ground, makeTarget, prepareGround } from './destroys.ts';
import { type Program, startProgram } from './support.ts';

let ground: Ground;
let subject: Program;
beforeAll(async () => {
  ground = await prepareGround();
  subject = await startProgram(['--base-url', ground.sandbox.baseUrl, '--confirm', 'never'], {
    SYNQLY_TOKEN: ground.sandbox.token,
  });
}, 30_000);
afterAll(async () => {
  await subject.close();
  await ground.close();
});

const groupOf = (tool: string) => tool.slice(0, tool.indexOf('_'));

/** The object without the time of its last change. */
async function read(tool: string, naming: Record<string, unknown>) {
  const { updated_at, ...rest } = await ground.make(`${groupOf(tool)}_get`, naming);
  return rest;
}

test('20 operations change fields', () => {
  expect(changing).toHaveLength(20);
});

describe.each(changing)('%s', (tool) => {
  test('offers its inverse, which restores the object', async () => {
    const { args, naming } = await makeChange(tool, ground);
    const before = await read(tool, naming);
    const { json, text, isError } = await subject.call(tool, args);
    expect(isError, text).toBe(false);
    const byId = groupOf(tool) === 'accounts' ? { account_id: before.id } : naming;
    expect(await read(tool, byId)).not.toEqual(before);
    expect(json.undo.tool).toBe(`${groupOf(tool)}_patch`);
    expect(text).not.toContain('the-next-secret-of-it');
    const undone = await subject.call(json.undo.tool, json.undo.arguments);
    expect(undone.isError, undone.text).toBe(false);
    expect(await read(tool, naming)).toEqual(before);
  });
});

test('says that a secret cannot be restored', async () => {
  const { args } = await makeChange('credentials_update', ground);
  const { json } = await subject.call('credentials_update', args);
  expect(json.undo.note).toMatch(/secret cannot be restored/);
  expect(JSON.stringify(json.undo.arguments)).not.toMatch(/config|withheld/);
});

test('offers no undo of a credential that changed its type', async () => {
  const { args } = await makeTarget('credentials_delete', ground);
  const config = { type: 'basic', username: 'svc', secret: 'another-secret-of-it' };
  const { json } = await subject.call('credentials_update', { ...args, config, fullname: 'Renamed' });
  expect(json.undo.arguments.patch).toEqual([
    { op: 'replace', path: '/fullname', value: args.credential_id },
  ]);
});

test('offers no partial undo of a replaced credential', async () => {
  const target = await makeTarget('integrations_delete', ground);
  const { json: point } = await subject.call('integrations_get', target.args);
  const splunk = (secret: string) => ({
    ...target.args,
    patch: [
      {
        op: 'replace',
        path: '/provider_config',
        value: {
          type: 'siem_splunk',
          search_service_url: 'https://splunk.example.com:8089',
          search_service_credential: { type: 'token', secret },
        },
      },
    ],
  });
  expect(point.result.provider_config.type).toBe('siem_mock_siem');
  for (const secret of ['first-splunk-secret', 'second-splunk-secret']) {
    const { json, text } = await subject.call('integrations_patch', splunk(secret));
    expect(text).not.toContain(secret);
    expect(json.undo, text).toEqual({ note: expect.stringMatching(/secret cannot be restored/) });
  }
});

test('a change without effect offers no undo', async () => {
  const { args } = await makeTarget('accounts_delete', ground);
  const { json } = await subject.call('accounts_update', args);
  expect(json).not.toHaveProperty('undo');
});

test('an undo that is too long is left out', async () => {
  const { args } = await makeTarget('mappings_delete', ground);
  await subject.call('mappings_update', { ...args, data: JSON.stringify({ long: 'x'.repeat(20_000) }) });
  const { json } = await subject.call('mappings_update', { ...args, data: '{}' });
  expect(json.undo).toEqual({ note: expect.any(String) });
});

test('under a pin the undo leaves out the pinned arguments', async () => {
  const { args } = await makeTarget('accounts_delete', ground);
  const pinned = await startProgram(
    ['--base-url', ground.sandbox.baseUrl, '--account', String(args.account_id)],
    { SYNQLY_TOKEN: ground.sandbox.token },
  );
  const { json } = await pinned.call('accounts_update', { fullname: 'Pinned' });
  expect(json.undo.arguments).not.toHaveProperty('account_id');
  expect((await pinned.call(json.undo.tool, json.undo.arguments)).json.result.fullname).toBe(args.account_id);
  await pinned.close();
});

/** References stand in answers where a deleted object's secrets are no use to anyone. */
const withoutReferences = (object: unknown) =>
  JSON.parse(JSON.stringify(object).replaceAll(/\$\{secret:[0-9a-f]+\}/g, '[withheld]'));

// Of a token there is more that is of no use once it is gone; it has a test of its own below.
const deleting = catalogue
  .map(({ id }) => id)
  .filter((id) => id.endsWith('_delete') && id !== 'tokens_delete');

describe.each(deleting)('%s', (tool) => {
  test('returns the deleted object without its secrets', async () => {
    const { args } = await makeTarget(tool, ground);
    const before = await subject.call(`${groupOf(tool)}_get`, args);
    const { json, isError } = await subject.call(tool, args);
    expect(isError).toBe(false);
    expect(json.deleted).toEqual(withoutReferences(before.json.result));
    expect(findOperation(tool)?.effect).toBe('destroy');
  });
});

test('returns of a deleted token only what is needed to create a similar one', async () => {
  const { args } = await makeTarget('tokens_delete', ground);
  const { result } = (await subject.call('tokens_get', args)).json;
  const { json } = await subject.call('tokens_delete', args);
  const role = result.primary.access.permissions.adhoc_role;
  expect(json.deleted).toEqual({
    id: result.id,
    name: result.name,
    ...(result.fullname && { fullname: result.fullname }),
    owner_type: result.owner_type,
    ...(result.token_ttl && { token_ttl: result.token_ttl }),
    'primary.access.permissions.adhoc_role': role,
  });
  expect(role.permission_set).toBeTruthy();
});

test('a change is sent even if the object cannot be read first', async () => {
  const { args } = await makeTarget('accounts_delete', ground);
  ground.sandbox.faults.add({ route: 'accounts_get', status: 403 });
  const patch = [{ op: 'replace', path: '/fullname', value: 'Unread' }];
  const { json, isError } = await subject.call('accounts_patch', { ...args, patch });
  ground.sandbox.faults.clear();
  expect(isError).toBe(false);
  expect(json).not.toHaveProperty('undo');
});
