import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { canary, type Program, type Rig, startProgram, startRig } from '../e2e/support.ts';

const seconds = 2;
const oneMebibyte = 1024 * 1024;
let rig: Rig;
beforeAll(async () => {
  const args = [
    '--timeout',
    String(seconds),
    '--max-response-bytes',
    String(oneMebibyte),
    '--log-level',
    'debug',
    '--confirm',
    'never',
  ];
  rig = await startRig({ args });
});
afterEach(() => rig.sandbox.faults.clear());
afterAll(() => rig.close());

/** A call with its duration, and how often its own request was sent. */
async function timed(name: string, args: Record<string, unknown> = {}) {
  const [started, before] = [performance.now(), rig.exchanges.length];
  const answer = await rig.call(name, args);
  const elapsed = performance.now() - started;
  const requests = rig.exchanges.slice(before).filter(({ operationId }) => operationId === name).length;
  return { ...answer, elapsed, requests };
}

afterEach(async () => {
  rig.sandbox.faults.clear();
  expect((await rig.call('accounts_list', { limit: 1 })).isError, 'the process still answers').toBe(false);
});

describe('temporary failures are retried', () => {
  test('a 429 is retried after its Retry-After, also for a write', async () => {
    rig.sandbox.faults.add({ route: 'accounts_create', status: 429, retryAfter: 1, times: 1 });
    const { isError, elapsed, requests } = await timed('accounts_create', { name: 'after-429' });
    expect(isError).toBe(false);
    expect(requests).toBe(2);
    expect(elapsed).toBeGreaterThan(950);
  });

  test('a read is repeated after a 503', async () => {
    rig.sandbox.faults.add({ route: 'accounts_list', status: 503, times: 1 });
    expect(await timed('accounts_list')).toMatchObject({ isError: false, requests: 2 });
  });

  test('a read is repeated after a broken connection', async () => {
    rig.sandbox.faults.add({ route: 'accounts_list', reset: true, times: 1 });
    expect(await timed('accounts_list')).toMatchObject({ isError: false });
  });

  test('an update, which is a PUT, is repeated as well', async () => {
    await rig.call('accounts_create', { name: 'put-again' });
    rig.sandbox.faults.add({ route: 'accounts_update', status: 503, times: 1 });
    expect(await timed('accounts_update', { account_id: 'put-again', fullname: 'x' })).toMatchObject({
      isError: false,
    });
  });
});

describe('calls that could take effect twice are not repeated', () => {
  test.each([
    ['accounts_create', { name: 'once' }],
    ['accounts_delete', { account_id: 'once' }],
    ['tokens_rotate', { owner_id: 'x', refresh_token_id: 'y' }],
    ['tokens_reset', { owner_id: 'x', refresh_token_id: 'y' }],
  ])('%s after a 503', async (name, args) => {
    rig.sandbox.faults.add({ route: name, status: 503 });
    const { json, requests } = await timed(name, args);
    expect(json.error).toMatchObject({ code: 'gateway_error', retry: 'check' });
    expect(requests).toBe(1);
  });

  test('a create after a broken connection', async () => {
    rig.sandbox.faults.add({ route: 'accounts_create', reset: true, times: 1 });
    const { json } = await timed('accounts_create', { name: 'broken' });
    expect(json.error).toMatchObject({ code: 'connection_lost', retry: 'check' });
    expect((await rig.call('accounts_get', { account_id: 'broken' })).json.error.code).toBe('not_found');
  });
});

describe('lasting failures end within the time limit, with a clear error', () => {
  /** Ten times the limit of a call: one that waits for what Synqly asks for, or without end, takes longer. */
  const inTime = 10 * seconds * 1000;

  test('a 429 that asks for more time than there is', async () => {
    rig.sandbox.faults.add({ route: 'accounts_list', status: 429, retryAfter: 30 });
    const { json, elapsed, requests } = await timed('accounts_list');
    expect(json.error).toMatchObject({ code: 'rate_limited', retry: 'safe', retry_after_s: 30 });
    expect(requests).toBe(1);
    expect(elapsed).toBeLessThan(inTime);
  });

  test.each([
    ['a 500', { status: 500 }, 'server_error'],
    ['a 503 without end', { status: 503 }, 'gateway_error'],
    ['an answer that never comes', { hang: true }, 'timeout'],
    ['an answer that comes too late', { delay: 60_000 }, 'timeout'],
    ['a body that drips', { body: 'drip' as const }, 'timeout'],
    ['a connection that always breaks', { reset: true }, 'connection_lost'],
    ['broken JSON', { body: 'broken-json' as const }, 'invalid_response'],
    ['an HTML page', { body: 'html' as const }, 'invalid_response'],
    ['an HTML page with a status', { body: 'html' as const, status: 500 }, 'server_error'],
    ['a read without a body', { body: 'empty' as const }, 'invalid_response'],
    ['a redirect', { status: 302 }, 'redirected'],
    ['50 MB', { body: 'huge' as const }, 'response_too_large'],
  ])('%s', async (_, fault, code) => {
    rig.sandbox.faults.add({ route: 'accounts_list', ...fault });
    const { isError, json, elapsed } = await timed('accounts_list');
    expect(isError).toBe(true);
    expect(json.error.code).toBe(code);
    expect(json.error.next).toBeTruthy();
    expect(elapsed).toBeLessThan(inTime);
  });

  test('a write without a body is a success that says so', async () => {
    rig.sandbox.faults.add({ route: 'accounts_create', body: 'empty', times: 1 });
    const { isError, json } = await timed('accounts_create', { name: 'silent' });
    expect(isError).toBe(false);
    expect(json).toMatchObject({ done: true, status: 200 });
  });
});

test('cancelling a call aborts its request', async () => {
  let ended = false;
  rig.sandbox.faults.add({ route: 'accounts_list', hang: true, times: 1 });
  const cancel = new AbortController();
  const call = rig.client.callTool({ name: 'accounts_list' }, undefined, { signal: cancel.signal });
  call.catch(() => {
    ended = true;
  });
  setTimeout(() => cancel.abort(), 200);
  await expect(call).rejects.toThrow();
  expect(ended).toBe(true);
  await expect.poll(() => rig.stderr()).toMatch(/"outcome":"cancelled"/);
});

describe('a host that cannot be reached', () => {
  const run = async (baseUrl: string, check: (program: Program) => Promise<void>) => {
    const program = await startProgram(['--base-url', baseUrl, '--timeout', '3'], { SYNQLY_TOKEN: canary });
    await check(program);
    expect(program.stderr()).not.toContain(canary);
    await program.close();
  };

  test('a name that does not resolve', () =>
    run('https://synqly.invalid', async (program) => {
      const { json, text } = await program.call('accounts_create', { name: 'x' });
      expect(json.error).toMatchObject({ code: 'connection_failed', retry: 'safe' });
      expect(text).not.toContain(canary);
    }));

  test('a port where nothing listens', () =>
    run('http://127.0.0.1:9', async (program) => {
      const { json } = await program.call('accounts_create', { name: 'x' });
      expect(json.error).toMatchObject({ code: 'connection_failed', retry: 'safe' });
    }));
});
