import { type ChildProcess, spawn } from 'node:child_process';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { vi } from 'vitest';
import type { Exchange } from '../../src/sandbox/app.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/start.ts';
import { builtCli, cleanEnvironment } from './support.ts';

/** The built program, serving HTTP on a free port against a sandbox in this process. */
export interface HttpRig {
  readonly url: string;
  readonly origin: string;
  readonly sandbox: Sandbox;
  readonly exchanges: Exchange[];
  readonly child: ChildProcess;
  stderr(): string;
  /** Sends one JSON-RPC request, as a client without sessions does. */
  post(message: object, headers?: Record<string, string>): Promise<Response>;
  /** Runs a tool for a token; gives the parsed JSON of its text. */
  // biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
  call(token: string, name: string, args?: Record<string, unknown>): Promise<any>;
  connect(token: string): Promise<Client>;
  /** A further API token of the sandbox, with the given permission set and resources. */
  makeToken(body: Record<string, unknown>): Promise<{ id: string; secret: string }>;
  close(): Promise<void>;
}

export async function startHttpRig(
  options: { args?: string[]; sandbox?: SandboxOptions; baseUrl?: string } = {},
): Promise<HttpRig> {
  const exchanges: Exchange[] = [];
  const sandbox = await startSandbox({
    ...options.sandbox,
    onExchange: (exchange) => exchanges.push(exchange),
  });
  const args = ['--transport', 'http', '--port', '0', '--base-url', options.baseUrl ?? sandbox.baseUrl];
  args.push(...(options.args ?? []));
  const child = spawn(process.execPath, [builtCli, ...args], { env: cleanEnvironment() });
  let written = '';
  child.stderr.on('data', (chunk) => {
    written += chunk;
  });
  await vi.waitUntil(() => written.includes('"listening"'), { timeout: 10_000 });
  const url = /"url":"([^"]+)"/.exec(written)?.[1] ?? '';
  const accept = 'application/json, text/event-stream';

  const post: HttpRig['post'] = (message, headers = {}) =>
    fetch(url, {
      method: 'POST',
      headers: { accept, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }),
    });

  return {
    url,
    origin: new URL(url).origin,
    sandbox,
    exchanges,
    child,
    stderr: () => written,
    post,
    call: async (token, name, args = {}) => {
      const response = await post(
        { method: 'tools/call', params: { name, arguments: args } },
        { authorization: `Bearer ${token}` },
      );
      const { result } = (await response.json()) as { result: { content: { text: string }[] } };
      return JSON.parse(result.content[0]?.text ?? '');
    },
    connect: async (token) => {
      const client = new Client({ name: 'test', version: '1.0.0' });
      const requestInit = { headers: { authorization: `Bearer ${token}` } };
      await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }) as never);
      return client;
    },
    makeToken: async (body) => {
      const response = await fetch(`${sandbox.baseUrl}/v1/tokens`, {
        method: 'POST',
        headers: { authorization: `Bearer ${sandbox.token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const { result } = (await response.json()) as {
        result: { id: string; primary: { access: { secret: string } } };
      };
      return { id: result.id, secret: result.primary.access.secret };
    },
    close: async () => {
      if (child.exitCode === null) {
        child.kill('SIGKILL');
        await new Promise((resolve) => child.once('exit', resolve));
      }
      await sandbox.close();
    },
  };
}
