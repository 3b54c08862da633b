import { expect, test } from 'vitest';
import { ConcurrencyLimit, type Slot } from '../../src/transports/http/concurrency.ts';

/** Takes as many as a caller gets. */
function fill(places: ConcurrencyLimit, caller: string): Slot[] {
  const taken: Slot[] = [];
  for (;;) {
    const place = places.take(caller);
    if (!place) return taken;
    taken.push(place);
  }
}

test('one caller gets two thirds, and whoever comes after it finds room', () => {
  const places = new ConcurrencyLimit(512);
  const counts = ['a', 'b', 'c', 'd', 'e'].map((caller) => fill(places, caller).length);
  expect(counts).toEqual([342, 114, 38, 12, 4]);
  expect(places.isFull).toBe(false);
  expect(fill(places, 'f').length).toBeGreaterThan(0);
});

test('where there are few places, one caller may have them all', () => {
  const places = new ConcurrencyLimit(3);
  const [first] = fill(places, 'a');
  expect([places.taken, places.isFull, places.take('b')]).toEqual([3, true, undefined]);
  first?.close();
  expect(places.take('b')).toBeDefined();
});

test('a place is free once its response is over and nothing runs for it', () => {
  const places = new ConcurrencyLimit(10);
  const place = places.take('a');
  place?.begin();
  place?.close();
  expect(places.taken).toBe(1);
  place?.finish();
  expect(places.taken).toBe(0);
  const other = places.take('a');
  other?.begin();
  other?.finish();
  expect(places.taken).toBe(1);
  other?.close();
  expect(places.taken).toBe(0);
});

test('callers that have left are forgotten, those that stay are not', () => {
  const places = new ConcurrencyLimit(10_000);
  for (let index = 0; index < 4; index += 1) places.take('stays');
  for (let index = 0; index < 5_000; index += 1) places.take(`caller-${index}`)?.close();
  expect(places.taken).toBe(4);
});
