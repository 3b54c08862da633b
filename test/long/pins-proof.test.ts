import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hiddenUnder } from '../e2e/pins-calls.ts';
import { marker, type Planted, plant } from '../e2e/pins-support.ts';
import { builtCli, cleanEnvironment, type Rig, startProgram, startRig } from '../e2e/support.ts';

describe('a Synqly that knows no filters and takes any account for any integration', () => {
  let rig: Rig;
  let planted: Planted;
  let lax: Server;
  const methods = new Set<string | undefined>();
  beforeAll(async () => {
    rig = await startRig({ sandbox: { size: 'small' } });
    planted = await plant(rig);
    lax = createServer(async (request, response) => {
      const url = new URL(request.url ?? '', rig.sandbox.baseUrl);
      url.searchParams.delete('filter');
      methods.add(request.method);
      url.pathname = url.pathname.replace('mirage', planted.outside.id);
      if (url.pathname.includes(planted.outside.integrationId)) {
        url.pathname = url.pathname.replace(planted.inside.id, planted.outside.id);
      }
      const answer = await fetch(url, { headers: { authorization: request.headers.authorization ?? '' } });
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
    });
    await new Promise<void>((resolve) => lax.listen(0, '127.0.0.1', resolve));
  }, 60_000);
  afterAll(async () => {
    lax.close();
    lax.closeAllConnections();
    await rig.close();
  });

  test.each([
    ['account', '--account=quay'],
    ['environment', '--environment=test'],
  ])('reveals nothing outside the pins by %s', async (kind, flag) => {
    const { port } = lax.address() as AddressInfo;
    const pinned = await startProgram(['--base-url', `http://127.0.0.1:${port}`, flag], {
      SYNQLY_TOKEN: rig.sandbox.token,
    });
    const lists = ['accounts_list', 'integrations_list', 'status_list', 'operations_list_execution_history'];
    for (const list of lists.filter((id) => !hiddenUnder(kind as 'account').includes(id))) {
      const { json, text } = await pinned.call(list, {
        expand: ['all'],
        ...(/accounts|operations/.test(list) && { expand: undefined }),
      });
      expect(json.result, text).toBeInstanceOf(Array);
      expect(text, list).not.toContain(marker);
      expect(text, list).not.toContain(planted.outside.id);
      if (list !== 'operations_list_execution_history') expect(json.result.length, list).toBeGreaterThan(0);
    }
    const account = kind === 'account' ? {} : { account_id: 'quay' };
    const { json } = await pinned.call('integrations_get', {
      ...account,
      integration_id: planted.outside.integrationId,
    });
    expect(json.error?.code).toBe('outside_pin');
    const written = await pinned.call('integrations_delete', {
      ...account,
      integration_id: planted.outside.integrationId,
    });
    expect(written.json.error?.code).toBe('outside_pin');
    expect([...methods]).toEqual(['GET']);
    await pinned.close();
  });

  test('is refused when it answers with another account than the pinned one', async () => {
    const { port } = lax.address() as AddressInfo;
    const pinned = await startProgram(['--base-url', `http://127.0.0.1:${port}`, '--account', 'mirage'], {
      SYNQLY_TOKEN: rig.sandbox.token,
    });
    const { json, text } = await pinned.call('accounts_get');
    expect(json.error?.code, text).toBe('outside_pin');
    await pinned.close();
  });
});

test('a pinned account that does not exist, or is in another environment, answers nothing', async () => {
  const rig = await startRig({ sandbox: { size: 'small' } });
  const planted = await plant(rig);
  const start = (...flags: string[]) =>
    startProgram(['--base-url', rig.sandbox.baseUrl, ...flags], { SYNQLY_TOKEN: rig.sandbox.token });
  for (const flags of [
    ['--account', 'nobody'],
    ['--account', planted.outside.id, '--environment', 'test'],
  ]) {
    const pinned = await start(...flags);
    for (const tool of ['accounts_get', 'accounts_list', 'integrations_list', 'bridges_list']) {
      const { json, text } = await pinned.call(tool);
      expect(json.error?.code, tool).toBe('outside_pin');
      expect(text).not.toContain(marker);
    }
    await pinned.close();
  }
  await rig.close();
});

test('a list that cannot be narrowed to so many accounts is refused, never shown in part', async () => {
  const rig = await startRig({ sandbox: { size: 'small' } });
  const { inside } = await plant(rig);
  for (let count = 0; count < 100; count += 1) {
    const { collections, newNamed, organization } = rig.sandbox.state;
    const named = newNamed({ name: `crowd-${count}` });
    collections.account.add({ ...named, organization_id: organization.id, environment: 'test' });
  }
  const pinned = await startProgram(['--base-url', rig.sandbox.baseUrl, '--environment', 'test'], {
    SYNQLY_TOKEN: rig.sandbox.token,
  });
  for (const tool of ['integrations_list', 'status_list']) {
    expect((await pinned.call(tool)).json.error?.code, tool).toBe('outside_pin');
  }
  expect((await pinned.call('accounts_list', { fields: ['name'] })).json.rows).toHaveLength(100);
  expect((await pinned.call('integrations_list_account', { account_id: inside.id })).isError).toBe(false);
  await pinned.close();
  await rig.close();
});

test.each([
  [['--account', ' '], 'must name an account'],
  [['--environment', 'staging'], 'must be one of test, prod'],
  [['connect', 'http://127.0.0.1:1/mcp', '--confirm', 'change'], '--confirm has no effect with connect'],
  [
    ['connect', 'http://127.0.0.1:1/mcp', '--audit-log', 'audit.log'],
    '--audit-log has no effect with connect',
  ],
])('%j is refused at start', (flags, reason) => {
  const { status, stderr } = spawnSync(process.execPath, [builtCli, ...flags], {
    env: cleanEnvironment({ SYNQLY_TOKEN: 'any', SYNQLY_MCP_TOKEN: 'any' }),
    encoding: 'utf8',
    input: '',
  });
  expect(status).toBe(2);
  expect(stderr).toContain(reason);
});

test('a pinned name is resolved once: it does not lead to another account that gets it later', async () => {
  const rig = await startRig({ sandbox: { size: 'small' } });
  const { inside, outside } = await plant(rig);
  const pinned = await startProgram(['--base-url', rig.sandbox.baseUrl, '--account', inside.name], {
    SYNQLY_TOKEN: rig.sandbox.token,
  });
  expect((await pinned.call('accounts_get')).json.result.id).toBe(inside.id);
  await rig.call('accounts_update', { account_id: inside.id, name: 'quay-former' });
  await rig.call('accounts_update', { account_id: outside.id, name: inside.name });
  expect((await pinned.call('accounts_get')).json.result.id).toBe(inside.id);
  expect((await pinned.call('accounts_list')).json.result.map(({ id }: { id: string }) => id)).toEqual([
    inside.id,
  ]);
  await pinned.close();
  await rig.close();
});
