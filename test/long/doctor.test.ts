import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import {
  checksOf,
  closedPort,
  contentsOf,
  listen,
  makeCertificate,
  makeFolder,
  runDoctor,
  startProxiedHosts,
} from '../e2e/doctor-support.ts';
import { type FakeSynqly, startFakeSynqly } from '../e2e/fake-synqly.ts';
import { hasRedis, startRedis } from '../e2e/gateway-support.ts';
import { postTo } from '../e2e/http-support.ts';
import { builtCli, canary, cleanEnvironment } from '../e2e/support.ts';

const folder = makeFolder();
const closing: (() => unknown)[] = [];
let now = Date.now();
let sandbox: Sandbox;
let state: string;

beforeAll(async () => {
  sandbox = await startSandbox({ size: 'small', clock: () => now });
  state = join(folder.path, 'state');
  mkdirSync(state);
});
afterEach(async () => {
  now = Date.now();
  for (const close of closing.splice(0)) await close();
});
afterAll(async () => {
  await sandbox.close();
  folder.remove();
});

/** An installation without a problem, unless `env` says otherwise. */
const at = (url: string, token: string, env: Record<string, string> = {}) => ({
  env: { SYNQLY_BASE_URL: url, SYNQLY_TOKEN: token, XDG_STATE_HOME: state, ...env },
});

async function startFake(...args: Parameters<typeof startFakeSynqly>): Promise<FakeSynqly> {
  const fake = await startFakeSynqly(...args);
  closing.push(fake.close);
  return fake;
}

