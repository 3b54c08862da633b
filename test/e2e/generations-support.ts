import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Endpoint } from './http-support.ts';
import { builtCli, cleanEnvironment } from './support.ts';

/** The protocol revision of the second generation. */
export const revision = '2026-07-28';
export const versionKey = 'io.modelcontextprotocol/protocolVersion';
export const capabilitiesKey = 'io.modelcontextprotocol/clientCapabilities';
export const serverInfoKey = 'io.modelcontextprotocol/serverInfo';
export const subscriptionKey = 'io.modelcontextprotocol/subscriptionId';

/** What each request of the second generation carries in `_meta`. */
export const envelope = { [versionKey]: revision, [capabilitiesKey]: {} };

export interface Message {
  readonly jsonrpc?: string;
  readonly id?: unknown;
  readonly method?: string;
  // biome-ignore lint/suspicious/noExplicitAny: messages are compared, not programmed against
  readonly params?: any;
  // biome-ignore lint/suspicious/noExplicitAny: messages are compared, not programmed against
  readonly result?: any;
  // biome-ignore lint/suspicious/noExplicitAny: messages are compared, not programmed against
  readonly error?: any;
}

/** A request of the second generation. */
export function v2Request(method: string, params: Record<string, unknown> = {}, id: unknown = 1): Message {
  const _meta = { ...envelope, ...(params._meta as object | undefined) };
  return { jsonrpc: '2.0', id, method, params: { ...params, _meta } };
}

export const v2Call = (name: string, args: object = {}, id: unknown = 1) =>
  v2Request('tools/call', { name, arguments: args }, id);

export const introduction = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'test', version: '1' },
};

/** The headers that go with a message of the second generation. */
export function v2Headers({ method = '', params }: Message): Record<string, string> {
  const name = method === 'resources/read' ? params?.uri : params?.name;
  return {
    'mcp-protocol-version': revision,
    'mcp-method': method,
    ...(typeof name === 'string' && { 'mcp-name': name }),
  };
}

export interface Posted {
  readonly status: number;
  readonly type: string;
  readonly headers: Headers;
  readonly text: string;
  /** The messages of the response, in their order. */
  readonly messages: readonly Message[];
  /** The last one. */
  readonly json: Message;
}

/** Reads a response to its end. */
export async function readPosted(response: Response): Promise<Posted> {
  const text = await response.text();
  const type = response.headers.get('content-type')?.split(';')[0] ?? '';
  const messages = type === 'text/event-stream' ? eventsIn(text) : text === '' ? [] : [JSON.parse(text)];
  const { status, headers } = response;
  return { status, type, headers, text, messages, json: messages.at(-1) ?? {} };
}

/** The messages in the text of an event stream. */
export function eventsIn(text: string): Message[] {
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data));
}

export type Post = (message: unknown, headers?: Record<string, string | undefined>) => Promise<Posted>;

/** Posts messages with the headers of the second generation; headers that are given replace them or take them away. */
export function v2Poster({ postText }: Endpoint, token: string): Post {
  return async (message, headers = {}) => {
    const all = { ...v2Headers((message ?? {}) as Message), authorization: `Bearer ${token}`, ...headers };
    const body = typeof message === 'string' ? message : JSON.stringify(message);
    return readPosted(await postText(body, withoutUndefined(all)));
  };
}

export function withoutUndefined(headers: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** The built program, spoken to line by line. */
export interface Lines {
  /** Everything that came, oldest first. */
  readonly lines: readonly string[];
  messages(): Message[];
  stderr(): string;
  write(text: string): void;
  say(message: object): void;
  /** Sends a request, and gives the response with its id. */
  ask(message: object): Promise<Message>;
  answerTo(id: unknown): Promise<Message>;
  endInput(): void;
  /** Resolves with the exit code. */
  readonly exited: Promise<number | null>;
  close(): Promise<void>;
}

export function startLines(args: readonly string[], env: Record<string, string> = {}, cli = builtCli): Lines {
  const child = spawn(process.execPath, [cli, ...args], { env: cleanEnvironment(env) });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let written = '';
  child.stderr.on('data', (chunk) => {
    written += chunk;
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    for (const look of waiting) look();
  });
  child.stdin.on('error', () => {});
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const messages = () => lines.map((line) => JSON.parse(line) as Message);
  const write = (text: string) => void child.stdin.write(`${text}\n`);
  const say = (message: object) => write(JSON.stringify({ jsonrpc: '2.0', ...message }));
  const find = (id: unknown) =>
    messages().find((message) => message.id === id && ('result' in message || 'error' in message));
  const answerTo = (id: unknown) =>
    new Promise<Message>((resolve) => {
      const look = () => {
        const found = find(id);
        if (!found) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  return {
    lines,
    messages,
    stderr: () => written,
    write,
    say,
    ask: (message) => {
      say(message);
      return answerTo((message as Message).id);
    },
    answerTo,
    endInput: () => child.stdin.end(),
    exited,
    close: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
