import { afterEach, expect, test } from 'vitest';
import { type FakeAnswer, type FakeSynqly, startFakeSynqly } from './fake-synqly.ts';
import { makeFolder, type Store } from './gateway-support.ts';
import { type HttpProgram, startHttpProgram } from './http-support.ts';
import { canary } from './support.ts';

let synqly: FakeSynqly;
let program: HttpProgram;
let store: Store | undefined;
afterEach(async () => {
  await program.close();
  synqly.close();
  await store?.close();
  store = undefined;
});

/** Starts the program before a Synqly that answers so, with a token of its own or without. */
async function start(answer: () => FakeAnswer, token?: string): Promise<void> {
  synqly = await startFakeSynqly(answer);
  store = await makeFolder();
  const env: Record<string, string> = token === undefined ? {} : { SYNQLY_TOKEN: token };
  const args = ['--base-url', synqly.url, '--token-store', store.named, '--permissions', 'ignore'];
  program = await startHttpProgram(args, env);
}

const readyz = async () => (await fetch(`${program.origin}/readyz`)).status;

test('a server without a token asks without one', async () => {
  await start(() => ({ status: 401, json: { status: 401, message: 'Who are you?' } }));
  expect(await readyz()).toBe(200);
  expect(synqly.requests).toHaveLength(1);
  expect(synqly.requests[0]?.headers).not.toHaveProperty('authorization');
});

test('a gateway asks with its own token', async () => {
  await start(() => ({ json: { result: { id: 'organization' } } }), canary);
  expect(await readyz()).toBe(200);
  expect(synqly.requests.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${canary}`]);
});

test.each([
  ['refuses its token', { status: 401 }, 200],
  ['limits requests', { status: 429 }, 200],
  ['fails', { status: 500 }, 503],
  ['breaks off', 'reset', 503],
] as const)('a gateway before a Synqly that %s', async (_, answer, status) => {
  await start(() => answer, canary);
  expect(await readyz()).toBe(status);
});

test('while calls are answered, Synqly is not asked for readiness', async () => {
  await start(() => ({ json: { result: { id: 'organization', name: 'one' } } }));
  await program.call('some-api-token', 'organization_get');
  const asked = synqly.requests.length;
  for (let count = 0; count < 5; count += 1) expect(await readyz()).toBe(200);
  expect(synqly.requests).toHaveLength(asked);
});

test('probes that follow each other closely become one request', async () => {
  await start(() => ({ status: 401 }));
  for (let count = 0; count < 10; count += 1) expect(await readyz()).toBe(200);
  expect(synqly.requests).toHaveLength(1);
});

test('probes that come at once become one request', async () => {
  await start(() => ({ status: 401, delay: 100 }));
  const statuses = await Promise.all(Array.from({ length: 20 }, readyz));
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(synqly.requests).toHaveLength(1);
});