describe('a sound installation', () => {
  test('every check passes and the exit status is 0', async () => {
    const { status, ok, problems, find } = await checksOf([], at(sandbox.baseUrl, sandbox.token));
    expect(problems).toEqual([]);
    expect({ status, ok }).toEqual({ status: 0, ok: true });
    expect(find('node')?.message).toContain(process.versions.node);
    expect(find('token')?.message).toMatch(/^organization token \(\w+\), from SYNQLY_TOKEN$/);
    expect(find('organization')?.details?.id).toEqual(expect.any(String));
    expect(find('permissions')?.details?.permission_sets).toEqual(['administrator']);
    expect(find('expiry')?.details?.expires).toMatch(/^\d{4}-/);
    expect(find('clock')?.status).toBe('ok');
    expect(find('api')?.message).toMatch(/^answers in \d+ ms with the connection, then in \d+ ms$/);
    expect(find('state directory')?.message).toBe(join(state, 'synqly-mcp'));
    expect(find('tools')?.details).toMatchObject({ surface: 'full', tools: expect.any(Number) });
  });

  test.each([[[]], [['--surface', 'compact', '--read-only']], [['--transport', 'http']]])(
    'the sandbox with %j needs nothing',
    async (flags) => {
      const { status, problems, find } = await checksOf(['--sandbox', ...flags]);
      expect(problems).toEqual([]);
      expect(status).toBe(0);
      expect(find('token')?.message).toContain('from the sandbox');
    },
  );

  test('the documentation shows what is printed today', async () => {
    const page = readFileSync(new URL('../../docs/doctor.md', import.meta.url), 'utf8');
    const [, flags = '', shown = ''] =
      /node dist\/cli\.js doctor(.*)\n```\n\n```text\n([\s\S]*?)```/.exec(page) ?? [];
    const { stdout } = await runDoctor(flags.trim().split(' '));
    // Ports, times, ids, the platform and the costs of tools differ.
    const withoutValues = (text: string) =>
      text
        .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}|[\d.,]+|(?<=on )\w+ \w+/g, '#')
        .replaceAll(/#[\w:.-]*Z/g, '#');
    expect(withoutValues(stdout)).toBe(withoutValues(shown));
  });

  test('the text has one line for each check, and what is to be done', async () => {
    const { stdout, status } = await runDoctor([], at(sandbox.baseUrl, 'unknown-token'));
    const lines = stdout.trimEnd().split('\n');
    const checks = lines.slice(2, -2);
    expect(checks.length).toBeGreaterThan(8);
    for (const line of checks) expect(line).toMatch(/^[✓✗–] [a-z]+( [a-z]+)? {2,}\S/);
    expect(checks.filter((line) => line.startsWith('✗'))).toEqual([
      expect.stringMatching(/^✗ token .*Put a valid/),
    ]);
    expect(lines.at(-1)).toBe('1 thing to do: see the lines with ✗.');
    expect(status).toBe(1);
  });

  test('the tools and their tokens are those of a client with this token', async () => {
    const viewer = await postTo(sandbox, '/v1/tokens', {
      name: 'doctor-viewer',
      permission_set: 'viewer',
      resources: { accounts: { ids: ['*'] } },
    });
    const options = at(sandbox.baseUrl, viewer.result.primary.access.secret);
    const { find } = await checksOf([], options);
    expect(find('permissions')?.message).toBe('viewer');
    const all = await checksOf(['--permissions', 'ignore'], options);
    const [few, many] = [find('tools')?.details, all.find('tools')?.details];
    expect(Number(few?.tools)).toBeLessThan(Number(many?.tools));
    expect(Number(few?.tokens)).toBeLessThan(Number(many?.tokens));
  });
});

describe('settings', () => {
  test('each shows where it is set, and no secret shows its value', async () => {
    const env = {
      SYNQLY_TOKEN: `${canary}-1`,
      SYNQLY_MCP_TOKEN: `${canary}-2`,
      SYNQLY_STATE_KEY: Buffer.alloc(32, 7).toString('hex'),
      SYNQLY_STATE_STORE: `redis://user:${canary}-3@127.0.0.1:1/2`,
      SYNQLY_TOKEN_STORE: `redis://user:${canary}-4@127.0.0.1:1/2?password=${canary}`,
      HTTPS_PROXY: `http://user:${canary}-5@127.0.0.1:1`,
      SYNQLY_REGION: 'us',
      SYNQLY_PORT: '8080',
    };
    for (const json of [[], ['--json']]) {
      const { stdout, stderr, status } = await runDoctor([...json, '--region', 'eu', '--account', 'acme'], {
        env,
      });
      expect(status).toBe(1);
      for (const text of [
        'SYNQLY_TOKEN: set (variable)',
        '--region: eu (flag, overrides SYNQLY_REGION)',
        '--account: acme (flag)',
        'SYNQLY_STATE_KEY: set (variable)',
        'SYNQLY_STATE_STORE: redis://127.0.0.1:1/2 (variable)',
        'SYNQLY_PORT: 8080 (variable, no effect over stdio)',
      ])
        expect(stdout).toContain(text);
      expect(stdout + stderr).not.toContain(canary);
      expect(stdout + stderr).not.toContain('0707');
    }
  });

  test('what Synqly says is quoted without the token', async () => {
    const fake = await startFake(({ headers }) => ({
      status: 401,
      json: { message: `Unknown: ${headers.authorization}` },
    }));
    const { stdout } = await runDoctor([], at(fake.url, canary));
    expect(stdout).toContain('Synqly says "Unknown: ');
    expect(stdout).not.toContain(canary);
  });

  test('all invalid variables are named in one run, and nothing is sent', async () => {
    const fake = await startFake(() => ({ json: {} }));
    const { status, problems } = await checksOf(
      [],
      at(fake.url, canary, { SYNQLY_REGION: 'mars', SYNQLY_PORT: 'x', SYNQLY_ACCOUNT: '${account}' }),
    );
    expect(problems.map(({ message }) => message.split(' ')[0])).toEqual([
      'SYNQLY_REGION',
      'SYNQLY_PORT',
      'SYNQLY_ACCOUNT',
    ]);
    expect(status).toBe(1);
    expect(fake.requests).toEqual([]);
  });

  test('a variable with a typing error is named with the right one', async () => {
    const { problems } = await checksOf(['--sandbox'], {
      env: { SYNQLY_REGOIN: 'eu', SYNQLY_SECRET_X: 'x', SYNQLY_OF_ANOTHER_PROGRAM: 'x' },
    });
    expect(problems).toEqual([
      expect.objectContaining({
        check: 'settings',
        message: expect.stringContaining('SYNQLY_REGOIN'),
        remediation: expect.stringContaining('SYNQLY_REGION'),
      }),
    ]);
  });

  test.each([
    [['--region', 'mars'], '--region must be one of us, eu.'],
    [['--sandbox', '--base-url', 'https://synqly.invalid'], '--sandbox replaces Synqly'],
  ])('the invalid flags %j end the run as elsewhere', async (flags, message) => {
    const { status, stderr } = await runDoctor(flags);
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  });

  test('a pinned account that does not exist is named', async () => {
    const { problems } = await checksOf(['--account', 'nobody'], at(sandbox.baseUrl, sandbox.token));
    expect(problems).toEqual([
      expect.objectContaining({ check: 'account', message: expect.stringContaining('"nobody"') }),
    ]);
  });

  test('selecting no tool is named', async () => {
    const { problems } = await checksOf(['--sandbox', '--deny', '*']);
    expect(problems.map(({ check }) => check)).toEqual(['tools']);
  });
});

