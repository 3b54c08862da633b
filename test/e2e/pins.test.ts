import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/start.ts';
import { hiddenUnder, insideCalls, marker, outsideCalls, type Planted, plant } from './pins-support.ts';
import {
  builtCli,
  cleanEnvironment,
  factOperations,
  type Program,
  type Rig,
  startProgram,
  startRig,
  type ToolAnswer,
} from './support.ts';

const ids = factOperations.map(({ id }) => id);

/** What the sandbox holds, without what moves by itself or by reading. */
function dump({ world }: Sandbox): string {
  const collections = Object.entries(world.collections).map(([kind, { all }]) => [kind, all()]);
  return JSON.stringify([collections, world.organization, world.tokens.all(), world.jobs]);
}

describe.each(['account', 'environment', 'both'] as const)('pinned by %s', (kind) => {
  let rig: Rig;
  let planted: Planted;
  let pinned: Program;
  let listed: Map<string, { properties?: object | undefined }>;
  beforeAll(async () => {
    rig = await startRig({ sandbox: { size: 'small' } });
    planted = await plant(rig);
    const flags = {
      account: ['--account', planted.inside.name],
      environment: ['--environment', 'test'],
      both: ['--account', planted.inside.id, '--environment', 'test'],
    }[kind];
    pinned = await startProgram(['--base-url', rig.sandbox.baseUrl, ...flags], {
      SYNQLY_TOKEN: rig.sandbox.token,
    });
    const { tools } = await pinned.client.listTools();
    listed = new Map(tools.map(({ name, inputSchema }) => [name, inputSchema]));
  }, 60_000);
  afterAll(async () => {
    await pinned.close();
    await rig.close();
  });
  const hidden = hiddenUnder(kind);
  const shown = ids.filter((id) => !hidden.includes(id));
  const withArguments = (args: Record<string, unknown>) => {
    const { account_id, ...rest } = args;
    return kind === 'environment' ? args : rest;
  };

  test('the hidden operations are missing from the list, and no others', () => {
    expect([...listed.keys()].sort()).toEqual([...shown].sort());
  });

  test('the pinned argument is in no schema', () => {
    const pinnedName = kind === 'environment' ? 'environment' : 'account_id';
    for (const [name, { properties = {} }] of listed)
      expect(Object.keys(properties), name).not.toContain(pinnedName);
  });

  test.each(hidden)('%s cannot be called by name', async (id) => {
    const before = rig.exchanges.length;
    await expect(pinned.client.callTool({ name: id, arguments: {} })).rejects.toMatchObject({ code: -32602 });
    expect(rig.exchanges).toHaveLength(before);
  });

  test.each(shown.filter((id) => outsideCalls[id]))(
    '%s refuses what is outside, changing nothing',
    async (id) => {
      for (const args of outsideCalls[id]?.(planted, kind) ?? []) {
        const before = { exchanges: rig.exchanges.length, world: dump(rig.sandbox) };
        const answer = await pinned.call(id, args);
        expect(answer, JSON.stringify(args)).toMatchObject({ isError: true });
        const isWithdrawn =
          (kind !== 'environment' && 'account_id' in args) || (kind !== 'account' && 'environment' in args);
        expect(answer.json.error.code, answer.text).toBe(isWithdrawn ? 'invalid_arguments' : 'outside_pin');
        expect(answer.text).not.toContain(marker);
        expect(rig.exchanges.slice(before.exchanges).filter(({ method }) => method !== 'GET')).toEqual([]);
        expect(dump(rig.sandbox)).toBe(before.world);
      }
    },
  );

  test('every shown operation names something outside in this matrix, save the global ones and lists', () => {
    const without = shown.filter((id) => !outsideCalls[id]);
    expect(without).toEqual(
      shown.filter((id) =>
        /^(accounts_list|capabilities_|meta_|permissionset_|integrations_list$|status_list$|operations_)/.test(
          id,
        ),
      ),
    );
  });

  if (kind !== 'environment') {
    test.each(
      factOperations
        .filter(({ id, path }) => shown.includes(id) && /\{account_?id\}/i.test(path))
        .map(({ id }) => id),
    )('%s refuses the pinned argument as unknown, also when it agrees', async (id) => {
      const before = rig.exchanges.length;
      const { json } = await pinned.call(id, { account_id: planted.inside.id });
      expect(json.error).toMatchObject({ code: 'invalid_arguments' });
      expect(json.error.arguments).toContainEqual({ argument: 'account_id', problem: 'is not known here' });
      expect(json.error.accepted_arguments).not.toContain('account_id');
      expect(rig.exchanges).toHaveLength(before);
    });
  }

  test('an account whose name is the id of one outside does not lead there', async () => {
    if (kind !== 'environment') return;
    const trap = await rig.call('accounts_create', { name: planted.outside.id, environment: 'test' });
    expect(trap.isError).toBe(false);
    const { json } = await pinned.call('accounts_get', { account_id: planted.outside.id });
    expect(json.error?.code).toBe('outside_pin');
    await rig.call('accounts_delete', { account_id: trap.json.result.account.id });
  });

  test('resources and completions show the inside only', async () => {
    const { resources } = await pinned.client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual([
      'synqly://openapi/management',
      'synqly://openapi/engine',
    ]);
    const uri = (account: string, integration: string) =>
      `synqly://status/${account}/${integration}/timeseries`;
    await expect(pinned.client.readResource({ uri: 'synqly://status/timeseries' })).rejects.toMatchObject({
      code: -32002,
    });
    for (const account of [planted.outside.id, planted.outside.name]) {
      const reading = pinned.client.readResource({ uri: uri(account, planted.outside.integration) });
      await expect(reading).rejects.toMatchObject({ code: -32002 });
    }
    const read = await pinned.client.readResource({
      uri: uri(planted.inside.name, planted.inside.integration),
    });
    expect(read.contents).toHaveLength(1);
    const complete = async (argument: string, value: string, chosen?: string) =>
      (
        await pinned.client.complete({
          ref: { type: 'ref/resource', uri: 'synqly://status/{account_id}/{integration_id}/timeseries' },
          argument: { name: argument, value },
          ...(chosen === undefined ? {} : { context: { arguments: { account_id: chosen } } }),
        })
      ).completion.values;
    expect(await complete('account_id', 'quay')).toEqual(['quay']);
    expect(await complete('account_id', planted.outside.name)).toEqual([]);
    expect(await complete('integration_id', 'quay-siem')).toEqual(['quay-siem']);
    expect(await complete('integration_id', 'quay-siem', 'quay')).toEqual(['quay-siem']);
    expect(await complete('integration_id', '', planted.outside.name)).toEqual([]);
  });

  test('the instructions name the pins', () => {
    const expected = {
      account: 'the account "quay"',
      environment: 'the environment test',
      both: `the account ${JSON.stringify(planted.inside.id)} in the environment test`,
    };
    expect(pinned.client.getInstructions()).toContain(`pinned to ${expected[kind]}`);
  });

  test('everything inside works, and no answer holds anything of the outside', async () => {
    const answers: Record<string, ToolAnswer> = {};
    for (const { tool, args } of insideCalls) {
      if (!shown.includes(tool)) continue;
      const answer = await pinned.call(tool, withArguments(args(planted, rig)));
      expect(answer, `${tool} ${answer.text}`).toMatchObject({ isError: false });
      expect(answer.text, tool).not.toContain(marker);
      answers[tool] = answer;
    }
    expect(Object.keys(answers).sort()).toEqual([...shown].sort());
    for (const list of shown.filter((id) => /_list(_account)?$/.test(id))) {
      expect(answers[list]?.json.result.length, list).toBeGreaterThan(0);
    }
  }, 60_000);
});

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
  ])('shows nothing of the outside through the pins by %s', async (kind, flag) => {
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

  test('is not believed when it answers with an account that is not the pinned one', async () => {
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
    const { collections, newNamed, organization } = rig.sandbox.world;
    const named = newNamed({ name: `crowd-${count}` });
    collections.account.add({ ...named, organization_id: organization.id, environment: 'test' });
  }
  const pinned = await startProgram(['--base-url', rig.sandbox.baseUrl, '--environment', 'test'], {
    SYNQLY_TOKEN: rig.sandbox.token,
  });
  for (const tool of ['integrations_list', 'status_list']) {
    expect((await pinned.call(tool)).json.error?.code, tool).toBe('outside_pin');
  }
  expect((await pinned.call('accounts_list')).json.result).toHaveLength(100);
  expect((await pinned.call('integrations_list_account', { account_id: inside.id })).isError).toBe(false);
  await pinned.close();
  await rig.close();
});

test.each([
  [['--account', ' '], 'must name an account'],
  [['--environment', 'staging'], 'must be one of test, prod'],
  [['--gateway', 'http://127.0.0.1:1/mcp', '--account', 'quay'], '--gateway takes neither'],
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
