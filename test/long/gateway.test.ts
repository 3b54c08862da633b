import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
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
import { type HttpProgram, postTo, startHttpProgram } from '../e2e/http-support.ts';
import { startProgram, toolCount } from '../e2e/support.ts';

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function keep<Thing extends { close(): Promise<unknown> }>(thing: Promise<Thing>): Promise<Thing> {
  const made = await thing;
  open.push(made);
  return made;
}

const statusOf = async ({ post }: HttpProgram, token: string) =>
  (await post({ method: 'ping' }, bearer(token))).status;

if (!hasRedis)
  console.warn('redis-server is not installed: what replicas share over Redis is not tested here.');

describe.each([
  ['a directory', makeFolder, true],
  ['Redis', startRedis, hasRedis],
])('MCP tokens kept in %s', (_, makeStore, isHere) => {
  let sandbox: Sandbox;
  let store: Store;
  beforeEach(async () => {
    if (!isHere) return;
    sandbox = await keep(startSandbox({ size: 'small' }));
    store = await keep(makeStore());
    for (const [name, environment] of [
      ['quay', 'test'],
      ['reef', 'prod'],
    ])
      await postTo(sandbox, '/v1/accounts', { name, environment });
  });
  const gateway = (...args: string[]) => keep(startGateway(sandbox, store.named, args));

  test.runIf(isHere)('a token for an account opens that account and nothing else', async () => {
    const { url, call, connect, post } = await gateway();
    const { token } = await makeMcpToken(sandbox, store.named, '--account', 'quay');
    const client = await connect(token);
    const { tools } = await client.listTools();
    const names = tools.map(({ name }) => name);
    expect(names).toContain('accounts_get');
    expect(names).not.toContain('members_list');
    expect(tools.find(({ name }) => name === 'accounts_get')?.inputSchema.properties).not.toHaveProperty(
      'account_id',
    );
    expect(client.getInstructions()).toContain('Pinned to the account');
    await client.close();
    expect((await call(token, 'accounts_get')).result.name).toBe('quay');
    expect(JSON.stringify(await call(token, 'accounts_list'))).not.toContain('reef');
    const hidden = await post({ method: 'tools/call', params: { name: 'members_list' } }, bearer(token));
    expect(await hidden.json()).toMatchObject({ error: { code: -32602 } });

    const bridge = await keep(startProgram(['connect', url], { SYNQLY_MCP_TOKEN: token }));
    expect((await bridge.call('accounts_get')).json.result.name).toBe('quay');
  });

  test.runIf(isHere)(
    'a token for an environment opens its accounts, a token for the organization everything',
    async () => {
      const { call } = await gateway();
      const { token } = await makeMcpToken(sandbox, store.named, '--environment', 'test');
      const listed = JSON.stringify(await call(token, 'accounts_list'));
      expect(listed).toContain('quay');
      expect(listed).not.toContain('reef');
      expect((await call(token, 'accounts_get', { account_id: 'reef' })).error.code).toBe('outside_pin');
      const whole = await makeMcpToken(sandbox, store.named, '--organization');
      expect((await call(whole.token, 'accounts_get', { account_id: 'reef' })).result.name).toBe('reef');
      expect((await call(whole.token, 'members_list')).result).not.toEqual([]);
    },
  );

  test.runIf(isHere)('an unknown, an expired and a revoked token are refused in the same words', async () => {
    const { post } = await gateway();
    const ask = async (token: string) => {
      const response = await post({ method: 'ping' }, bearer(token));
      return [response.status, response.headers.get('www-authenticate'), await response.text()];
    };
    const short = await makeMcpToken(sandbox, store.named, '--organization', '--ttl', '5s');
    expect((await ask(short.token))[0]).toBe(200);
    const long = await makeMcpToken(sandbox, store.named, '--organization', '--label', 'for the night shift');
    const listed = await runToken(sandbox, store.named, 'list');
    expect(listed.stdout).toMatch(new RegExp(`^${long.fingerprint} +organization`, 'm'));
    expect(listed.stdout).toContain('for the night shift');
    expect(listed.stdout).not.toContain(long.token);
    expect((await ask(long.token))[0]).toBe(200);
    const revoked = await runToken(sandbox, store.named, 'revoke', long.fingerprint);
    expect(revoked).toMatchObject({ status: 0, stderr: '' });
    const refused = await ask(long.token);
    expect(refused[0]).toBe(401);
    expect(refused[1]).toContain('Bearer');
    expect(await ask('never-made')).toEqual(refused);
    await vi.waitUntil(async () => (await ask(short.token))[0] === 401, { timeout: 30_000, interval: 100 });
    expect(await ask(short.token)).toEqual(refused);
    // The API token that the gateway itself holds is no way in.
    expect(await ask(sandbox.token)).toEqual(refused);
    expect((await runToken(sandbox, store.named, 'list')).stdout).toBe('There are no MCP tokens.\n');
    expect(await runToken(sandbox, store.named, 'revoke', long.fingerprint)).toMatchObject({ status: 2 });
  });

  test.runIf(isHere)(
    'a token made on one gateway works on another and after a restart, and a revoked one stops on all',
    async () => {
      const [first, second] = [await gateway('--reveal-secrets'), await gateway()];
      const admin = await makeMcpToken(sandbox, store.named, '--organization');
      const scope = { type: 'developer', account_id: 'quay' };
      const { result } = await first.call(admin.token, 'tokens_create_mcp_token', { scope });
      expect((await second.call(result.secret, 'accounts_get')).result.name).toBe('quay');
      expect(await statusOf(first, result.secret)).toBe(200);
      await first.close();
      const third = await gateway();
      expect((await third.call(result.secret, 'accounts_get')).result.name).toBe('quay');
      const { stdout } = await runToken(sandbox, store.named, 'list', '--json');
      const made = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .find(({ reaches }) => reaches.startsWith('account '));
      await runToken(sandbox, store.named, 'revoke', made.fingerprint);
      expect([await statusOf(second, result.secret), await statusOf(third, result.secret)]).toEqual([
        401, 401,
      ]);
      expect(await statusOf(third, admin.token)).toBe(200);
    },
  );

  test.runIf(isHere)('a token for connectors is refused with the reason', async () => {
    const { call, post } = await gateway('--reveal-secrets');
    const admin = await makeMcpToken(sandbox, store.named, '--organization');
    const scope = { type: 'integration-usage', account_id: 'quay' };
    const { result } = await call(admin.token, 'tokens_create_mcp_token', { scope });
    const response = await post({ method: 'tools/list' }, bearer(result.secret));
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toContain('insufficient_scope');
    expect(await response.text()).toContain('integration-usage');
  });

  test.runIf(isHere)('a token for another Synqly is refused', async () => {
    const other = await keep(startSandbox({ size: 'small' }));
    const { token } = await makeMcpToken(other, store.named, '--organization');
    expect(await statusOf(await gateway(), token)).toBe(401);
    expect((await runToken(sandbox, store.named, 'list')).stdout).toBe('There are no MCP tokens.\n');
  });

  test.runIf(isHere)("a pin of the server's own holds beside the token's scope", async () => {
    const pinned = await gateway('--environment', 'prod');
    const [quay, reef, test_] = await Promise.all([
      makeMcpToken(sandbox, store.named, '--account', 'quay'),
      makeMcpToken(sandbox, store.named, '--account', 'reef'),
      makeMcpToken(sandbox, store.named, '--environment', 'test'),
    ]);
    expect((await pinned.call(reef.token, 'accounts_get')).result.name).toBe('reef');
    expect((await pinned.call(quay.token, 'accounts_get')).error.code).toBe('outside_pin');
    expect(await statusOf(pinned, test_.token)).toBe(403);
  });
});