describe('trouble with the token', () => {
  test('no token', async () => {
    const { SYNQLY_TOKEN: _, ...env } = at(sandbox.baseUrl, '').env;
    const { status, problems, find } = await checksOf([], { env });
    expect(problems.map(({ check, message }) => [check, message])).toEqual([
      ['token', 'No Synqly token is set.'],
    ]);
    expect(problems[0]?.remediation).toMatch(/^Set SYNQLY_TOKEN .*--sandbox/);
    expect(find('api')?.status).toBe('ok');
    expect(status).toBe(1);
  });

  test('no token is right over HTTP, where callers have their own', async () => {
    const { SYNQLY_TOKEN: _, ...env } = at(sandbox.baseUrl, '').env;
    const { problems } = await checksOf(['--transport', 'http'], { env });
    expect(problems).toEqual([]);
  });

  test.each(['integration', 'MCP'])('the wrong kind: an %s token', async (kind) => {
    const listed = await fetch(`${sandbox.baseUrl}/v1/integrations`, {
      headers: { authorization: `Bearer ${sandbox.token}` },
    });
    const { account_id, id } = JSON.parse(await listed.text()).result[0];
    const made =
      kind === 'MCP'
        ? await postTo(sandbox, '/v1/tokens/mcp', { scope: { type: 'management' } })
        : await postTo(sandbox, `/v1/tokens/${account_id}/${id}`, {});
    const { problems } = await checksOf([], at(sandbox.baseUrl, made.result.secret));
    expect(problems).toEqual([
      expect.objectContaining({
        check: 'token',
        message: expect.stringContaining('wrong kind'),
        remediation: expect.stringContaining('set SYNQLY_TOKEN to an organization token'),
        details: expect.objectContaining({ reason: 'wrong_kind' }),
      }),
    ]);
  });

  test('an expired token', async () => {
    const made = await postTo(sandbox, '/v1/tokens', {
      name: 'doctor-expired',
      token_ttl: '10m',
      permission_set: 'viewer',
      resources: { accounts: { ids: ['*'] } },
    });
    const options = at(sandbox.baseUrl, made.result.primary.access.secret);
    const before = await checksOf([], options);
    expect(before.problems.map(({ check }) => check)).toEqual(['expiry']);
    now += 3_600_000;
    const { problems } = await checksOf([], options);
    expect(problems).toEqual([
      expect.objectContaining({
        check: 'token',
        message: expect.stringContaining('The token in SYNQLY_TOKEN has expired'),
        remediation: expect.stringContaining('Create a new organization token'),
      }),
    ]);
  });

  test('a token file that is missing', async () => {
    const { SYNQLY_TOKEN: _, ...env } = at(sandbox.baseUrl, '').env;
    const file = join(folder.path, 'no-such-file');
    const { problems } = await checksOf([], { env: { ...env, SYNQLY_TOKEN_FILE: file } });
    expect(problems).toEqual([
      expect.objectContaining({ check: 'token', message: 'The token file cannot be read.' }),
    ]);
  });

  describe('a token that Synqly refuses', () => {
    let certificate: ReturnType<typeof makeCertificate>;
    beforeAll(() => {
      certificate = makeCertificate(folder.path, ['api.synqly.com', 'api-eu.synqly.com']);
    });

    /** Both regions, behind a proxy; one knows the token. */
    async function startRegions(known?: string) {
      const hosts = await startProxiedHosts(certificate, ({ host }) => (host === known ? 200 : 401));
      closing.push(hosts.close);
      const env = {
        SYNQLY_TOKEN: canary,
        XDG_STATE_HOME: state,
        HTTPS_PROXY: hosts.proxy,
        NODE_EXTRA_CA_CERTS: certificate.cert,
      };
      return { ...hosts, env };
    }

    test('may be of the other region, which is not asked by itself', async () => {
      const { env, requests } = await startRegions('api-eu.synqly.com');
      const { problems } = await checksOf([], { env });
      expect(problems).toEqual([
        expect.objectContaining({
          check: 'token',
          message: expect.stringContaining('refused the token in SYNQLY_TOKEN (HTTP 401)'),
          remediation: expect.stringMatching(
            /another region than us, set SYNQLY_REGION; doctor --try-regions/,
          ),
        }),
      ]);
      expect(requests.map(({ host }) => host)).not.toContain('api-eu.synqly.com');
    });

    test('is found in the other region with --try-regions', async () => {
      const { env, requests } = await startRegions('api-eu.synqly.com');
      const { problems } = await checksOf(['--try-regions'], { env });
      expect(problems).toEqual([
        expect.objectContaining({
          check: 'token',
          message: 'The region us refused the token; the region eu knows it.',
          remediation: 'Set SYNQLY_REGION=eu, or --region eu.',
        }),
      ]);
      expect(requests.at(-1)).toMatchObject({ host: 'api-eu.synqly.com', authorization: `Bearer ${canary}` });
    });

    test('by both regions is in none', async () => {
      const { env } = await startRegions();
      const { problems } = await checksOf(['--try-regions', '--region', 'eu'], { env });
      expect(problems.map(({ message }) => message)).toEqual(['Both regions refused the token (HTTP 401).']);
    });

    test('a self-hosted Synqly has no other region', async () => {
      const fake = await startFake(() => ({ status: 401, json: { message: 'no' } }));
      const { problems } = await checksOf(['--try-regions'], at(fake.url, canary));
      expect(problems[0]?.remediation).toBe('Put a valid organization token into SYNQLY_TOKEN.');
    });
  });
});

