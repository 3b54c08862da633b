import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Stored } from '../../src/sandbox/model.ts';
import type { Operation } from '../../src/tools/define-operation.ts';
import {
  assertHeld,
  callMix,
  doorNames,
  openDoors,
  type PinnedDoor,
  type SurfaceName,
} from '../e2e/mixes-doors.ts';
import {
  type Arguments,
  bodyFor,
  everyMix,
  type Mixed,
  namingOperations,
  pinnings,
  startMixed,
} from '../e2e/mixes-support.ts';
import { testSurfaces } from '../e2e/surfaces.ts';

let mixed: Mixed;
beforeAll(async () => {
  mixed = await startMixed();
});
afterAll(() => mixed.close());

const combinations = doorNames.flatMap((doorName) =>
  (Object.keys(testSurfaces) as SurfaceName[]).flatMap((surface) =>
    (['never', 'change'] as const).map((confirm) => ({ doorName, surface, confirm })),
  ),
);
const template = 'synqly://status/{account_id}/{integration_id}/timeseries';

describe.each(combinations)(
  '$doorName, $surface surface, --confirm $confirm',
  ({ doorName, surface, confirm }) => {
    let doors: readonly PinnedDoor[];
    beforeAll(async () => {
      doors = await openDoors(mixed, doorName, surface, confirm, pinnings);
    });
    afterAll(() => Promise.all(doors.map(({ close }) => close())));

    test('no mix of own and foreign ids and names sends to, shows or changes anything of other accounts', async () => {
      const ways = confirm === 'never' ? (['call', 'preview_call'] as const) : (['call'] as const);
      for (const door of doors) {
        for (const operation of namingOperations(door.pinning)) {
          const before = mixed.foreignPart();
          for (const mix of everyMix(operation, mixed, door.pinning, true)) {
            for (const way of ways) await callMix(mixed, door, operation, mix, way);
          }
          expect(mixed.foreignPart() === before, operation.id).toBe(true);
        }
      }
    });

    test('resources and completions show nothing of other accounts', async () => {
      const { inside, outside } = mixed.planted;
      const accounts = [inside.id, inside.name, outside.id, outside.name];
      const integrations = [inside, outside].flatMap((one) => [one.integrationId, one.integration]);
      for (const door of doors) {
        const ask = async (method: string, params: Arguments) => {
          const told = await door.ask(method, params);
          assertHeld(mixed, door.pinning, params, told, mixed.writes.length);
          return told;
        };
        for (const account of accounts) {
          for (const integration of integrations) {
            const uri = `synqly://status/${account}/${integration}/timeseries`;
            const { code, whole } = await ask('resources/read', { uri });
            const isOwn = accounts.indexOf(account) < 2 && integrations.indexOf(integration) < 2;
            expect(code === undefined, `${uri}: ${whole}`).toBe(isOwn);
          }
        }
        const values = ['', 'q', 'r', ...accounts, ...integrations];
        for (const chosen of [undefined, ...accounts]) {
          for (const value of values) {
            const context = chosen === undefined ? {} : { context: { arguments: { account_id: chosen } } };
            for (const name of ['account_id', 'integration_id']) {
              const { json } = await ask('completion/complete', {
                ref: { type: 'ref/resource', uri: template },
                argument: { name, value },
                ...context,
              });
              if (value !== 'q' || chosen !== undefined) continue;
              expect(json.completion.values, `${door.pinning} ${name}`).not.toEqual([]);
            }
          }
        }
      }
    });

    if (confirm !== 'change') return;

    test('a name that leads to another account after the question sends the confirmed call nowhere', async () => {
      const { state } = mixed.sandbox;
      const { inside, outside } = mixed.planted;
      const pairs: Readonly<
        Record<string, readonly ['account' | 'integration' | 'bridge' | 'credential', string, string]>
      > = {
        account_id: ['account', inside.id, outside.id],
        integration_id: ['integration', inside.integrationId, outside.integrationId],
        bridge_id: ['bridge', inside.bridgeId, outside.bridgeId],
        credential_id: ['credential', inside.credentialId, outside.credentialId],
      };
      const ownArguments: Arguments = {
        account_id: inside.id,
        owner_id: inside.id,
        integration_id: inside.integrationId,
        bridge_id: inside.bridgeId,
        credential_id: inside.credentialId,
      };
      let asked = 0;
      for (const door of doors) {
        for (const operation of namingOperations(door.pinning)) {
          const swappable = Object.keys(operation.params).filter((name) => pairs[name]);
          for (const name of swappable) {
            const [kind, own, foreign] = pairs[name] as (typeof pairs)[string];
            const collection = state.collections[kind];
            const [first, second] = [collection.get(own), collection.get(foreign)] as [Stored, Stored];
            const args = argumentsFor(operation, { ...ownArguments, [name]: first.name }, door);
            if (!(name in args)) continue;
            const told = await door.call(operation.id, args);
            if (told.code !== 'confirmation_required') continue;
            asked += 1;
            collection.replace({ ...first, name: `${first.name}-former` });
            collection.replace({ ...second, name: first.name });
            const from = mixed.writes.length;
            const confirmed = await door.call('confirm_call', { id: told.json.error.confirmation.id });
            assertHeld(mixed, door.pinning, args, confirmed, from);
            expect(confirmed.code, `${operation.id} ${name}: ${confirmed.whole}`).toMatch(
              /^(outside_pin|object_changed|not_found)$/,
            );
            expect(mixed.writes, operation.id).toHaveLength(from);
            collection.replace(second);
            collection.replace(first);
          }
        }
      }
      expect(asked).toBeGreaterThan(20);
    });
  },
);

/** What an operation takes of the own account, without what the pins take away. */
function argumentsFor(operation: Operation, from: Arguments, { pinning }: PinnedDoor): Arguments {
  const names = Object.keys(operation.params).filter(
    (name) => pinning === 'environment' || name !== 'account_id',
  );
  return { ...Object.fromEntries(names.map((name) => [name, from[name]])), ...bodyFor(operation) };
}

test('a confirmation that was asked for without pins, or under others, is not carried out under pins', async () => {
  const [account, environment] = (await openDoors(mixed, 'HTTP, pinned by headers', 'full', 'change', [
    'account',
    'environment',
  ])) as [PinnedDoor, PinnedDoor];
  const { outside } = mixed.planted;
  const all: Arguments = {
    account_id: outside.id,
    integration_id: outside.integrationId,
    bridge_id: outside.bridgeId,
    credential_id: outside.credentialId,
    refresh_token_id: outside.tokenId,
  };
  for (const operation of namingOperations('environment')) {
    if (operation.effect === 'read' || operation.effect === 'create') continue;
    const owner_id = 'refresh_token_id' in operation.params ? outside.integrationId : outside.id;
    const foreign = { ...all, owner_id };
    for (const pinned of [account, environment]) {
      const args = argumentsFor(operation, foreign, environment);
      const asked = await account.unpinned('tools/call', { name: operation.id, arguments: args });
      expect(asked.code, asked.whole).toBe('confirmation_required');
      const from = mixed.writes.length;
      const told = await pinned.call('confirm_call', { id: asked.json.error.confirmation.id });
      expect(told.code, told.whole).toMatch(/^(outside_pin|unknown_confirmation|invalid_arguments)$/);
      assertHeld(mixed, pinned.pinning, args, told, from);
    }
  }
  await account.close();
});
