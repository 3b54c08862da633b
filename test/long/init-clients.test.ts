import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { installNewerNode, installNpm, NotInstalled } from '../clients/install.ts';
import { clientEnvironment, runProgram } from '../clients/run-program.ts';
import { type Sandbox, serverCommand, startSandbox } from '../clients/sandbox.ts';
import type { NpmPackage } from '../clients/versions.ts';

/*
 * The programs of real clients find the server that init has written into their configuration. They come from the npm
 * registry; without it, the test is skipped and says so.
 */

let sandbox: Sandbox;
let home: string;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'init-clients-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

interface TestedClient {
  readonly npm: NpmPackage;
  readonly script: string;
  readonly file: string;
  readonly variables?: Readonly<Record<string, string>>;
  /** Has the client say what it sees of its servers. */
  readonly check: (run: (...args: string[]) => Promise<string>, start: readonly string[]) => Promise<string>;
  readonly healthy: RegExp;
}

const tested: Readonly<Record<string, TestedClient>> = {
  'claude-code': {
    npm: '@anthropic-ai/claude-code',
    script: '@anthropic-ai/claude-code/cli-wrapper.cjs',
    file: '.claude.json',
    variables: {
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_TELEMETRY: '1',
      DISABLE_ERROR_REPORTING: '1',
      DISABLE_AUTOUPDATER: '1',
    },
    check: (run) => run('mcp', 'list'),
    healthy: /^synqly: .*Connected/m,
  },
  'gemini-cli': {
    npm: '@google/gemini-cli',
    script: '@google/gemini-cli/bundle/gemini.js',
    file: '.gemini/settings.json',
    variables: { GEMINI_CLI_TRUST_WORKSPACE: 'true', GEMINI_TELEMETRY_ENABLED: 'false' },
    check: (run) => run('mcp', 'list'),
    healthy: /synqly: .*Connected/,
  },
  codex: {
    npm: '@openai/codex',
    script: '@openai/codex/bin/codex.js',
    file: '.codex/config.toml',
    // Its command line lists servers without starting them; its app server starts them.
    check: async (run, start) => `${await run('mcp', 'list')}\n${await codexTools(start)}`,
    healthy: /^synqly .*enabled[\s\S]*accounts_list/m,
  },
};

async function codexTools([command = '', ...args]: readonly string[]): Promise<string> {
  const server = spawn(command, [...args, 'app-server'], {
    cwd: home,
    env: clientEnvironment(home),
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const send = (message: object) => server.stdin.write(`${JSON.stringify(message)}\n`);
  const clientInfo = { name: 'init-test', title: 'Test of init', version: '1.0.0' };
  send({ id: 1, method: 'initialize', params: { clientInfo, capabilities: { experimentalApi: true } } });
  try {
    for await (const line of createInterface({ input: server.stdout })) {
      const { id, result, error } = JSON.parse(line);
      if (error) return JSON.stringify(error);
      if (id === 1) send({ method: 'initialized' });
      if (id === 1) send({ id: 2, method: 'mcpServerStatus/list', params: {} });
      if (id === 2) return JSON.stringify(result);
    }
    return 'It ended without an answer.';
  } finally {
    server.kill('SIGKILL');
  }
}

test.for(Object.entries(tested))(
  '%s finds the server, and nothing of it after --remove',
  async ([name, client], { skip }) => {
    const { npm, script, file, variables, check, healthy } = client;
    const installed = await installNewerNode()
      .then((node) => installNpm([npm], node))
      .catch((error: Error) => {
        if (error instanceof NotInstalled) return error;
        throw error;
      });
    if (installed instanceof NotInstalled) return skip(`${name} cannot be installed: ${installed.message}`);
    const start = [installed.program[0], join(installed.folder, 'node_modules', script)];
    const [command, ...first] = start as [string, string];
    const run = async (...args: string[]) => {
      const env = clientEnvironment(home, variables);
      const { stdout, stderr } = await runProgram(command, [...first, ...args], {
        cwd: home,
        env,
        limitMs: 120_000,
      });
      return stdout + stderr;
    };
    const init = async (...flags: string[]) => {
      const env = clientEnvironment(home, { SYNQLY_TOKEN: sandbox.token });
      const [node, cli] = serverCommand;
      const args = [cli, 'init', name, '--yes', '--base-url', sandbox.baseUrl, ...flags];
      const ended = await runProgram(node, args, { cwd: home, env, limitMs: 60_000 });
      expect(ended, ended.stderr).toMatchObject({ code: 0, stderr: '' });
    };
    const path = join(home, file);
    const content = () => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);

    await init();
    expect(await check(run, start)).toMatch(healthy);
    await init('--remove');
    expect(content() ?? '').not.toContain('synqly');
    expect(await run('mcp', 'list')).not.toContain('synqly');

    // What the client has written of its own is the content before.
    const before = content();
    await init();
    expect(content()).toContain('synqly');
    await init('--remove');
    expect(content()).toBe(before);
  },
);
