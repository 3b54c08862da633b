import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ground } from './destroys.ts';
import { makeFolder, startRedis } from './gateway-support.ts';
import { type HttpProgram, startHttpProgram } from './http-support.ts';

/** Stores that replicas share. */
export const stores = { 'a directory': makeFolder, Redis: startRedis };

/** Operations for which the object's name must be typed. */
export const typedNames: ReadonlySet<string> = new Set([
  'accounts_delete',
  'auth_logoff',
  'integrations_delete',
  'members_delete',
  'subOrgs_delete',
  'tokens_reset',
]);

/** What confirms an operation, in the form's fields. */
export const agreement = (tool: string, name: string) =>
  typedNames.has(tool) ? { name } : { confirm: true };

const revision = '2026-07-28';

/** What a repeated call adds to the first one. */
export interface Repeat {
  readonly requestState?: unknown;
  readonly inputResponses?: unknown;
}

/** The response to one form. */
export const respond = (response: unknown): Repeat['inputResponses'] => ({ confirmation: response });
export const accept = (content: object) => respond({ action: 'accept', content });

// biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
type Answer = any;

/** Calls a tool once, as a stateless client of 2026-07-28 with forms; gives `result` or `error`. */
export async function callOnce(
  url: string,
  token: string,
  name: string,
  args: object,
  repeat: Repeat = {},
  capabilities: object = { elicitation: { form: {} } },
): Promise<Answer> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': revision,
    'io.modelcontextprotocol/clientCapabilities': capabilities,
  };
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-protocol-version': revision,
      'mcp-method': 'tools/call',
      'mcp-name': name,
      authorization: `Bearer ${token}`,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name, arguments: args, ...repeat, _meta },
    }),
  });
  return response.json();
}

/** The error of a tool's result; undefined if it has none. */
export const errorIn = ({ result }: Answer): Answer =>
  result?.isError ? JSON.parse(result.content[0].text).error : undefined;

/** Whether a tool's result is complete and no error. */
export const isDone = ({ result }: Answer): boolean => result?.resultType === 'complete' && !result.isError;

/** Two servers that share a key and a store, behind a proxy that sends each request to the other one. */
export interface Replicas {
  readonly url: string;
  readonly urls: readonly [string, string];
  /** Shares key and store, but its states expire at once. */
  readonly hasty: HttpProgram;
  readonly programs: readonly HttpProgram[];
  close(): Promise<void>;
}

export async function startReplicas(
  { sandbox }: Ground,
  store: string,
  flags: string[] = [],
): Promise<Replicas> {
  const folder = await mkdtemp(join(tmpdir(), 'synqly-mcp-'));
  const keyFile = join(folder, 'key');
  await writeFile(keyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
  const shared = [
    '--reveal-secrets',
    '--state-key-file',
    keyFile,
    '--state-store',
    store,
    '--rate-per-minute',
    '100000',
    ...flags,
  ];
  const start = (...own: string[]) => startHttpProgram(['--base-url', sandbox.baseUrl, ...shared, ...own]);
  const [one, other, hasty] = await Promise.all([start(), start(), start('--confirm-within', '0.1')]);
  const proxy = await startProxy([one.origin, other.origin]);
  return {
    url: `${proxy.origin}/mcp`,
    urls: [one.url, other.url],
    hasty,
    programs: [one, other, hasty],
    close: async () => {
      proxy.close();
      await Promise.all([one, other, hasty].map((program) => program.close()));
      await rm(folder, { recursive: true });
    },
  };
}

/** Hands requests to the origins in turn. */
async function startProxy(origins: readonly string[]): Promise<{ origin: string; close(): void }> {
  let turn = 0;
  const server = createServer((incoming, outgoing) => {
    const { host, hostname, port } = new URL(`${origins[turn % origins.length]}`);
    turn += 1;
    const headers = { ...incoming.headers, host };
    const { method, url: path } = incoming;
    const handed = httpRequest({ hostname, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    handed.once('error', () => outgoing.destroy());
    incoming.pipe(handed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, close: () => server.close().closeAllConnections() };
}

/** Sealed states that differ from a given one. */
export function tampered(state: string): unknown[] {
  const swap = (at: number) => {
    const index = at < 0 ? state.length + at : at;
    return state.slice(0, index) + (state[index] === 'A' ? 'B' : 'A') + state.slice(index + 1);
  };
  return [
    ...[0, 3, 8, Math.floor(state.length / 2), -10, -1].map(swap),
    state.slice(0, -1),
    `${state}A`,
    `${state}=`,
    `${state} `,
    state.replace('v1.', 'v2.'),
    state.replace('v1.', ''),
    'v1.',
    '',
    'x'.repeat(10_000),
    7,
    { state },
    null,
  ];
}