describe('a directory of tokens', () => {
  test('holds hashes only, and can be read by its owner only', async () => {
    const sandbox = await keep(startSandbox({ size: 'small' }));
    const { named } = await keep(makeFolder());
    const { token, fingerprint } = await makeMcpToken(sandbox, named, '--organization');
    const [file = ''] = await readdir(named);
    expect(file.startsWith(fingerprint)).toBe(true);
    expect(await readFile(join(named, file), 'utf8')).not.toContain(token);
    const modes = await Promise.all(
      [named, join(named, file)].map(async (path) => (await stat(path)).mode & 0o777),
    );
    expect(modes).toEqual([0o700, 0o600]);

    await chmod(named, 0o770);
    const refused = await runToken(sandbox, named, 'list');
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain('not be writable by others');
  });

  test('a grant that cannot be read or has the wrong file name is refused', async () => {
    const sandbox = await keep(startSandbox({ size: 'small' }));
    const { named } = await keep(makeFolder());
    const [narrow, wide, spoilt] = await Promise.all([
      makeMcpToken(sandbox, named, '--environment', 'test'),
      makeMcpToken(sandbox, named, '--organization'),
      makeMcpToken(sandbox, named, '--organization'),
    ]);
    const files = await readdir(named);
    const fileOf = ({ fingerprint }: { fingerprint: string }) =>
      join(named, files.find((file) => file.startsWith(fingerprint)) ?? '');
    await writeFile(fileOf(narrow), await readFile(fileOf(wide), 'utf8'));
    await writeFile(fileOf(spoilt), '{"hash":');
    const program = await keep(startGateway(sandbox, named));
    const statuses = [narrow, wide, spoilt].map(({ token }) => statusOf(program, token));
    expect(await Promise.all(statuses)).toEqual([401, 200, 401]);
  });

  test('tokens added by many processes at once are all stored', async () => {
    const sandbox = await keep(startSandbox({ size: 'small' }));
    const { named } = await keep(makeFolder());
    const made = await Promise.all(
      Array.from({ length: 6 }, () => makeMcpToken(sandbox, named, '--organization')),
    );
    const program = await keep(startGateway(sandbox, named));
    for (const { token } of made) expect(await statusOf(program, token)).toBe(200);
  });
});

