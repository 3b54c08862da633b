import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import {
  hasRedis,
  makeFolder,
  makeMcpToken,
  runToken,
  type Store,
  startGateway,
  startRedis,
} from '../e2e/gateway-support.ts';
import type { HttpProgram } from '../e2e/http-support.ts';

const kinds = hasRedis ? (['folder', 'redis'] as const) : (['folder'] as const);

describe.each(kinds)('an MCP token that is made with an MCP token, kept in a %s', (kind) => {
  let sandbox: Sandbox;
  let store: Store;
  let gateway: HttpProgram;
  beforeAll(async () => {
    sandbox = await startSandbox({ size: 'small' });
    store = kind === 'redis' ? await startRedis() : await makeFolder();
    gateway = await startGateway(sandbox, store.named, ['--reveal-secrets', '--confirm', 'never']);
  }, 30_000);
  afterAll(async () => {
    await gateway.close();
    await store.close();
    await sandbox.close();
  });

  const createWith = async (token: string, token_ttl = '24h') =>
    gateway.call(token, 'tokens_create_mcp_token', { token_ttl, scope: { type: 'management' } });
  const statusOf = async (token: string) =>
    (await gateway.post({ method: 'ping' }, { authorization: `Bearer ${token}` })).status;

  test('works, expires and is revoked together with the first', async () => {
    const maker = await makeMcpToken(sandbox, store.named, '--organization', '--ttl', '30m');
    const { result: second } = await createWith(maker.token);
    const { result: third } = await createWith(second.secret);
    expect([await statusOf(second.secret), await statusOf(third.secret)]).toEqual([200, 200]);
    const { stdout } = await runToken(sandbox, store.named, 'list', '--json');
    const listed = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const endOfMaker = listed.find(({ fingerprint }) => fingerprint === maker.fingerprint).expires;
    expect(listed.map(({ expires }) => expires)).toEqual([endOfMaker, endOfMaker, endOfMaker]);
    // What its bearer is told is what holds.
    expect([second.expires, third.expires]).toEqual([endOfMaker, endOfMaker]);
    await runToken(sandbox, store.named, 'revoke', maker.fingerprint);
    expect([
      await statusOf(maker.token),
      await statusOf(second.secret),
      await statusOf(third.secret),
    ]).toEqual([401, 401, 401]);
    expect((await runToken(sandbox, store.named, 'list')).stdout).toContain('There are no MCP tokens.');
  });

  test('does not revoke the first, and keeps a shorter lifetime', async () => {
    const maker = await makeMcpToken(sandbox, store.named, '--organization', '--ttl', '2h');
    const { result } = await createWith(maker.token, '1h');
    expect(Date.parse(result.expires)).toBeLessThan(Date.now() + 61 * 60_000);
    const { stdout } = await runToken(sandbox, store.named, 'list', '--json');
    const [newest] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    await runToken(sandbox, store.named, 'revoke', newest.fingerprint);
    expect([await statusOf(result.secret), await statusOf(maker.token)]).toEqual([401, 200]);
  });

  test('a chain of tokens has a maximum length', async () => {
    let { token } = await makeMcpToken(sandbox, store.named, '--organization');
    for (let made = 0; made < 8; made += 1) token = (await createWith(token)).result.secret;
    const { error } = await createWith(token);
    expect(error).toMatchObject({ code: 'forbidden', retry: 'no' });
    expect(await statusOf(token)).toBe(200);
  });
});