describe('trouble with the network', () => {
  test('a name that does not exist', async () => {
    const { problems, find } = await checksOf([], at('https://synqly.invalid', canary));
    expect(problems).toEqual([
      expect.objectContaining({
        check: 'dns',
        message: expect.stringMatching(
          /^The name synqly\.invalid was not found \((ENOTFOUND|EAI_AGAIN)\)\.$/,
        ),
        remediation: expect.stringContaining('SYNQLY_BASE_URL'),
      }),
    ]);
    expect(find('token')).toMatchObject({
      status: 'skipped',
      message: expect.stringContaining('SYNQLY_TOKEN'),
    });
  });

  test('a certificate that is signed by itself', async () => {
    const own = makeFolder();
    closing.push(own.remove);
    const certificate = makeCertificate(own.path, ['localhost']);
    const hosts = await startProxiedHosts(certificate, () => 200);
    closing.push(hosts.close);
    const options = at(`https://localhost:${hosts.port}`, canary);
    const { problems } = await checksOf([], options);
    expect(problems).toEqual([
      expect.objectContaining({
        check: 'tls',
        message: expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT'),
        remediation: expect.stringMatching(/^Set NODE_EXTRA_CA_CERTS/),
      }),
    ]);
    expect(hosts.requests).toEqual([]);
    const cured = await checksOf([], { env: { ...options.env, NODE_EXTRA_CA_CERTS: certificate.cert } });
    expect(cured.find('tls')).toMatchObject({ status: 'ok' });
  });

  test('a proxy that is not there', async () => {
    const port = await closedPort();
    const proxy = { HTTPS_PROXY: `http://user:${canary}@127.0.0.1:${port}` };
    const { problems, stdout } = await checksOf(
      [],
      at('https://synqly.invalid', 'a-token-of-this-test', proxy),
    );
    expect(problems).toEqual([
      expect.objectContaining({
        check: 'proxy',
        message: `The proxy 127.0.0.1:${port} in HTTPS_PROXY cannot be reached (ECONNREFUSED).`,
        remediation: 'Correct HTTPS_PROXY, start the proxy, or add synqly.invalid to NO_PROXY.',
      }),
    ]);
    expect(stdout).not.toContain(canary);
    const exempt = await checksOf(
      [],
      at('https://synqly.invalid', canary, { ...proxy, NO_PROXY: 'synqly.invalid' }),
    );
    expect(exempt.problems.map(({ check }) => check)).toEqual(['dns']);
  });

  test.each([
    [407, /requires a login \(HTTP 407\)/, /put a user and a password into HTTPS_PROXY/],
    [403, /does not allow this host \(HTTP 403\)/, /allow the host in the proxy/],
    [502, /could not reach the host \(HTTP 502\)/, /check the proxy/],
  ])('a proxy that answers %i', async (status, message, remediation) => {
    const proxy = createServer();
    proxy.on('connect', (_, socket) => socket.end(`HTTP/1.1 ${status} No\r\n\r\n`));
    const HTTPS_PROXY = `http://127.0.0.1:${await listen(proxy)}`;
    closing.push(() => proxy.close().closeAllConnections());
    const { problems } = await checksOf([], at('https://synqly.invalid', canary, { HTTPS_PROXY }));
    expect(problems).toEqual([
      expect.objectContaining({
        check: 'proxy',
        message: expect.stringMatching(message),
        remediation: expect.stringMatching(remediation),
      }),
    ]);
  });

  test('a proxy of a kind that is not supported', async () => {
    const env = { HTTPS_PROXY: 'socks5://127.0.0.1:1080' };
    const { problems } = await checksOf([], at('https://synqly.invalid', canary, env));
    expect(problems).toEqual([
      expect.objectContaining({ check: 'proxy', message: expect.stringContaining('SOCKS') }),
    ]);
  });

  test.each([
    [-3_600_000, 'ahead of'],
    [3_600_000, 'behind'],
  ])('a clock that differs by %i ms', async (difference, word) => {
    const fake = await startFake(() => ({
      headers: { date: new Date(Date.now() + difference).toUTCString() },
      json: { result: { id: 'x', name: 'x' } },
    }));
    const { problems } = await checksOf([], at(fake.url, canary));
    expect(problems).toEqual([
      expect.objectContaining({
        check: 'clock',
        message: expect.stringMatching(new RegExp(`is (59|60|61) minutes ${word} that of Synqly`)),
        remediation: expect.stringContaining('NTP'),
      }),
    ]);
  });

  test('an old answer of a cache is no wrong clock', async () => {
    const fake = await startFake(() => ({
      headers: { date: new Date(Date.now() - 3_600_000).toUTCString(), age: '3600' },
      json: { result: { id: 'x', name: 'x' } },
    }));
    const { find } = await checksOf([], at(fake.url, canary));
    expect(find('clock')?.status).toBe('ok');
  });

  test('an address on which nothing listens', async () => {
    const { problems } = await checksOf([], at(`http://127.0.0.1:${await closedPort()}`, canary));
    expect(problems).toEqual([
      expect.objectContaining({ check: 'connection', message: expect.stringContaining('ECONNREFUSED') }),
    ]);
  });

  test('an address that is no Management API', async () => {
    const fake = await startFake(() => ({ status: 404, text: '<html>' }));
    const { problems } = await checksOf([], at(fake.url, canary));
    expect(problems).toEqual([
      expect.objectContaining({ check: 'api', remediation: expect.stringContaining('SYNQLY_BASE_URL') }),
    ]);
  });
});

