import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load-config.ts';
import { settings } from '../../src/config/settings.ts';
import { type FakeSynqly, startFakeSynqly } from '../e2e/fake-synqly.ts';
import { type HttpRig, startHttpRig } from '../e2e/http-support.ts';
import { builtCli, canary, cleanEnvironment, type Program, startProgram } from '../e2e/support.ts';

let fake: FakeSynqly;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'synqly-mcp-'));
  fake = await startFakeSynqly(() => ({ json: { result: { id: 'x', name: 'x' } } }));
});
afterAll(() => {
  fake.close();
  rmSync(folder, { recursive: true });
});

let program: Program | undefined;
afterEach(async () => {
  await program?.close();
  program = undefined;
});

/** A start that ends by itself, or with its stdin, which is closed from the start. */
function run(args: string[], env: Record<string, string> = {}) {
  const options = { env: cleanEnvironment(env), cwd: folder, input: '', timeout: 60_000 };
  const { status, stdout, stderr } = spawnSync(process.execPath, [builtCli, ...args], options);
  return { status, stdout: String(stdout), stderr: String(stderr) };
}

/** Forms in which clients, shells and READMEs leave a value to be filled in. */
const placeholders = [
  '${SYNQLY_TOKEN}',
  '${env:SYNQLY_TOKEN}',
  '${user_config.api_token}',
  '${input:synqly-token}',
  '{{SYNQLY_TOKEN}}',
  '%SYNQLY_TOKEN%',
  '$SYNQLY_TOKEN',
  '$env:SYNQLY_TOKEN',
  '<organization token>',
];

describe('an empty or unfilled variable', () => {
  test.each([...placeholders, 'Bearer ${SYNQLY_TOKEN}', '"${SYNQLY_TOKEN}"', 'Bearer $SYNQLY_TOKEN'])(
    '%s counts as no token, with a warning at startup',
    (value) => {
      const { status, stderr } = run([], { SYNQLY_TOKEN: value });
      expect(status).toBe(2);
      const [first = '', second = ''] = stderr.split('\n');
      const name = value.replace(/^Bearer /, '').replaceAll('"', '');
      expect(first).toBe(
        `synqly-mcp: SYNQLY_TOKEN holds ${name}, which was not replaced; it counts as unset.`,
      );
      expect(second).toMatch(/No Synqly token is set/);
    },
  );

  test.each(['', '  ', '""'])('%j counts as no token, with a warning at startup', (value) => {
    const { status, stderr } = run([], { SYNQLY_TOKEN: value });
    expect(status).toBe(2);
    expect(stderr).toContain('synqly-mcp: SYNQLY_TOKEN is empty; it counts as unset.\n');
  });

  test.each(['<5f1d9a77c2e8>', '<correcthorse>', '$hunter2', '${5f1d9a77}'])(
    'a value that may be a secret is not repeated: %s',
    (value) => {
      const { stderr } = run([], { SYNQLY_TOKEN: value });
      expect(stderr).toContain('SYNQLY_TOKEN holds a placeholder, which was not replaced');
      expect(stderr).not.toContain(value.replaceAll(/[<>${}]/g, ''));
    },
  );

  test('the next source of a token is used instead', async () => {
    const env = {
      SYNQLY_TOKEN: '${user_config.token}',
      SYNQLY_MCP_TOKEN: canary,
      SYNQLY_PERMISSIONS: 'ignore',
    };
    program = await startProgram(['--base-url', fake.url], env);
    await program.call('organization_get');
    expect(fake.requests.at(-1)?.headers.authorization).toBe(`Bearer ${canary}`);
  });

  test.each(['${user_config.audit_log}', '', '${HOME}/audit.log'])(
    'no audit log is created at %j',
    async (value) => {
      const { stderr, status } = run(['--sandbox'], { SYNQLY_AUDIT_LOG: value });
      expect(status).toBe(0);
      expect(stderr).toMatch(
        /^synqly-mcp: SYNQLY_AUDIT_LOG (is empty|holds \$\{\S+\}, which was not replaced); it counts as unset\.$/m,
      );
      expect(readdirSync(folder).filter((name) => name.includes('$'))).toEqual([]);
    },
  );

  // The flag that the start is made with wins over its variable, which is not looked at.
  const names = Object.values(settings).flatMap(({ env }) => (env && env !== 'SYNQLY_SANDBOX' ? env : []));
  test('every unfilled variable is named in one run', () => {
    const env = Object.fromEntries(names.map((name) => [name, `\${user_config.${name.toLowerCase()}}`]));
    const { stderr, status } = run(['--sandbox'], env);
    expect(status, stderr).toBe(0);
    const told = stderr.split('\n').filter((line) => line.includes('counts as unset'));
    expect(told).toHaveLength(names.length);
    for (const name of names)
      expect(stderr).toContain(`synqly-mcp: ${name} holds \${user_config.${name.toLowerCase()}}`);
  });

  test('valid variables cause no warning', () => {
    expect(run(['--sandbox'], { SYNQLY_ACCOUNT: 'acme' }).stderr).toBe('');
  });

  test('a secret that is an unfilled placeholder is refused', async () => {
    const env = {
      SYNQLY_TOKEN: canary,
      SYNQLY_PERMISSIONS: 'ignore',
      SYNQLY_SECRET_X: '${user_config.secret}',
    };
    program = await startProgram(['--base-url', fake.url], env);
    const config = { type: 'token', secret: '${env:SYNQLY_SECRET_X}' };
    const before = fake.requests.length;
    const { json } = await program.call('credentials_create', { owner_id: 'x', config });
    expect(json.error.code).toBe('secret_reference');
    expect(fake.requests).toHaveLength(before);
  });
});

