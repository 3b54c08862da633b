import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeSynqly, startFakeSynqly } from './fake-synqly.ts';
import { canary, type Program, startProgram } from './support.ts';

const secret = 'held-by-synqly-3c81';
const objects: Readonly<Record<string, Record<string, unknown>>> = {
  credentials: {
    id: 'c1',
    name: 'splunk',
    owner_id: 'a1',
    owner_type: 'account',
    config: {
      type: 'o_auth_client',
      client_id: 'shown',
      Client_Secret: secret,
      token_url: 'https://t.example',
    },
  },
  'organization/webhooks': { id: 'w1', name: 'hook', url: 'https://h.example', secret: { value: secret } },
  members: { id: 'm1', name: 'dana@example.com', secret, role_binding: ['viewer'] },
};
const calls = [
  ['credentials', 'credentials', { owner_id: 'a1', credential_id: 'c1' }],
  ['organization/webhooks', 'organizationWebhooks', { webhook_id: 'w1' }],
  ['members', 'members', { member_id: 'm1' }],
] as const;

let fake: FakeSynqly;
let program: Program;

beforeAll(async () => {
  fake = await startFakeSynqly(({ method, path }) => {
    if (method === 'DELETE') return { status: 204 };
    const object = objects[Object.keys(objects).find((name) => path.startsWith(`/v1/${name}`)) ?? ''];
    const isList = method === 'GET' && !path.endsWith(String(object?.id));
    return { json: { result: isList ? [object] : object } };
  });
  const args = ['--base-url', fake.url, '--permissions', 'ignore', '--confirm', 'never'];
  program = await startProgram(args, { SYNQLY_TOKEN: canary });
});

afterAll(async () => {
  await program.close();
  fake.close();
});

describe('a secret that Synqly returns against its documentation is withheld', () => {
  test.each(calls)('of %s', async (collection, group, args) => {
    const { owner_id } = args as { owner_id?: string };
    const patch = [{ op: 'replace', path: '/fullname', value: 'Another' }];
    const answers = [
      await program.call(`${group}_get`, args),
      await program.call(`${group}_list`, { ...(owner_id && { owner_id }) }),
      await program.call(`${group}_list`, {
        ...(owner_id && { owner_id }),
        fields: ['secret', 'config', 'name'],
      }),
      await program.call(`${group}_patch`, { ...args, patch }),
      await program.call('preview_call', { tool: `${group}_patch`, arguments: { ...args, patch } }),
      await program.call(`${group}_delete`, args),
    ];
    for (const { isError, text } of answers) {
      expect(isError, text).toBe(false);
      expect(text).not.toContain(secret);
      expect(text).toContain(String(objects[collection]?.name));
    }
  });
});

test('other fields are shown, and the reference in place of the secret works', async () => {
  const { json } = await program.call('credentials_get', { owner_id: 'a1', credential_id: 'c1' });
  expect(json.result.config).toMatchObject({ client_id: 'shown', token_url: 'https://t.example' });
  const config = { type: 'token', secret: json.result.config.Client_Secret };
  await program.call('credentials_create', { owner_id: 'a1', name: 'copy', config });
  expect(JSON.parse(fake.requests.at(-1)?.body ?? '').config.secret).toBe(secret);
});