describe('trouble with stores', () => {
  const gateway = ['--transport', 'http', '--token-store'];
  /** Root may write everywhere. */
  const other = process.getuid?.() === 0 ? 65_534 : undefined;

  test.skipIf(process.platform === 'win32')('a token store that cannot be written', async () => {
    const open = makeFolder();
    closing.push(open.remove);
    const store = join(open.path, 'tokens');
    mkdirSync(store);
    chmodSync(open.path, 0o755);
    if (other !== undefined) chownSync(store, other, other);
    chmodSync(store, 0o500);
    const options = { ...at(sandbox.baseUrl, sandbox.token), ...(other !== undefined && { uid: other }) };
    const { find } = await checksOf([...gateway, store], options);
    expect(find('token store')).toMatchObject({
      status: 'problem',
      message: expect.stringContaining('this user may not write there (EACCES)'),
      remediation: expect.stringContaining('set --token-store to another one'),
    });
    chmodSync(store, 0o700);
    const cured = await checksOf([...gateway, store], options);
    expect(cured.find('token store')).toMatchObject({ status: 'ok', message: store });
  });

  test.skipIf(process.platform === 'win32')('a token store that others can write to', async () => {
    const store = join(folder.path, 'shared');
    mkdirSync(store);
    chmodSync(store, 0o777);
    const { problems } = await checksOf([...gateway, store], at(sandbox.baseUrl, sandbox.token));
    expect(problems).toEqual([
      expect.objectContaining({
        check: 'token store',
        message: expect.stringContaining('not be writable by others'),
      }),
    ]);
  });

  test('a state directory below a file', async () => {
    const env = { XDG_STATE_HOME: join(folder.path, 'cert.pem') };
    writeFileSync(env.XDG_STATE_HOME, '', { flag: 'a' });
    const { problems } = await checksOf([], at(sandbox.baseUrl, sandbox.token, env));
    expect(problems).toEqual([
      expect.objectContaining({
        check: 'state directory',
        remediation: expect.stringContaining('XDG_STATE_HOME'),
      }),
    ]);
  });

  test('a Redis that is gone', async () => {
    const url = `redis://user:${canary}@127.0.0.1:${await closedPort()}/0`;
    const env = { SYNQLY_TOKEN_STORE: url };
    const { problems, stdout } = await checksOf(
      ['--transport', 'http'],
      at(sandbox.baseUrl, sandbox.token, env),
    );
    expect(problems).toEqual([
      expect.objectContaining({
        check: 'token store',
        message: expect.stringContaining('Redis cannot be reached'),
        remediation: expect.stringMatching(/^Start Redis, .* SYNQLY_TOKEN_STORE/),
      }),
    ]);
    expect(stdout).not.toContain(canary);
  });

  test.skipIf(!hasRedis)('a Redis that runs', async () => {
    const redis = await startRedis();
    closing.push(redis.close);
    const { problems, find } = await checksOf([...gateway, redis.named], at(sandbox.baseUrl, sandbox.token));
    expect(problems).toEqual([]);
    expect(find('token store')?.message).toBe(`${redis.named} answers`);
  });

  test('a state store without a key', async () => {
    const flags = ['--state-store', join(folder.path, 'marks')];
    const { problems } = await checksOf(flags, at(sandbox.baseUrl, sandbox.token));
    expect(problems).toEqual([
      expect.objectContaining({ check: 'state key', message: expect.stringContaining('--state-key-file') }),
    ]);
  });
});

