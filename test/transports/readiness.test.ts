import { expect, test } from 'vitest';
import { CallError } from '../../src/errors.ts';
import { createReadiness } from '../../src/transports/http/health.ts';

const call = { tool: 'accounts_list', outcome: 'ok', milliseconds: 1, status: 200 } as const;

/** Readiness before a Synqly that is there or not, with a clock of its own. */
function prepare() {
  const state = { time: 0, isThere: true, asked: 0 };
  const request = async () => {
    state.asked += 1;
    if (!state.isThere) throw new CallError('connection_failed', 'away');
    throw new CallError('unauthorized', 'unknown', { status: 401 });
  };
  const clock = { now: () => state.time };
  const readiness = createReadiness({ client: { request }, token: undefined, store: undefined, clock });
  return { state, readiness };
}

test('a Synqly that answers is asked twice a minute, however often a load balancer probes', async () => {
  const { state, readiness } = prepare();
  for (; state.time < 120_000; state.time += 1_000) expect(await readiness.isReady()).toBe(true);
  expect(state.asked).toBeLessThanOrEqual(4);
});

test('with calls that are answered it is not asked at all', async () => {
  const { state, readiness } = prepare();
  for (; state.time < 120_000; state.time += 1_000) {
    readiness.observe(call);
    expect(await readiness.isReady()).toBe(true);
  }
  expect(state.asked).toBe(0);
});

test('one that is away is asked every few seconds, so that its return is soon seen', async () => {
  const { state, readiness } = prepare();
  state.isThere = false;
  for (; state.time < 60_000; state.time += 1_000) expect(await readiness.isReady()).toBe(false);
  expect(state.asked).toBeGreaterThanOrEqual(9);
  expect(state.asked).toBeLessThanOrEqual(12);
  state.isThere = true;
  state.time += 6_000;
  expect(await readiness.isReady()).toBe(true);
});

test('a call that does not get through ends the belief that Synqly answers', async () => {
  const { state, readiness } = prepare();
  expect(await readiness.isReady()).toBe(true);
  state.isThere = false;
  readiness.observe({ ...call, outcome: 'connection_failed', status: undefined });
  state.time += 6_000;
  expect(await readiness.isReady()).toBe(false);
});