test.runIf(hasRedis)(
  'while Redis is down all callers are refused and the server is not ready, until Redis is back',
  async () => {
    const sandbox = await keep(startSandbox({ size: 'small' }));
    const store = await keep(startRedis());
    const { token } = await makeMcpToken(sandbox, store.named, '--organization');
    const program = await keep(startGateway(sandbox, store.named, ['--reveal-secrets']));
    const isReady = async () => (await fetch(`${program.origin}/readyz`)).status === 200;
    expect(await statusOf(program, token)).toBe(200);
    await store.stop();
    expect(await statusOf(program, token)).toBe(503);
    expect(await isReady()).toBe(false);
    await store.start();
    const fresh = await makeMcpToken(sandbox, store.named, '--organization');
    await vi.waitUntil(async () => (await statusOf(program, fresh.token)) === 200, {
      timeout: 30_000,
      interval: 200,
    });
  },
);

test.runIf(hasRedis)(
  'while Redis does not answer all callers are refused, and a gateway that starts reports it',
  async () => {
    const sandbox = await keep(startSandbox({ size: 'small' }));
    const store = await keep(startRedis());
    const { token } = await makeMcpToken(sandbox, store.named, '--organization');
    const program = await keep(startGateway(sandbox, store.named));
    expect(await statusOf(program, token)).toBe(200);
    store.freeze();
    expect(await statusOf(program, token)).toBe(503);
    expect((await fetch(`${program.origin}/readyz`)).status).toBe(503);
    const { status, stderr } = await runToken(sandbox, { SYNQLY_TOKEN_STORE: store.named }, 'list');
    expect(status).toBe(2);
    expect(stderr).toContain('Redis cannot be reached (no answer)');
    store.thaw();
    await vi.waitUntil(async () => (await statusOf(program, token)) === 200, {
      timeout: 30_000,
      interval: 200,
    });
  },
  60_000,
);

test('a token made by a tool over stdio opens a gateway of the same store', async () => {
  const sandbox = await keep(startSandbox({ size: 'small' }));
  const { named } = await keep(makeFolder());
  const args = ['--base-url', sandbox.baseUrl, '--token-store', named, '--reveal-secrets'];
  const program = await keep(startProgram(args, { SYNQLY_TOKEN: sandbox.token }));
  const { json } = await program.call('tokens_create_mcp_token', { scope: { type: 'management' } });
  expect(await statusOf(await keep(startGateway(sandbox, named)), json.result.secret)).toBe(200);
});

test('a token that cannot be stored is not created', async () => {
  const sandbox = await keep(startSandbox({ size: 'small' }));
  const { named } = await keep(makeFolder());
  const program = await keep(startGateway(sandbox, named, ['--reveal-secrets']));
  const { token } = await makeMcpToken(sandbox, named, '--organization');
  const made = sandbox.state.tokens.all().length;
  const scope = { type: 'developer', account_id: 'nobody-of-that-name' };
  const answer = await program.call(token, 'tokens_create_mcp_token', { scope });
  expect(answer.error.code).toBe('not_found');
  expect(sandbox.state.tokens.all()).toHaveLength(made);
});

test.runIf(hasRedis)('a token that was created but could not be stored is reported', async () => {
  const sandbox = await keep(startSandbox({ size: 'small' }));
  const store = await keep(startRedis());
  const program = await keep(startGateway(sandbox, store.named, ['--reveal-secrets']));
  const { token } = await makeMcpToken(sandbox, store.named, '--organization');
  const admin = createClient({ url: store.named });
  await admin.connect();
  await admin.configSet('min-replicas-to-write', '1');
  admin.destroy();
  const scope = { type: 'management' };
  const answer = await program.call(token, 'tokens_create_mcp_token', { scope });
  expect(answer.error).toMatchObject({ code: 'token_not_kept', retry: 'no' });
});

test('a Redis that cannot be reached at startup is reported without its password', async () => {
  const sandbox = await keep(startSandbox({ size: 'small' }));
  const store = { SYNQLY_TOKEN_STORE: 'redis://user:hush-hush@127.0.0.1:1/0' };
  const { status, stderr } = await runToken(sandbox, store, 'list');
  expect(status).toBe(2);
  expect(stderr).toContain('Cannot open --token-store');
  expect(stderr).not.toContain('hush-hush');
});

test('a server of the sandbox prints a token that works', async () => {
  const program = await keep(startHttpProgram(['--sandbox']));
  await vi.waitUntil(() => program.stderr().includes('Bearer '), { timeout: 30_000 });
  const [, settings = ''] = /\n(\{[\s\S]+\n\})\n/.exec(program.stderr()) ?? [];
  const { url, headers } = JSON.parse(settings).mcpServers.synqly;
  expect(url).toBe(program.url);
  const client = await program.connect(headers.Authorization.replace('Bearer ', ''));
  expect((await client.listTools()).tools).toHaveLength(toolCount);
  await client.close();
});
