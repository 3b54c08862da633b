import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Rig, startRig } from './support.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
  await rig.call('accounts_create', {
    name: 'acme',
    fullname: 'Acme',
    environment: 'test',
    labels: ['gold', 'eu'],
  });
});
afterAll(() => rig.close());

const read = async () => (await rig.call('accounts_get', { account_id: 'acme' })).json.result;

test('a field that is left out keeps its value', async () => {
  const before = await read();
  const { isError, json } = await rig.call('accounts_update', { account_id: 'acme', fullname: 'Acme Ltd' });
  expect(isError).toBe(false);
  expect(json.result).toEqual({ ...before, fullname: 'Acme Ltd', updated_at: json.result.updated_at });
});

test('unknown fields are sent back unchanged', async () => {
  const account = rig.sandbox.state.collections.account.get('acme');
  account.invented_later = { deep: [1, null] };
  await rig.call('accounts_update', { account_id: 'acme', fullname: 'Acme Inc' });
  const put = rig.exchanges.filter(({ method }) => method === 'PUT').at(-1);
  expect(put?.requestBody).toMatchObject({ invented_later: { deep: [1, null] }, fullname: 'Acme Inc' });
});

test('null clears a field and is not sent', async () => {
  await rig.call('accounts_update', { account_id: 'acme', labels: null });
  const put = rig.exchanges.filter(({ method }) => method === 'PUT').at(-1);
  expect(put?.requestBody).not.toHaveProperty('labels');
  expect((await read()).labels ?? []).toEqual([]);
});

test('a given list replaces the old one whole', async () => {
  await rig.call('accounts_update', { account_id: 'acme', labels: ['a', 'b'] });
  await rig.call('accounts_update', { account_id: 'acme', labels: ['c'] });
  expect((await read()).labels).toEqual(['c']);
});

test('a stale updated_at stops the call with nothing changed', async () => {
  const { updated_at } = await read();
  await new Promise((resolve) => setTimeout(resolve, 5));
  await rig.call('accounts_update', { account_id: 'acme', fullname: 'Changed by another' });
  const before = rig.exchanges.length;
  const { isError, json } = await rig.call('accounts_update', {
    account_id: 'acme',
    fullname: 'Mine',
    updated_at,
  });
  expect(isError).toBe(true);
  expect(json.error).toMatchObject({ code: 'stale_object', retry: 'no' });
  expect(rig.exchanges.slice(before).map(({ method }) => method)).toEqual(['GET']);
  expect((await read()).fullname).toBe('Changed by another');
});

test('a fresh updated_at lets the call through, however its digits are written', async () => {
  const { updated_at } = await read();
  const rewritten = updated_at.replace('Z', '+00:00');
  const { isError, text } = await rig.call('accounts_update', {
    account_id: 'acme',
    fullname: 'Fresh',
    updated_at: rewritten,
  });
  expect(isError, text).toBe(false);
});

test('a required field cannot be cleared', async () => {
  const { json } = await rig.call('accounts_update', { account_id: 'acme', fullname: null });
  expect(json.error.code).toBe('invalid_arguments');
});

test('an update of what does not exist is not found, and sends no PUT', async () => {
  const before = rig.exchanges.length;
  const { json } = await rig.call('accounts_update', { account_id: 'nobody', fullname: 'x' });
  expect(json.error.code).toBe('not_found');
  // The second GET is of the list, for the closest names.
  expect(rig.exchanges.slice(before).map(({ method }) => method)).toEqual(['GET', 'GET']);
});

test('a credential is updated only with its config, since the secret cannot be read back', async () => {
  await rig.call('credentials_create', {
    owner_id: 'acme',
    name: 'key',
    config: { type: 'token', secret: 'one-secret' },
  });
  const without = await rig.call('credentials_update', {
    owner_id: 'acme',
    credential_id: 'key',
    fullname: 'Key',
  });
  expect(without.json.error.arguments).toEqual([expect.objectContaining({ argument: 'config' })]);
  const updated = await rig.call('credentials_update', {
    owner_id: 'acme',
    credential_id: 'key',
    config: { type: 'token', secret: 'two-secret' },
  });
  expect(updated.isError, updated.text).toBe(false);
  expect(updated.text).not.toContain('two-secret');
});
