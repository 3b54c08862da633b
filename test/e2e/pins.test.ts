import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/start.ts';
import { connectGateway } from './gateway-support.ts';
import { hiddenUnder, insideCalls, outsideCalls } from './pins-calls.ts';
import { marker, type Planted, plant } from './pins-support.ts';
import {
  factOperations,
  type Program,
  type Rig,
  startProgram,
  startRig,
  type ToolAnswer,
} from './support.ts';
import { by, testSurfaces } from './surfaces.ts';

const ids = factOperations.map(({ id }) => id);

const startPinned = ({ sandbox }: Rig, flags: string[]) =>
  startProgram(['--base-url', sandbox.baseUrl, '--confirm', 'never', ...flags], {
    SYNQLY_TOKEN: sandbox.token,
  });

/** What the sandbox holds, without what moves by itself or by reading. */
function dump({ state }: Sandbox): string {
  const collections = Object.entries(state.collections).map(([kind, { all }]) => [kind, all()]);
  return JSON.stringify([collections, state.organization, state.tokens.all(), state.jobs]);
}

describe.each([
  ['account', 'flags over stdio'],
  ['environment', 'flags over stdio'],
  ['both', 'flags over stdio'],
  ['account', 'an MCP token over HTTP'],
  ['environment', 'an MCP token over HTTP'],
  ['account', 'flags over stdio, on the compact surface'],
  ['environment', 'an MCP token over HTTP, on the compact surface'],
] as const)('pinned by %s, with %s', (kind, way) => {
  const surface = way.endsWith('compact surface') ? testSurfaces.compact : testSurfaces.full;
  const isGateway = way.startsWith('an MCP token');
  // Made for a token that would outlive the MCP token, within the pins or outside.
  const isRefused = (id: string) =>
    isGateway && /^tokens_(create_integration_token|reset|rotate|refresh)$/.test(id);
  let rig: Rig;
  let planted: Planted;
  let pinned: Program;
  let listed: Map<string, { properties?: object | undefined }>;
  beforeAll(async () => {
    rig = await startRig({ sandbox: { size: 'small' }, args: ['--confirm', 'never'] });
    planted = await plant(rig);
    const flags = {
      account: ['--account', planted.inside.name],
      environment: ['--environment', 'test'],
      both: ['--account', planted.inside.id, '--environment', 'test'],
    }[kind];
    const started = isGateway
      ? await connectGateway(rig.sandbox, flags, surface.flags)
      : await startPinned(rig, [...flags, ...surface.flags]);
    pinned = by(surface, started);
    listed = await surface.operationsOf(pinned);
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
    if (surface === testSurfaces.full) {
      await expect(pinned.call(id)).rejects.toMatchObject({ code: -32602 });
    } else {
      expect((await pinned.call(id)).json.error.code).toBe('unknown_operation');
    }
    expect(rig.exchanges).toHaveLength(before);
  });

  test.each(shown.filter((id) => outsideCalls[id]))(
    '%s refuses what is outside, changing nothing',
    async (id) => {
      for (const args of outsideCalls[id]?.(planted, kind) ?? []) {
        const before = { exchanges: rig.exchanges.length, state: dump(rig.sandbox) };
        const answer = await pinned.call(id, args);
        expect(answer, JSON.stringify(args)).toMatchObject({ isError: true });
        expect(answer.json.error.code, answer.text).toBe(isRefused(id) ? 'secret_refused' : 'outside_pin');
        // An example without the argument would act on an object of the same name inside.
        expect(answer.json.error).not.toHaveProperty('example');
        expect(answer.text).not.toContain(marker);
        expect(rig.exchanges.slice(before.exchanges).filter(({ method }) => method !== 'GET')).toEqual([]);
        expect(dump(rig.sandbox)).toBe(before.state);
      }
    },
  );

  test('the matrix has a case outside the pins for every visible operation that can have one', () => {
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
        .filter(({ id, path }) => shown.includes(id) && !isRefused(id) && /\{account_?id\}/i.test(path))
        .map(({ id }) => id),
    )('%s takes the pinned account by its id or name, and refuses another', async (id) => {
      for (const account_id of [planted.inside.id, planted.inside.name.toUpperCase()]) {
        const { json } = await pinned.call(id, { account_id, unknown_argument: true });
        expect(json.error.arguments, account_id).toContainEqual({
          argument: 'unknown_argument',
          problem: 'is unknown',
        });
        expect(json.error.arguments).not.toContainEqual(expect.objectContaining({ argument: 'account_id' }));
        expect(json.error.accepted_arguments).not.toContain('account_id');
      }
      for (const name of ['account_id', 'accountId', 'account', 'account_name']) {
        const { json } = await pinned.call(id, { [name]: 'quay-elsewhere', integration_id: 'quay-siem' });
        expect(json.error, name).toMatchObject({
          code: 'outside_pin',
          // An MCP token is pinned by the id.
          message: expect.stringMatching(new RegExp(`"(${planted.inside.name}|${planted.inside.id})"`)),
        });
        expect(json.error).not.toHaveProperty('example');
      }
    });
  }

  test('an account named like the id of an outside account does not lead to it', async () => {
    if (kind !== 'environment') return;
    const trap = await rig.call('accounts_create', { name: planted.outside.id, environment: 'test' });
    expect(trap.isError).toBe(false);
    const { json } = await pinned.call('accounts_get', { account_id: planted.outside.id });
    expect(json.error?.code).toBe('outside_pin');
    await rig.call('accounts_delete', { account_id: trap.json.result.account.id });
  });

  test('resources and completions show only what is inside the pins', async () => {
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
      // A token's account is kept by its id, a flag's as it was given.
      account: `the account ${JSON.stringify(isGateway ? planted.inside.id : 'quay')}`,
      environment: 'the environment test',
      both: `the account ${JSON.stringify(planted.inside.id)} in the environment test`,
    };
    expect(pinned.client.getInstructions()).toContain(`Pinned to ${expected[kind]}`);
  });

  test('calls inside the pins work, and no result holds anything from outside', async () => {
    const answers: Record<string, ToolAnswer> = {};
    for (const { tool, args } of insideCalls) {
      if (!shown.includes(tool)) continue;
      const answer = await pinned.call(tool, withArguments(args(planted, rig)));
      if (isRefused(tool)) {
        expect(answer.json.error.code).toBe('secret_refused');
        // So that later calls find what it makes.
        await rig.call(tool, args(planted, rig));
      } else expect(answer, `${tool} ${answer.text}`).toMatchObject({ isError: false });
      expect(answer.text, tool).not.toContain(marker);
      answers[tool] = answer;
    }
    expect(Object.keys(answers).sort()).toEqual([...shown].sort());
    const created = answers.accounts_create?.json.result.account.environment;
    expect(created).toBe(kind === 'environment' ? 'test' : undefined);
    for (const list of shown.filter((id) => /_list(_account)?$/.test(id))) {
      expect(answers[list]?.json.result.length, list).toBeGreaterThan(0);
    }
  }, 60_000);
});
