import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { Exchange } from '../../src/sandbox/app.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/start.ts';
import {
  builtCli,
  cleanEnvironment,
  createClient,
  type Person,
  wholeLists,
  withoutPermissions,
} from './support.ts';

/** The built program, serving HTTP on a free port. */
export interface HttpProgram {
  readonly url: string;
  readonly origin: string;
  readonly child: ChildProcess;
  stderr(): string;
  /** Sends one JSON-RPC request, as a client without sessions does. */
  post(message: object, headers?: Record<string, string>): Promise<Response>;
  /** Sends a body as it is. */
  postText(body: string, headers?: Record<string, string>): Promise<Response>;
  /** Runs a tool for a token; gives the parsed JSON of its text. */
  // biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
  call(token: string, name: string, args?: Record<string, unknown>): Promise<any>;
  /** @param person makes it a client with forms */
  connect(token: string, person?: Person): Promise<Client>;
  close(): Promise<void>;
}

/** The built program against a sandbox in this process; its callers bring API tokens of the sandbox. */
export interface HttpRig extends HttpProgram {
  readonly sandbox: Sandbox;
  readonly exchanges: Exchange[];
  /** A further API token of the sandbox, with the given permission set and resources. */
  makeToken(body: Record<string, unknown>): Promise<{ id: string; secret: string }>;
}

/** What can be sent to a server, whoever has started it. */
export type Endpoint = Pick<HttpProgram, 'url' | 'post' | 'postText'>;

export function endpointAt(url: string): Endpoint {
  const accept = 'application/json, text/event-stream';
  const postText: HttpProgram['postText'] = (body, headers = {}) =>
    fetch(url, { method: 'POST', headers: { accept, 'content-type': 'application/json', ...headers }, body });
  const post: HttpProgram['post'] = (message, headers) =>
    postText(JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }), headers);
  return { url, post, postText };
}

export async function startHttpProgram(
  args: string[],
  env: Record<string, string> = {},
): Promise<HttpProgram> {
  const child = spawn(process.execPath, [builtCli, '--transport', 'http', '--port', '0', ...args], {
    env: cleanEnvironment({ ...withoutPermissions, ...env }),
  });
  let written = '';
  child.stderr.on('data', (chunk) => {
    written += chunk;
  });
  // Benchmarks start it too, outside the test runner.
  const end = Date.now() + 60_000;
  while (!written.includes('"listening"')) {
    if (Date.now() > end) throw new Error(`The server did not start: ${written}`);
    await pause(20);
  }
  const url = /"url":"([^"]+)"/.exec(written)?.[1] ?? '';
  const endpoint = endpointAt(url);
  const { post } = endpoint;

  return {
    ...endpoint,
    origin: new URL(url).origin,
    child,
    stderr: () => written,
    call: async (token, name, args = {}) => {
      const response = await post(
        { method: 'tools/call', params: wholeLists(name, args) },
        { authorization: `Bearer ${token}` },
      );
      const { result } = (await response.json()) as { result: { content: { text: string }[] } };
      return JSON.parse(result.content[0]?.text ?? '');
    },
    connect: async (token, person) => {
      const client = createClient(person);
      const requestInit = { headers: { authorization: `Bearer ${token}` } };
      await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }) as Transport);
      return client;
    },
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
    },
  };
}

export async function startHttpRig(
  options: { args?: string[]; sandbox?: SandboxOptions; baseUrl?: string; env?: Record<string, string> } = {},
): Promise<HttpRig> {
  const exchanges: Exchange[] = [];
  const sandbox = await startSandbox({
    ...options.sandbox,
    onExchange: (exchange) => exchanges.push(exchange),
  });
  const baseUrl = options.baseUrl ?? sandbox.baseUrl;
  const program = await startHttpProgram(['--base-url', baseUrl, ...(options.args ?? [])], options.env);
  return {
    ...program,
    sandbox,
    exchanges,
    makeToken: async (body) => {
      const { result } = await postTo(sandbox, '/v1/tokens', body);
      return { id: result.id, secret: result.primary.access.secret };
    },
    close: async () => {
      await program.close();
      await sandbox.close();
    },
  };
}

/** Writes to the sandbox directly, past the program. */
// biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
export async function postTo({ baseUrl, token }: Sandbox, path: string, body: object): Promise<any> {
  const response = await fetch(`${baseUrl}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return response.json();
}
