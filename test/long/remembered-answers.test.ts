import { afterEach, expect, test, vi } from 'vitest';
import { type FakeSynqly, startFakeSynqly } from '../e2e/fake-synqly.ts';
import { type HttpProgram, startHttpProgram } from '../e2e/http-support.ts';

/*
 * For how long the server over HTTP remembers that a token is good or bad, and whether Synqly answers: it takes the time
 * that it is remembered for.
 */
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

interface Ground {
  readonly synqly: FakeSynqly;
  readonly program: HttpProgram;
  /** The tokens that Synqly knows; those that begin with "slow" it does not answer. */
  readonly known: Set<string>;
  /** Whether connections to Synqly break. */
  state: { isAway: boolean };
  ping(token: string, from?: string): Promise<number>;
  readyz(): Promise<number>;
  checksOf(token: string): number;
}

async function prepare(...tokens: string[]): Promise<Ground> {
  const known = new Set(tokens);
  const state = { isAway: false };
  const tokenOf = (authorization = '') => authorization.replace('Bearer ', '');
  const synqly = await startFakeSynqly(({ headers }) => {
    if (state.isAway) return 'reset';
    const token = tokenOf(headers.authorization);
    if (token.startsWith('slow')) return 'hang';
    return known.has(token) ? { json: { result: { id: '1', name: 'acme' } } } : { status: 401, json: {} };
  });
  const args = ['--base-url', synqly.url, '--permissions', 'ignore', '--trust-proxy', '1'];
  const program = await startHttpProgram([...args, '--rate-per-minute', '100000']);
  open.push(synqly, program);
  return {
    synqly,
    program,
    known,
    state,
    ping: async (token, from = '192.0.2.1') => {
      const headers = { authorization: `Bearer ${token}`, 'x-forwarded-for': from };
      const response = await program.post({ method: 'ping' }, headers);
      await response.text();
      return response.status;
    },
    readyz: async () => (await fetch(`${program.origin}/readyz`)).status,
    checksOf: (token) =>
      synqly.requests.filter(({ headers }) => tokenOf(headers.authorization) === token).length,
  };
}
const patience = { timeout: 120_000, interval: 250 };

test('a token that was revoked at Synqly stops working after a minute, and a good one works on', async () => {
  const { known, ping, checksOf } = await prepare('good', 'revoked');
  expect([await ping('good'), await ping('revoked')]).toEqual([200, 200]);
  known.delete('revoked');
  expect([await ping('good'), await ping('revoked')]).toEqual([200, 200]);
  expect([checksOf('good'), checksOf('revoked')]).toEqual([1, 1]);
  await expect.poll(() => ping('revoked'), patience).toBe(401);
  expect(checksOf('revoked')).toBe(2);
  // Checks of made-up tokens hang; one that was good before does not wait for them.
  const slow = Array.from({ length: 400 }, (_, index) =>
    ping(`slow-${index}`, `192.0.2.${100 + (index % 20)}`).catch(() => 0),
  );
  await vi.waitUntil(() => checksOf('slow-0') === 1, patience);
  expect(await ping('good')).toBe(200);
  expect(checksOf('good')).toBe(2);
  expect(await ping('revoked')).toBe(401);
  await Promise.all(slow);
}, 300_000);

test('a refused token is refused for a while without asking Synqly, then checked again', async () => {
  const { known, ping, checksOf } = await prepare();
  for (let count = 0; count < 5; count += 1) expect(await ping('late')).toBe(401);
  expect(checksOf('late')).toBe(1);
  known.add('late');
  await expect.poll(() => ping('late'), patience).toBe(200);
  expect(checksOf('late')).toBe(2);
});

test('a check that failed is repeated with the next request', async () => {
  const { ping, state } = await prepare('good');
  state.isAway = true;
  expect(await ping('good')).toBe(503);
  state.isAway = false;
  expect(await ping('good')).toBe(200);
});

test('a Synqly that answers is asked every half minute, however often a load balancer probes', async () => {
  const { readyz, synqly } = await prepare();
  let probes = 0;
  const probe = async () => {
    expect(await readyz()).toBe(200);
    probes += 1;
    return synqly.requests.length;
  };
  await expect.poll(probe, { timeout: 120_000, interval: 500 }).toBe(2);
  expect(probes).toBeGreaterThan(10);
});

test('a call that does not get through makes the server ask again, and Synqly is found when it is back', async () => {
  const { readyz, program, state } = await prepare('good');
  expect(await readyz()).toBe(200);
  await program.call('good', 'organization_get');
  state.isAway = true;
  // Until then it holds that Synqly has answered.
  expect(await readyz()).toBe(200);
  const failed = await program.call('good', 'organization_get');
  expect(failed.error.code).toMatch(/^connection_/);
  await expect.poll(readyz, patience).toBe(503);
  state.isAway = false;
  await expect.poll(readyz, patience).toBe(200);
});
