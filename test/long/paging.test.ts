import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MeetingPlace, meetings } from '../e2e/paging-upstreams.ts';

const runs = 5_000;

let place: MeetingPlace;
beforeAll(async () => {
  place = await MeetingPlace.open();
});
afterAll(() => place.close());

test(`${runs} lists give each row once, or say that they may not be complete`, async () => {
  let met = 0;
  const property = fc.asyncProperty(meetings, async (meeting) => {
    met += 1;
    await place.check(meeting);
  });
  await fc.assert(property, { numRuns: runs });
  expect(met).toBeGreaterThanOrEqual(runs);
});

test('the calls that more names lead to the end, past every row', async () => {
  await fc.assert(
    fc.asyncProperty(meetings, (meeting) => place.walk(meeting)),
    { numRuns: 500 },
  );
});
