import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callMix, openDoors, type PinnedDoor } from './mixes-doors.ts';
import { everyMix, type Mixed, namingOperations, startMixed, withOwnerAndChild } from './mixes-support.ts';

let mixed: Mixed;
beforeAll(async () => {
  mixed = await startMixed();
}, 60_000);
afterAll(() => mixed.close());

test('the operations that take an owner and a child are found by what the catalogue says of them', () => {
  expect(withOwnerAndChild.length).toBeGreaterThan(15);
  for (const { pinRule } of withOwnerAndChild) {
    expect('part' in pinRule || 'owner' in pinRule, JSON.stringify(pinRule)).toBe(true);
  }
});

// All ways, surfaces and doors, and names beside ids, are met by the long tests.
describe.each([
  ['account', 'full', 'call'],
  ['both', 'compact', 'preview_call'],
] as const)(
  'with a Synqly that ignores parents in paths, pinned by header: %s, %s surface, by %s',
  (pinning, surface, way) => {
    let door: PinnedDoor;
    beforeAll(async () => {
      [door] = (await openDoors(mixed, 'HTTP, pinned by headers', surface, 'change', [pinning])) as [
        PinnedDoor,
      ];
    });
    afterAll(() => door.close());

    test.each(namingOperations(pinning).map((operation) => [operation.id, operation] as const))(
      '%s with each mix of own and foreign ids sends to, shows and changes nothing of other accounts',
      async (_, operation) => {
        const before = mixed.foreignPart();
        for (const mix of everyMix(operation, mixed, pinning, false)) {
          await callMix(mixed, door, operation, mix, way);
        }
        expect(mixed.foreignPart() === before).toBe(true);
      },
    );
  },
);
