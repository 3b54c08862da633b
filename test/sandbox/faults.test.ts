import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Fault, parseFault } from '../../src/sandbox/faults.ts';
import { startSandbox } from '../../src/sandbox/start.ts';
import { type Api, openApi } from './api.ts';
import { expectProblem } from './checks.ts';

let api: Api;

beforeAll(async () => {
  api = await openApi();
  return () => api.close();
});
afterEach(() => api.sandbox.faults.clear());

function call(path = '/v1/accounts', init: RequestInit = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${api.sandbox.token}`, ...init.headers };
  return fetch(api.sandbox.baseUrl + path, { ...init, headers });
}

describe('effects', () => {
  test('a status is answered as a Problem, with Retry-After when given', async () => {
    api.sandbox.faults.add({ status: 429, retryAfter: 2 });
    const reply = await api.get('/v1/accounts');
    expectProblem(reply, 429);
    expect(reply.headers.get('retry-after')).toBe('2');
  });

  test('a fault comes before the token', async () => {
    api.sandbox.faults.add({ status: 503 });
    expectProblem(await api.as('made-up').get('/v1/accounts'), 503);
  });

  test('a delay alone leaves the answer right', async () => {
    api.sandbox.faults.add({ delay: 120 });
    const start = performance.now();
    expect((await api.get('/v1/accounts')).status).toBe(200);
    expect(performance.now() - start).toBeGreaterThan(100);
  });

  test('many delayed calls cause no warning of a leak', async () => {
    const warnings: string[] = [];
    const onWarning = ({ name }: Error) => warnings.push(name);
    process.on('warning', onWarning);
    const own = await startSandbox({ size: 'small', faults: [{ delay: 50 }] });
    const headers = { authorization: `Bearer ${own.token}` };
    const calls = Array.from({ length: 20 }, () => fetch(`${own.baseUrl}/v1/accounts`, { headers }));
    for (const { status } of await Promise.all(calls)) expect(status).toBe(200);
    process.off('warning', onWarning);
    await own.close();
    expect(warnings).not.toContain('MaxListenersExceededWarning');
  });

  test('a call given up during its delay is not done', async () => {
    api.sandbox.faults.add({ route: 'accounts_create', delay: 100 });
    const made = call('/v1/accounts', {
      method: 'POST',
      body: '{"name":"given-up"}',
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.timeout(30),
    });
    await expect(made).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expectProblem(await api.get('/v1/accounts/given-up'), 404);
  });

  test('a hanging call gets no answer', async () => {
    api.sandbox.faults.add({ hang: true });
    await expect(call('/v1/accounts', { signal: AbortSignal.timeout(100) })).rejects.toThrow(/timeout/);
  });

  test('a reset breaks the connection', async () => {
    api.sandbox.faults.add({ reset: true });
    await expect(call()).rejects.toThrow(/fetch failed/);
  });

  test('broken JSON, an HTML page and an empty body come with any status', async () => {
    api.sandbox.faults.add({ body: 'broken-json', times: 1 });
    api.sandbox.faults.add({ body: 'html', status: 502, times: 1 });
    api.sandbox.faults.add({ body: 'empty', times: 1 });
    const broken = await call();
    expect(broken.status).toBe(200);
    await expect(broken.json()).rejects.toThrow(SyntaxError);
    const page = await call();
    expect([page.status, page.headers.get('content-type')]).toEqual([502, 'text/html; charset=utf-8']);
    expect(await page.text()).toContain('<h1>');
    const empty = await call();
    expect([empty.status, await empty.text()]).toEqual([200, '']);
    expect((await call()).status).toBe(200);
  });

  test('a huge body has the size asked for', async () => {
    api.sandbox.faults.add({ body: 'huge', size: 3_000_000 });
    const text = await (await call()).text();
    expect(text).toHaveLength(3_000_000);
    expect(JSON.parse(text)).toHaveProperty('result');
  });

  test('a drip sends a byte now and then', async () => {
    api.sandbox.faults.add({ body: 'drip', size: 20 });
    const start = performance.now();
    expect(await (await call()).json()).toEqual({ result: 'xxxxxxx' });
    expect(performance.now() - start).toBeGreaterThan(500);
  });

  test('an echo repeats the token and the body', async () => {
    api.sandbox.faults.add({ echo: true, status: 500 });
    const reply = await api.post('/v1/accounts', { name: 'canary' });
    expectProblem(reply, 500);
    expect(reply.body.context.parameter.value).toBe(`Bearer ${api.sandbox.token}`);
    expect(reply.body.detail).toContain('canary');
  });
});

describe('aim', () => {
  test.each(['accounts_get', 'GET /v1/accounts/{accountId}'])(
    '%s applies to that operation only',
    async (route) => {
      api.sandbox.faults.add({ route, status: 500 });
      expectProblem(await api.get('/v1/accounts/any'), 500);
      expect((await api.get('/v1/accounts')).status).toBe(200);
      expectProblem(await api.delete('/v1/accounts/any'), 404);
    },
  );

  test('times limits the number of calls with the fault', async () => {
    api.sandbox.faults.add({ status: 503, times: 2 });
    const statuses = [];
    for (let at = 0; at < 4; at++) statuses.push((await api.get('/v1/roles')).status);
    expect(statuses).toEqual([503, 503, 200, 200]);
  });

  test('share applies to a part of the calls, the same with the same seed', async () => {
    const strike = async () => {
      const sandbox = await startSandbox({ size: 1, seed: 9, faults: [{ share: 0.5, status: 500 }] });
      const statuses = [];
      for (let at = 0; at < 20; at++) statuses.push((await fetch(`${sandbox.baseUrl}/v1/roles`)).status);
      await sandbox.close();
      return statuses;
    };
    const statuses = await strike();
    expect(new Set(statuses)).toEqual(new Set([500, 401]));
    expect(await strike()).toEqual(statuses);
  });
});

describe('on the command line', () => {
  test.each<[string, Fault]>([
    ['accounts_list:status=503,times=1', { route: 'accounts_list', status: 503, times: 1 }],
    ['*:delay=200,share=0.1', { route: '*', delay: 200, share: 0.1 }],
    ['GET /v1/accounts:hang', { route: 'GET /v1/accounts', hang: true }],
    ['*:status=429,retry-after=3', { route: '*', status: 429, retryAfter: 3 }],
    ['*:body=huge,size=1000', { route: '*', body: 'huge', size: 1000 }],
    ['*:reset=true,echo=false', { route: '*', reset: true, echo: false }],
  ])('%s', (text, fault) => {
    expect(parseFault(text)).toEqual(fault);
  });

  test.each([
    ['accounts_list', /route:key=value/],
    [':status=500', /route:key=value/],
    ['accounts_lst:status=500', /no route "accounts_lst"/],
    ['*:colour=red', /unknown key "colour".*status/],
    ['*:status=many', /status must be a number, not "many"/],
    ['*:status=99', /status must be a whole number from 200 to 599/],
    ['*:share=2', /share must be a number from 0 to 1/],
    ['*:times=0', /times must be a whole number at least 1/],
    ['*:body=xml', /body must be one of broken-json.*not "xml"/],
    ['*:hang=maybe', /hang is either true or false/],
    ['*:', /unknown key ""/],
  ])('%s is refused', (text, message) => {
    expect(() => parseFault(text)).toThrow(message);
  });

  test('a bad fault from code is refused as well', async () => {
    expect(() => api.sandbox.faults.add({ route: 'nowhere' })).toThrow(/no route/);
    await expect(startSandbox({ faults: [{ share: 7 }] })).rejects.toThrow(/share/);
  });
});

test('close ends calls that hang, drip or are delayed', async () => {
  const sandbox = await startSandbox({
    size: 1,
    faults: [
      { route: 'roles_list', hang: true },
      { route: 'members_list', body: 'drip' },
      { route: 'accounts_list', delay: 60_000 },
    ],
  });
  const calls = ['roles', 'members', 'accounts'].map((name) =>
    fetch(`${sandbox.baseUrl}/v1/${name}`).then((response) => response.text()),
  );
  const settled = Promise.allSettled(calls);
  await new Promise((resolve) => setTimeout(resolve, 100));
  // The delay is longer than the test may take.
  await sandbox.close();
  expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
});
