import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { clientEnvironment } from './run-program.ts';

/** The built server, on the Node that runs this. */
export const serverCommand = [
  process.execPath,
  fileURLToPath(new URL('../../dist/cli.js', import.meta.url)),
] as const;

/** The Management API that all servers of a run work on, so that what a client did can be seen there. */
export interface Sandbox {
  readonly baseUrl: string;
  readonly token: string;
  createAccount(name: string): Promise<void>;
  hasAccount(name: string): Promise<boolean>;
  close(): void;
}

export async function startSandbox(): Promise<Sandbox> {
  const started = await start(['sandbox', '--port', '0', '--json'], /^\{"base_url".*\}$/m);
  const { base_url: baseUrl, token } = JSON.parse(started.found);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return {
    baseUrl,
    token,
    createAccount: async (name) => {
      const body = JSON.stringify({ name, fullname: name });
      const { status } = await fetch(`${baseUrl}/v1/accounts`, { method: 'POST', headers, body });
      if (status !== 200) throw new Error(`The account ${name} could not be made: HTTP ${status}.`);
    },
    hasAccount: async (name) => {
      const { status } = await fetch(`${baseUrl}/v1/accounts/${name}`, { headers });
      if (status !== 200 && status !== 404) throw new Error(`The account ${name}: HTTP ${status}.`);
      return status === 200;
    },
    close: started.close,
  };
}

/** Starts the server over HTTP; each caller sends a token of the API. */
export async function startHttpServer(sandbox: Sandbox, flags: readonly string[]) {
  const { found, close } = await start(
    [
      '--transport',
      'http',
      '--port',
      '0',
      '--base-url',
      sandbox.baseUrl,
      '--rate-per-minute',
      '100000',
      ...flags,
    ],
    /http:\/\/127\.0\.0\.1:\d+\/mcp/,
  );
  return { url: found, close };
}

async function start(args: readonly string[], ready: RegExp): Promise<{ found: string; close: () => void }> {
  const [command, script] = serverCommand;
  const child: ChildProcess = spawn(command, [script, ...args], {
    env: clientEnvironment('/nonexistent'),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Also when this program fails.
  process.on('exit', () => child.kill());
  let output = '';
  const found = await new Promise<string>((resolve, reject) => {
    const read = (text: string) => {
      output += text;
      const [match] = ready.exec(output) ?? [];
      if (match !== undefined) resolve(match);
    };
    child.stdout?.setEncoding('utf8').on('data', read);
    child.stderr?.setEncoding('utf8').on('data', read);
    child.on('exit', (code) => reject(new Error(`The server ended with ${code}: ${output}`)));
    child.on('error', reject);
  });
  return { found, close: () => child.kill() };
}