describe('the configurations of MCP clients', () => {
  /** A home in which Cursor starts this server like this, with a token of its own. */
  function makeHome(args: string[], env: Record<string, string> = {}) {
    const home = makeFolder();
    closing.push(home.remove);
    mkdirSync(join(home.path, '.cursor'));
    const servers = {
      synqly: { command: process.execPath, args, env },
      other: { command: '/no/such/program', args: [] },
    };
    const file = join(home.path, '.cursor', 'mcp.json');
    writeFileSync(file, `// of this test\n${JSON.stringify({ mcpServers: servers })}`);
    return { file, path: home.path, env: { HOME: home.path } };
  }

  test('a path that is no longer there', async () => {
    const gone = '/gone/synqly-mcp/dist/cli.js';
    const { file, env } = makeHome([gone]);
    const { status, problems } = await checksOf(['--sandbox'], { env });
    expect(problems).toEqual([
      expect.objectContaining({
        check: 'client',
        message: `Cursor ("synqly" in ${file}) starts ${gone}, which does not exist.`,
        remediation: 'Run synqly-mcp init cursor, or correct the file.',
      }),
    ]);
    expect(status).toBe(1);
  });

  test('a server that starts, which asks Synqly nothing and leaves no file', async () => {
    const fake = await startFake(() => ({ json: { result: [] } }));
    const { file, path, env } = makeHome([builtCli], { SYNQLY_TOKEN: canary, SYNQLY_BASE_URL: fake.url });
    const before = contentsOf(path);
    const { problems, find, stdout } = await checksOf(['--sandbox'], { env: { ...env, XDG_STATE_HOME: '' } });
    expect(problems).toEqual([]);
    expect(find('client')?.message).toBe(`Cursor ("synqly" in ${file}) starts`);
    expect(stdout).not.toContain(canary);
    expect(fake.requests).toEqual([]);
    expect(contentsOf(path)).toEqual(before);
  });

  test('a server is started with the settings of the client, and asks for no permissions', async () => {
    const script = join(folder.path, 'synqly-mcp', 'server.mjs');
    mkdirSync(join(folder.path, 'synqly-mcp'), { recursive: true });
    writeFileSync(
      script,
      `const { SYNQLY_PERMISSIONS, SYNQLY_REGION, SYNQLY_DENY } = process.env;
      process.stdin.once('data', () => {
        if (SYNQLY_PERMISSIONS === 'ignore' && SYNQLY_REGION === 'eu' && SYNQLY_DENY === undefined)
          console.log('{"jsonrpc":"2.0","id":1,"result":{}}');
        else process.exit(1);
      });`,
    );
    const { env } = makeHome([script], { SYNQLY_REGION: 'eu' });
    const { problems, find } = await checksOf(['--sandbox'], { env: { ...env, SYNQLY_DENY: 'bridges_*' } });
    expect(problems).toEqual([]);
    expect(find('client')?.status).toBe('ok');
  });

  test('a server that ends says why', async () => {
    const { env } = makeHome([builtCli, '--region', 'mars'], { SYNQLY_TOKEN: canary });
    const { problems } = await checksOf(['--sandbox'], { env });
    expect(problems).toEqual([
      expect.objectContaining({
        check: 'client',
        message: expect.stringMatching(/does not start: synqly-mcp: --region must be one of us, eu\.$/),
      }),
    ]);
  });

  test('a file that cannot be read is named', async () => {
    const { file, env } = makeHome([]);
    writeFileSync(file, '{ "mcpServers": ');
    const { problems } = await checksOf(['--sandbox'], { env });
    expect(problems).toEqual([
      expect.objectContaining({
        check: 'client',
        message: expect.stringContaining(`${file} cannot be read: it is not valid`),
      }),
    ]);
  });

  test('a start with values that the client fills in, or through npx, is not tried', async () => {
    for (const args of [
      [builtCli, '--account', '${input:account}'],
      ['npx', '-y', 'synqly-mcp'],
    ]) {
      const { find } = await checksOf(['--sandbox'], { env: makeHome(args).env });
      expect(find('client')).toMatchObject({
        status: 'skipped',
        message: expect.stringContaining('not started'),
      });
    }
  });
});