describe('an empty or unfilled flag is refused by its name', () => {
  test.each(['account', 'deny', 'audit-log', 'base-url', 'port'])('--%s', (flag) => {
    for (const value of ['', '${user_config.x}']) {
      const { status, stderr } = run(['--sandbox', `--${flag}`, value]);
      expect(status).toBe(2);
      expect(stderr).toMatch(
        new RegExp(`^synqly-mcp: --${flag} (is empty|holds \\$\\{user_config\\.x\\})[^\\n]*\\n$`),
      );
    }
  });

  // A start for each would take a minute.
  const withValue = Object.entries(settings).filter(([, { flag, placeholder }]) => flag && placeholder);
  test.each(withValue)('the empty flag of the setting %s is refused by its name', (name, { flag }) => {
    for (const value of ['', ' ', '""', '${X}', '$X', '<x>']) {
      expect(() => loadConfig({ [name]: value }, {})).toThrow(`--${flag} `);
    }
  });

  test.each(['--toolsets', '--allow', '--deny'])('%s of commas only', (flag) => {
    const { status, stderr } = run(['--sandbox', flag, ' , ']);
    expect(status).toBe(2);
    expect(stderr).toBe(`synqly-mcp: ${flag} is an empty list.\n`);
  });

  test.each(['--account', '--environment', '--ttl'])('token create %s', (flag) => {
    const scope = flag === '--ttl' ? ['--organization'] : [];
    for (const value of ['', '${X}']) {
      const { status, stderr } = run(['token', 'create', ...scope, flag, value, '--base-url', fake.url], {
        SYNQLY_TOKEN: canary,
        SYNQLY_TOKEN_STORE: join(folder, 'tokens'),
      });
      expect(status).toBe(2);
      expect(stderr).toContain(`synqly-mcp: ${flag} `);
    }
    expect(fake.requests.filter(({ path }) => path === '/v1/tokens/mcp')).toEqual([]);
    expect(existsSync(join(folder, 'tokens'))).toBe(false);
  });
});

