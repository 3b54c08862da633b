import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FakeSynqly, startFakeSynqly } from './fake-synqly.ts';
import { canary, type Program, startProgram } from './support.ts';

let fake: FakeSynqly;
let program: Program;
/** What `integrations_list_account` answers, by how often it was asked. */
let integrations: (time: number) => unknown[] = () => [];
let asked = 0;

beforeAll(async () => {
  fake = await startFakeSynqly(({ method, path }) => {
    if (method === 'DELETE') return { status: 204 };
    if (path === '/v1/accounts/a1') return { json: { result: { id: 'a1', name: 'acme' } } };
    if (path !== '/v1/integrations/a1') return { json: { result: [] } };
    asked += 1;
    return { json: { result: integrations(asked) } };
  });
  program = await startProgram(['--base-url', fake.url, '--permissions', 'ignore'], { SYNQLY_TOKEN: canary });
});

afterAll(async () => {
  await program.close();
  fake.close();
});

async function deleteAccount() {
  asked = 0;
  const { json } = await program.call('accounts_delete', { account_id: 'a1' });
  const { id, preview } = json.error.confirmation;
  return { preview, ended: await program.call('confirm_call', { id }) };
}

const row = (id: string) => ({ id, name: `name-${id}`, account_id: 'a1' });

test('the same rows in another order are the same', async () => {
  integrations = (time) => (time === 1 ? [row('p'), row('q')] : [row('q'), row('p')]);
  expect((await deleteAccount()).ended.isError).toBe(false);
});

test('a different row in place of one is a change', async () => {
  integrations = (time) => (time === 1 ? [row('p'), row('q')] : [row('q'), row('r')]);
  expect((await deleteAccount()).ended.json.error.code).toBe('object_changed');
});

test('a row without a name is shown by its id, and by nothing without an id', async () => {
  integrations = () => [
    { id: 'p', name: { secret: 'not-a-name-51' }, account_id: 'a1' },
    { name: null, account_id: 'a1' },
    row('q'),
  ];
  const { preview } = await deleteAccount();
  expect(preview.affects.integrations).toEqual({ count: 3, names: ['p', 'name-q'] });
});
