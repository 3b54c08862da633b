import { spawn } from 'node:child_process';
import { vi } from 'vitest';
import { startHttpProgram } from './http-support.ts';
import { builtCli, cleanEnvironment } from './support.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
export type Answer = any;

/** One way into the built program, to which a test says any text it likes. */
export interface Door {
  /** Sends a text as one message; gives whatever is answered to it with one of these ids, lists taken apart. */
  ask(text: string | Buffer, ...ids: unknown[]): Promise<Answer[]>;
  /** Everything it has answered so far, as it was written. */
  said(): string;
  close(): Promise<void>;
}

/** The built program over stdio, driven by bytes. */
export interface RawProgram {
  write(bytes: string | Buffer): void;
  /** Texts of all lines it has written. */
  lines(): string[];
  /** All messages it has written, lists taken apart. */
  messages(): Answer[];
  stderr(): string;
  readonly pid: number;
  exitCode(): number | null;
  end(): void;
  close(): Promise<void>;
}

export function startRaw(args: string[], env: Record<string, string> = {}): RawProgram {
  const child = spawn(process.execPath, [builtCli, ...args], { env: cleanEnvironment(env) });
  let rest = '';
  let stderr = '';
  const lines: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  child.stderr.on('data', (chunk) => {
    // A flood of junk fills the log, of which the end is enough.
    stderr = (stderr + chunk).slice(-100_000);
  });
  child.stdin.on('error', () => {});
  return {
    write: (bytes) => void child.stdin.write(bytes),
    lines: () => lines,
    messages: () => lines.flatMap((line): Answer[] => JSON.parse(line)),
    stderr: () => stderr,
    pid: child.pid ?? 0,
    exitCode: () => child.exitCode,
    end: () => void child.stdin.end(),
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
    },
  };
}

export const initialize = {
  jsonrpc: '2.0',
  id: 'first',
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};

const both = 'application/json, text/event-stream';

/** What an HTTP answer holds: JSON, a list, or events. */
export async function messagesIn(response: Response): Promise<Answer[]> {
  return messagesOf(await response.text(), response);
}

function messagesOf(text: string, response: Response): Answer[] {
  if (text === '') return [];
  const parts = response.headers.get('content-type')?.startsWith('text/event-stream')
    ? [...text.matchAll(/^data: ([^\r\n]*)/gm)].map(([, data]) => data as string)
    : [text];
  return parts.flatMap((part): Answer[] => JSON.parse(part));
}

function httpDoor(url: string, headers: Record<string, string>, close: () => Promise<void>): Door {
  let said = '';
  return {
    ask: async (body) => {
      const response = await fetch(url, { method: 'POST', headers, body });
      const text = await response.text();
      said += text;
      return messagesOf(text, response);
    },
    said: () => said,
    close,
  };
}

/** A token that the sandbox of the program knows. */
async function sandboxToken(): Promise<{ token: string; baseUrl: string; close: () => Promise<void> }> {
  const { startSandbox } = await import('../../src/sandbox/start.ts');
  const { token, baseUrl, close } = await startSandbox({ size: 'small' });
  return { token, baseUrl, close };
}

function stdioDoor(program: RawProgram, close: () => Promise<void>): Door {
  return {
    ask: async (text, ...ids) => {
      const from = program.messages().length;
      program.write(text);
      program.write('\n');
      const wanted = ids.map((id) => JSON.stringify(id));
      const given = () => program.messages().slice(from);
      const found = () => given().filter(({ id }) => wanted.includes(JSON.stringify(id ?? null)));
      await vi.waitUntil(() => found().length >= ids.length, { timeout: 30_000, interval: 5 });
      return found();
    },
    said: () => program.lines().join('\n'),
    close,
  };
}

/** Every way into the program, each already past `initialize` where there is one. */
export const doors: readonly (readonly [name: string, open: () => Promise<Door>])[] = [
  [
    'stdio',
    async () => {
      const { token, baseUrl, close } = await sandboxToken();
      const program = startRaw(['--base-url', baseUrl], { SYNQLY_TOKEN: token });
      const door = stdioDoor(program, async () => {
        await program.close();
        await close();
      });
      await door.ask(JSON.stringify(initialize), 'first');
      return door;
    },
  ],
  ['HTTP without sessions', () => openHttp([])],
  ['HTTP with sessions, by streams', () => openHttp(['--sessions'])],
  ['HTTP with sessions, by JSON', () => openHttp(['--sessions'], 'application/json')],
  [
    'a bridge to HTTP',
    async () => {
      const { token, baseUrl, close } = await sandboxToken();
      const gateway = await startHttpProgram(['--base-url', baseUrl, '--rate-per-minute', '1000000']);
      const program = startRaw(['connect', gateway.url], { SYNQLY_MCP_TOKEN: token });
      const door = stdioDoor(program, async () => {
        await program.close();
        await gateway.close();
        await close();
      });
      await door.ask(JSON.stringify(initialize), 'first');
      return door;
    },
  ],
];

async function openHttp(args: string[], accept = both): Promise<Door> {
  const { token, baseUrl, close } = await sandboxToken();
  const program = await startHttpProgram(['--base-url', baseUrl, '--rate-per-minute', '1000000', ...args]);
  const headers = { authorization: `Bearer ${token}`, accept, 'content-type': 'application/json' };
  const closeAll = async () => {
    await program.close();
    await close();
  };
  if (args.length === 0) return httpDoor(program.url, headers, closeAll);
  // Of the revisions, the one that has arrays of messages.
  const params = { ...initialize.params, protocolVersion: '2025-03-26' };
  const body = JSON.stringify({ ...initialize, params });
  const opened = await fetch(program.url, { method: 'POST', headers, body });
  const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  await opened.text();
  return httpDoor(program.url, { ...headers, ...session }, closeAll);
}