describe('headers that narrow', () => {
  let rig: HttpRig;
  beforeAll(async () => {
    rig = await startHttpRig();
  });
  afterAll(() => rig.close());

  const headers = ['groups', 'allow', 'deny', 'read-only', 'account', 'environment'];
  test.each(headers)('an empty or unfilled Synqly-%s is refused', async (header) => {
    for (const value of [
      '',
      ' ',
      '${user_config.x}',
      '<account>',
      ...(['groups', 'allow', 'deny'].includes(header) ? [','] : []),
    ]) {
      const name = `synqly-${header}`;
      const response = await rig.post(
        { method: 'tools/list' },
        { authorization: `Bearer ${rig.sandbox.token}`, [name]: value },
      );
      expect(response.status, JSON.stringify(value)).toBe(400);
      expect(await response.text()).toContain(name);
    }
  });

  test.each(placeholders)('a bearer that was not filled in (%s) is not sent to Synqly', async (value) => {
    const before = rig.exchanges.length;
    const response = await rig.post({ method: 'tools/list' }, { authorization: `Bearer ${value}` });
    expect(response.status).toBe(401);
    expect(rig.exchanges).toHaveLength(before);
  });
});

describe('quotes, prefixes and spaces around a token', () => {
  const written = [
    `"${canary}"`,
    `'${canary}'`,
    `"Bearer ${canary}"`,
    `Bearer "${canary}"`,
    ` ${canary}\n`,
    `“${canary}”`,
    `\uFEFF${canary}`,
  ];

  /** The bearers that Synqly sees, of programs that run side by side. */
  async function bearersOf(environments: Record<string, string>[]): Promise<unknown[]> {
    const before = fake.requests.length;
    await Promise.all(
      environments.map(async (env) => {
        const one = await startProgram(['--base-url', fake.url], { ...env, SYNQLY_PERMISSIONS: 'ignore' });
        await one.call('organization_get');
        await one.close();
      }),
    );
    return fake.requests.slice(before).map(({ headers }) => headers.authorization);
  }

  test('are removed in SYNQLY_TOKEN', async () => {
    const environments = written.map((value) => ({ SYNQLY_TOKEN: value }));
    expect(await bearersOf(environments)).toEqual(written.map(() => `Bearer ${canary}`));
  });

  test('are removed in a token file', async () => {
    const environments = [written[0], written.at(-1)].map((value, index) => {
      const file = join(folder, `token-${index}`);
      writeFileSync(file, value ?? '');
      return { SYNQLY_TOKEN_FILE: file };
    });
    expect(await bearersOf(environments)).toEqual(environments.map(() => `Bearer ${canary}`));
  });

  test('a token file that was not filled in holds no token', async () => {
    const file = join(folder, 'token');
    writeFileSync(file, '${SYNQLY_TOKEN}\n');
    const env = { SYNQLY_TOKEN_FILE: file, SYNQLY_PERMISSIONS: 'ignore' };
    program = await startProgram(['--base-url', fake.url], env);
    const before = fake.requests.length;
    const { json } = await program.call('organization_get');
    expect(json.error.code).toBe('token_unavailable');
    expect(fake.requests).toHaveLength(before);
  });
});

describe('connect and the settings that have no effect with it', () => {
  const gateway = ['connect', 'https://gateway.invalid/mcp'];

  test.each<[string[], Record<string, string>, string]>([
    [['--sandbox'], {}, '--sandbox'],
    [[], { SYNQLY_SANDBOX: 'true' }, 'SYNQLY_SANDBOX'],
    [['--base-url', 'https://synqly.invalid'], {}, '--base-url'],
    [['--region', 'eu'], {}, '--region'],
    [['--transport', 'http'], {}, '--transport'],
    [['--reveal-secrets'], {}, '--reveal-secrets'],
  ])('%j %j is refused by name', (args, env, named) => {
    const { status, stderr } = run([...gateway, ...args], { SYNQLY_MCP_TOKEN: canary, ...env });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^synqly-mcp: .*connect.*\n$/);
    expect(stderr).toContain(named);
  });

  test('SYNQLY_TOKEN is not used, with a warning at startup', () => {
    const { stderr, status } = run(gateway, { SYNQLY_MCP_TOKEN: canary, SYNQLY_TOKEN: 'another-token' });
    expect(status).toBe(0);
    expect(stderr).toContain('connect does not use SYNQLY_TOKEN:');
    expect(stderr).not.toMatch(/another-token|canary/);
  });
});

