import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { settings } from '../../src/config/settings.ts';
import { cleanEnvironment } from '../e2e/support.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

interface Outcome {
  /** Exit status of the process. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs an example as its README says, without a token in the environment. */
function run(script: string, args: string[] = [], env: Record<string, string> = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const options = { cwd: root, env: cleanEnvironment(env) };
    const child = execFile(
      process.execPath,
      ['--import', 'tsx', `examples/${script}`, ...args],
      options,
      (_, stdout, stderr) => resolve({ status: child.exitCode ?? -1, stdout, stderr }),
    );
    child.on('error', reject);
  });
}

describe('the agent over stdio', () => {
  test('names the failing integration, and deletes nothing that is not approved', async () => {
    const { status, stdout } = await run('stdio-agent/agent.ts');
    expect(stdout).toMatch(/fails: "provider answered 401/);
    expect(stdout).toMatch(/was kept \(confirmation_required\)/);
    expect(stdout).not.toMatch(/→ confirm_call|was deleted/);
    expect(status).toBe(0);
  });

  test('deletes what is approved', async () => {
    const { status, stdout } = await run('stdio-agent/agent.ts', ['--approve']);
    expect(stdout).toMatch(/approved\n[\s\S]*was deleted/);
    expect(status).toBe(0);
  });
});

describe('the gateway behind a proxy', () => {
  test('serves each token what its scope reaches, and refuses other names and revoked tokens', async () => {
    const { status, stdout, stderr } = await run('gateway-behind-proxy/try.ts');
    expect(stderr).toBe('');
    const outcomes = stdout
      .trim()
      .split('\n')
      .map((line) => line.slice(line.lastIndexOf(': ') + 2));
    expect(stdout.match(/: (\d{3}), /g)).toEqual([200, 200, 401, 403, 403, 401].map((code) => `: ${code}, `));
    expect(outcomes[0]).toMatch(/^200, (?!1 )\d+ accounts$/);
    expect(outcomes[1]).toBe('200, 1 accounts');
    expect(status).toBe(0);
  });

  test.each(['nginx.conf', 'Caddyfile'])(
    '%s names flags that there are, the path and the port of the server',
    (file) => {
      const text = read(`examples/gateway-behind-proxy/${file}`);
      const flags = [...text.matchAll(/--([\w-]+)/g)].map(([, flag]) => flag);
      expect(flags.length).toBeGreaterThan(0);
      const known: unknown[] = Object.values(settings).map(({ flag }) => flag);
      expect(flags.filter((flag) => !known.includes(flag))).toEqual([]);
      expect(text).toMatch(/(location = |handle )\/mcp \{/);
      expect(text).toMatch(new RegExp(`127\\.0\\.0\\.1:${settings.port.fallback}\\b`));
    },
  );
});

describe('the CI job', () => {
  test('fails when more integrations fail than allowed, and lists them in the summary of the job', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'synqly-mcp-ci-'));
    const summary = join(folder, 'summary.md');
    try {
      const { status, stdout } = await run('ci-read-only/check-integrations.ts', [], {
        GITHUB_STEP_SUMMARY: summary,
      });
      expect(stdout).toMatch(/tools, all of which only read\./);
      expect(await readFile(summary, 'utf8')).toMatch(
        /^\d+ integrations fail, 0 may\.[\s\S]*\| siem-splunk \|/,
      );
      expect(status).toBe(1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('passes when as many fail as are allowed', async () => {
    const { stdout } = await run('ci-read-only/check-integrations.ts');
    const failing = Number(/^(\d+) integrations fail/m.exec(stdout)?.[1]);
    expect(failing).toBeGreaterThan(0);
    const [enough, tooFew] = await Promise.all(
      [failing, failing - 1].map((allowed) => run('ci-read-only/check-integrations.ts', [String(allowed)])),
    );
    expect(enough?.status).toBe(0);
    expect(tooFew?.status).toBe(1);
  });

  test('runs the script that is there, with the actions that this repository itself uses', () => {
    const workflow = read('examples/ci-read-only/workflow.yml');
    const [, script = ''] = /npx tsx (\S+)/.exec(workflow) ?? [];
    expect(() => read(script)).not.toThrow();
    const actionsOf = (text: string) => [...text.matchAll(/uses: (\S+)/g)].map(([, action]) => action);
    expect(actionsOf(workflow)).toEqual(actionsOf(read('.github/workflows/ci.yml')));
  });
});

describe('every example', () => {
  const folders = readdirSync(join(root, 'examples'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

  test.each(folders)(
    '%s has a README that names only files which are there, and is in the index',
    (folder) => {
      const readme = read(`examples/${folder}/README.md`);
      const scripts = [...readme.matchAll(/npx tsx (\S+)/g)].map(([, script = '']) => script);
      expect(scripts.length).toBeGreaterThan(0);
      const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map(([, link]) => `examples/${folder}/${link}`);
      for (const path of [...scripts, ...links]) expect(() => read(path), path).not.toThrow();
      expect(read('examples/README.md')).toContain(`](${folder}/)`);
    },
  );
});
