import { once } from 'node:events';
import { request as send } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeFolder, makeMcpToken, type Store, startGateway } from './gateway-support.ts';
import { type HttpProgram, type HttpRig, startHttpRig } from './http-support.ts';
import { canary } from './support.ts';

let rig: HttpRig;
let gateway: HttpProgram;
let store: Store;
let mcpToken: string;
beforeAll(async () => {
  rig = await startHttpRig({
    args: [
      '--log-level',
      'debug',
      '--rate-per-minute',
      '100000',
      '--allowed-origins',
      'https://chat.example',
    ],
    sandbox: { size: 'small' },
  });
  store = await makeFolder();
  mcpToken = (await makeMcpToken(rig.sandbox, store.named, '--organization')).token;
  gateway = await startGateway(rig.sandbox, store.named);
});
afterAll(async () => {
  await gateway.close();
  await rig.close();
  await store.close();
});

const read = { method: 'tools/call', params: { name: 'organization_get' } };

async function ask(headers: Record<string, string>, to: Pick<HttpProgram, 'post'> = rig) {
  const response = await to.post(read, headers);
  const text = await response.text();
  return { status: response.status, text, message: JSON.parse(text) };
}

describe('X-Api-Key', () => {
  test('counts as the bearer token, and calls Synqly with it', async () => {
    const { secret } = await rig.makeToken({ permission_set: 'administrator', resources: {} });
    const answer = await ask({ 'x-api-key': secret });
    expect(answer).toMatchObject({ status: 200, message: { result: { content: [{ type: 'text' }] } } });
    expect(answer.message.result.isError).toBeUndefined();
    expect((await ask({ 'X-API-KEY': `Bearer ${secret}` })).status).toBe(200);
  });

  test('may hold an MCP token of a gateway', async () => {
    expect((await ask({ 'x-api-key': mcpToken }, gateway)).status).toBe(200);
    expect((await ask({ 'x-api-key': `${mcpToken}x` }, gateway)).status).toBe(401);
  });

  test.each([
    ['an unknown token', { 'x-api-key': canary }],
    ['two words', { 'x-api-key': 'two words' }],
    ['nothing', { 'x-api-key': ' ' }],
  ])('with %s is 401', async (_, headers) => {
    expect((await ask(headers)).status).toBe(401);
  });

  test('may repeat the token of Authorization', async () => {
    const { token } = rig.sandbox;
    expect((await ask({ authorization: `Bearer ${token}`, 'x-api-key': token })).status).toBe(200);
    expect((await ask({ authorization: `Bearer ${token}`, 'x-api-key': '' })).status).toBe(200);
    expect((await ask({ authorization: 'Bearer ', 'x-api-key': token })).status).toBe(200);
  });

  test.each([
    ['another token', (token: string) => ({ authorization: `Bearer ${token}`, 'x-api-key': canary })],
    [
      'a token, beside another one',
      (token: string) => ({ authorization: `Bearer ${canary}`, 'x-api-key': token }),
    ],
    ['no token', (token: string) => ({ authorization: `Bearer ${token}`, 'x-api-key': 'two words' })],
    [
      'a token, beside another scheme',
      (token: string) => ({ authorization: 'Basic YTpi', 'x-api-key': token }),
    ],
  ])('with %s is refused beside Authorization, without either value', async (_, headersFor) => {
    const { status, text } = await ask(headersFor(rig.sandbox.token));
    expect([status, text]).toEqual([
      400,
      expect.stringContaining('Authorization and X-Api-Key hold different'),
    ]);
    expect(text).not.toContain(canary);
    expect(text).not.toContain(rig.sandbox.token);
  });

  test('sent twice is refused', async () => {
    const request = send(rig.url, { method: 'POST' });
    request.setHeader('x-api-key', [rig.sandbox.token, rig.sandbox.token]);
    request.end('{}');
    const [response] = await once(request, 'response');
    let text = '';
    for await (const chunk of response) text += chunk;
    expect([response.statusCode, text]).toEqual([400, expect.stringContaining('more than one X-Api-Key')]);
  });

  test('shares the rate limit of its token with Authorization', async () => {
    const { secret } = await rig.makeToken({ permission_set: 'administrator', resources: {} });
    const first = await rig.post(read, { 'x-api-key': secret });
    const second = await rig.post(read, { authorization: `Bearer ${secret}` });
    const left = [first, second].map(({ headers }) => Number(headers.get('ratelimit-remaining')));
    expect(left[1]).toBe(Number(left[0]) - 1);
  });

  test('may be sent by web pages that may call', async () => {
    const preflight = await fetch(rig.url, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://chat.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'x-api-key',
      },
    });
    expect(preflight.headers.get('access-control-allow-headers')).toContain('x-api-key');
  });

  test('is in no line of the log and in no metric', async () => {
    await ask({ 'x-api-key': canary });
    await ask({ 'x-api-key': rig.sandbox.token });
    await ask({ 'x-api-key': canary, authorization: `Bearer ${rig.sandbox.token}` });
    const written = rig.stderr() + (await (await fetch(`${rig.origin}/metrics`)).text());
    expect(written).toContain('"msg":"call"');
    expect(written).not.toContain(canary);
    expect(written).not.toContain(rig.sandbox.token);
  });
});

test('no other header is read as a token', async () => {
  const { token } = rig.sandbox;
  for (const name of ['x-auth-token', 'x-access-token', 'api-key'])
    expect((await ask({ [name]: token })).status).toBe(401);
});