describe('a wrong command line', () => {
  test.each([
    [['toekn'], 'Did you mean token?'],
    [['--sandbox', 'tols'], 'Did you mean tools?'],
    [['token', 'craete'], 'Did you mean create?'],
    [['--acount', 'x'], 'Did you mean --account?'],
    [['--raed-only'], 'Did you mean --read-only?'],
    [['tools', '--tokns'], 'Did you mean --tokens?'],
    [['sandbox', '--pot', '1'], 'Did you mean --port?'],
    [['xyzzyx'], 'See synqly-mcp --help.'],
    [['--account'], 'See synqly-mcp --help.'],
    [['tools', 'x'], 'See synqly-mcp --help.'],
    [['sandbox', '--port', 'abc'], 'See synqly-mcp --help.'],
  ])('%j is told in two lines, and what was meant last', (args, last) => {
    const { status, stderr, stdout } = run(args);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^synqly-mcp: (unknown|option|too many)/);
    expect(lines[1]).toBe(last);
  });

  test('--help prints all settings', () => {
    const { status, stdout } = run(['--help']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/--sandbox[\s\S]*SYNQLY_TOKEN_FILE/);
  });
});

describe('a fault that ends the program', () => {
  /** A program into which a fault is put from outside, as a library's would come. */
  function broken(source: string, args: string[] = []) {
    const preload = join(folder, 'fault.cjs');
    writeFileSync(preload, source);
    const options = { env: cleanEnvironment({ SYNQLY_TOKEN: canary }), timeout: 60_000 };
    const child = spawn(
      process.execPath,
      ['-r', preload, builtCli, '--permissions', 'ignore', ...args],
      options,
    );
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    return new Promise<{ status: number | null; stderr: string }>((resolve) =>
      child.once('exit', (status) => resolve({ status, stderr })),
    );
  }
  const thrown = `process.stdin.on = () => { throw new Error('no stdin for https://me:${canary}@host/\\nsecond line'); };`;
  const later = `setTimeout(() => { throw new Error('thrown later') }, 300);`;
  const rejected = `setTimeout(() => Promise.reject(new Error('rejected later')), 300);`;

  test.each([
    [thrown, 'no stdin for https://host/'],
    [later, 'thrown later'],
    [rejected, 'rejected later'],
  ])('%s ends the program with one line, no stack trace and status 1', async (source, message) => {
    const { status, stderr } = await broken(source);
    expect(status).toBe(1);
    expect(stderr).toBe(`synqly-mcp: unexpected error: ${message} (use --log-level debug for the stack)\n`);
  });

  test('--log-level debug shows the stack trace without source lines', async () => {
    const { status, stderr } = await broken(later, ['--log-level', 'debug']);
    expect(status).toBe(1);
    expect(stderr).toContain('synqly-mcp: unexpected error: thrown later\n');
    expect(stderr).toMatch(/\n\s+at .*fault\.cjs/);
    expect(stderr.length).toBeLessThan(5_000);
  });
});

test.each(['18.20.8', '20.9.0', '20.18.0', '16.0.0', '8.17.0'])(
  'Node %s is refused in one line with the version that is needed',
  (version) => {
    const preload = join(folder, 'version.cjs');
    writeFileSync(preload, `Object.defineProperty(process.versions, 'node', { value: '${version}' });`);
    const { status, stderr, stdout } = spawnSync(process.execPath, ['-r', preload, builtCli, '--sandbox'], {
      env: cleanEnvironment(),
      input: '',
      timeout: 60_000,
    });
    expect(status).toBe(1);
    expect(String(stdout)).toBe('');
    expect(String(stderr)).toBe(
      `synqly-mcp needs Node 20.18.1 or later; this is Node ${version}. Install one from https://nodejs.org.\n`,
    );
  },
);
