import { afterEach, describe, expect, test } from 'vitest';
import { type HttpRig, postTo, startHttpRig } from '../e2e/http-support.ts';
import { type Program, type Rig, startProgram, startRig, toolCount } from '../e2e/support.ts';

let rig: HttpRig | Rig | undefined;
let program: Program | undefined;
afterEach(async () => {
  await program?.close();
  await rig?.close();
  program = undefined;
  rig = undefined;
});

const viewer = { name: 'looker', permission_set: 'viewer', resources: { accounts: { ids: ['*'] } } };

/** An HTTP server with a token that only reads, and how to ask with it. */
async function start() {
  const http = await startHttpRig({
    env: { SYNQLY_PERMISSIONS: 'learn' },
    sandbox: { size: 'small' },
    args: ['--rate-per-minute', '1000000'],
  });
  rig = http;
  const { secret } = await http.makeToken(viewer);
  const authorization = `Bearer ${secret}`;
  const countTools = async (headers: Record<string, string> = {}): Promise<number> => {
    const response = await http.post({ method: 'tools/list' }, { authorization, ...headers });
    const { result } = (await response.json()) as { result: { tools: unknown[] } };
    return result.tools.length;
  };
  const lookUps = () => http.exchanges.filter(({ operationId }) => operationId === 'tokens_list').length;
  return { http, secret, countTools, lookUps };
}

test.each([
  ['is answered 500', { status: 500 }],
  ['breaks off', { reset: true }],
] as const)('a look-up of rights that %s is made again with a later request', async (_, fault) => {
  const { http, countTools } = await start();
  http.sandbox.faults.add({ route: 'tokens_list', ...fault });
  expect(await countTools()).toBe(toolCount);
  http.sandbox.faults.clear();
  await expect.poll(() => countTools(), { timeout: 30_000, interval: 100 }).toBeLessThan(toolCount);
  const few = await countTools();
  // The same for whoever shares the token and narrows otherwise.
  expect(await countTools({ 'synqly-deny': 'accounts_list' })).toBe(few - 1);
});

test('while the look-up of rights is slow, requests wait once, and one look-up runs at a time', async () => {
  const { http, countTools, lookUps } = await start();
  http.sandbox.faults.add({ route: 'tokens_list', delay: 4_000 });
  expect(await countTools()).toBe(toolCount);
  const statuses: number[] = [];
  for (let count = 0; count < 15; count += 1) statuses.push(await countTools());
  // All that, and callers that narrow for themselves, before the one look-up was answered.
  const narrowed = ['accounts_list', 'roles_list', 'members_list'];
  for (const deny of narrowed) await countTools({ 'synqly-deny': deny });
  expect(statuses).toEqual(Array(15).fill(toolCount));
  expect(lookUps()).toBe(0);
  // It goes on behind them, and its answer counts.
  await expect.poll(() => countTools(), { timeout: 30_000, interval: 100 }).toBeLessThan(toolCount);
  expect(lookUps()).toBe(1);
});

test('a refused look-up is remembered', async () => {
  const { http } = await start();
  const { secret } = await http.makeToken({ ...viewer, name: 'issuer', permission_set: 'token-issuer' });
  const authorization = `Bearer ${secret}`;
  const list = () => http.post({ method: 'tools/list' }, { authorization });
  await list();
  // Longer than the pause after a look-up that failed.
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  await Promise.all([list(), list()]);
  await list();
  expect(http.exchanges.filter(({ operationId }) => operationId === 'tokens_list')).toHaveLength(1);
});

describe('whoami', () => {
  test.each([
    ['over stdio', 'stdio'],
    ['over HTTP', 'http'],
  ])('%s tells a failed look-up from a refused one, and does not wait for it', async (_, transport) => {
    let ask: () => Promise<{ json: { token: unknown; organization: unknown } }>;
    if (transport === 'http') {
      const { http, secret } = await start();
      ask = async () => ({ json: await http.call(secret, 'whoami') });
    } else {
      const made = await startRig({ sandbox: { size: 'small' } });
      rig = made;
      const { result } = await postTo(made.sandbox, '/v1/tokens', viewer);
      made.sandbox.faults.add({ route: 'tokens_list', hang: true });
      program = await startProgram(['--base-url', made.sandbox.baseUrl], {
        SYNQLY_PERMISSIONS: 'learn',
        SYNQLY_TOKEN: result.primary.access.secret,
      });
      ask = () => (program as Program).call('whoami');
    }
    const { sandbox } = rig as HttpRig | Rig;
    sandbox.faults.clear();
    sandbox.faults.add({
      route: 'tokens_list',
      ...(transport === 'http' ? { status: 500 } : { hang: true }),
    });
    const { json } = await ask();
    expect(json.organization).toMatchObject({ id: expect.any(String) });
    expect(json.token).toMatch(/permissions of the token could not be read/);
    sandbox.faults.clear();
    await expect
      .poll(async () => (await ask()).json.token, { timeout: 30_000 })
      .toMatchObject({ name: 'looker' });
  });
});
