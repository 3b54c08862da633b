import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { doorNames, openDoors, type SurfaceName } from '../e2e/mixes-doors.ts';
import { tryMany } from '../e2e/mixes-random.ts';
import { type Mixed, pinnings, startMixed } from '../e2e/mixes-support.ts';
import { testSurfaces } from '../e2e/surfaces.ts';

let mixed: Mixed;
beforeAll(async () => {
  mixed = await startMixed();
});
afterAll(() => mixed.close());

const calls = 3_000;

describe.each(doorNames)('%s', (doorName) => {
  test.each(Object.keys(testSurfaces) as SurfaceName[])(
    `${calls} calls with ids and names anywhere meet nothing of other accounts: %s surface`,
    async (surface) => {
      const before = mixed.foreignPart();
      for (const confirm of ['never', 'change'] as const) {
        const doors = await openDoors(mixed, doorName, surface, confirm, pinnings);
        const seed =
          13 + doorNames.indexOf(doorName) * 4 + (surface === 'full' ? 0 : 2) + (confirm === 'never' ? 0 : 1);
        const ends = await tryMany(mixed, doors, { seed, numRuns: calls / 2 });
        expect(mixed.foreignPart() === before).toBe(true);
        // Neither are all refused, nor is each refusal for the same.
        expect(ends.ok, JSON.stringify(ends)).toBeGreaterThan(calls / 40);
        expect(ends.outside_pin, JSON.stringify(ends)).toBeGreaterThan(calls / 40);
        expect(ends.internal, JSON.stringify(ends)).toBeUndefined();
        await Promise.all(doors.map(({ close }) => close()));
      }
    },
  );
});
