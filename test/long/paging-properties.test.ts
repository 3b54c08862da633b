import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MeetingPlace, meetings } from '../e2e/paging-upstreams.ts';

let place: MeetingPlace;
beforeAll(async () => {
  place = await MeetingPlace.open();
});
afterAll(() => place.close());

test('whatever its pages are like, a list gives each row once, or says that it may not be complete', async () => {
  let met = 0;
  const property = fc.asyncProperty(meetings, async (meeting) => {
    met += 1;
    await place.check(meeting);
  });
  await fc.assert(property, { numRuns: 150 });
  expect(met).toBeGreaterThanOrEqual(150);
}, 60_000);

test('following the calls under more gives every row', async () => {
  await fc.assert(
    fc.asyncProperty(meetings, (meeting) => place.walk(meeting)),
    { numRuns: 25 },
  );
}, 60_000);