test('an old Node is named with the one that is needed', async () => {
  const preload = join(folder.path, 'version.cjs');
  writeFileSync(preload, "Object.defineProperty(process.versions, 'node', { value: '18.20.8' });");
  const { status, stderr } = await runDoctor([], { nodeArgs: ['-r', preload] });
  expect(stderr).toBe(
    'synqly-mcp needs Node 20.18.1 or later; this is Node 18.20.8. Install one from https://nodejs.org.\n',
  );
  expect(status).toBe(1);
});

test('a run changes nothing: no file of the user, and nothing at Synqly', async () => {
  const home = makeFolder();
  closing.push(home.remove);
  const store = join(home.path, 'tokens');
  mkdirSync(store, { mode: 0o700 });
  writeFileSync(join(home.path, 'audit.jsonl'), '{}\n', { mode: 0o600 });
  const methods = new Set<string>();
  const fake = await startFake(({ method }) => {
    methods.add(method);
    return undefined;
  }, sandbox.baseUrl);
  const before = contentsOf(home.path);
  const env = { HOME: home.path, XDG_STATE_HOME: '', TMPDIR: home.path };
  const flags = ['--audit-log', join(home.path, 'audit.jsonl')];
  for (const more of [[], ['--transport', 'http'], ['--transport', 'http', '--token-store', store]]) {
    const { problems } = await checksOf([...flags, ...more], at(fake.url, sandbox.token, env));
    expect(problems).toEqual([]);
  }
  expect((await checksOf(['--sandbox', ...flags], { env })).problems).toEqual([]);
  expect(contentsOf(home.path)).toEqual(before);
  expect([...methods]).toEqual(['GET']);
});

describe('an answer that takes longer than two seconds', () => {
  const slow = () =>
    startFake(({ path }) => ({
      delay: path === '/v1/organization' ? 3_000 : 0,
      json: { result: { id: 'x', name: 'x' } },
    }));

  test('shows nothing more where stderr is no terminal', async () => {
    const { stderr } = await runDoctor([], at((await slow()).url, canary));
    expect(stderr).toBe('');
  });

  const hasPython = spawnSync('python3', ['--version']).status === 0;
  test.skipIf(!hasPython)('says on a terminal what is waited for', async () => {
    const { url } = await slow();
    const child = spawn(
      'python3',
      ['-c', 'import pty, sys; pty.spawn(sys.argv[1:])', process.execPath, builtCli, 'doctor'],
      { env: cleanEnvironment(at(url, canary).env), stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let shown = '';
    for await (const chunk of child.stdout) shown += chunk;
    expect(shown).toContain(`… asking ${new URL(url).host} (2 s)`);
    expect(shown).toContain('Everything is fine.');
  });
});
