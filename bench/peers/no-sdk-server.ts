import { info, ownToken } from './environment.ts';
import type { Forward } from './forward.ts';
import { tools } from './precomputed.ts';

/*
 * The floor: answers both generations with as little as possible. No checks, no error codes, no SDK; what the list and
 * the opening answer say is text from the start.
 */
const serverInfo = { 'io.modelcontextprotocol/serverInfo': info };
const listText = JSON.stringify({
  tools,
  resultType: 'complete',
  ttlMs: 0,
  cacheScope: 'private',
  _meta: serverInfo,
});
const initializeText = JSON.stringify({
  protocolVersion: '2025-11-25',
  capabilities: { tools: {} },
  serverInfo: info,
});
const discoverText = JSON.stringify({
  supportedVersions: ['2026-07-28', '2025-11-25'],
  capabilities: { tools: {} },
  resultType: 'complete',
  ttlMs: 0,
  cacheScope: 'private',
  _meta: serverInfo,
});

interface Message {
  readonly id?: string | number;
  readonly method: string;
  readonly params?: { readonly name: string; readonly arguments?: Readonly<Record<string, unknown>> };
}

/** @returns the response to a message, or undefined for a notification */
export async function respond(
  text: string,
  forward: () => Promise<Forward>,
  token = ownToken,
): Promise<string | undefined> {
  const { id, method, params }: Message = JSON.parse(text);
  if (id === undefined) return undefined;
  const result = await resultOf(method, params, forward, token);
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`;
}

async function resultOf(
  method: string,
  params: Message['params'],
  forward: () => Promise<Forward>,
  token: string,
): Promise<string> {
  if (method === 'tools/list') return listText;
  if (method === 'initialize') return initializeText;
  if (method === 'server/discover') return discoverText;
  if (method !== 'tools/call' || !params) return '{}';
  const { text, isError } = await (await forward())(params.name, params.arguments ?? {}, token);
  return `{"content":[{"type":"text","text":${JSON.stringify(text)}}],"isError":${isError},"resultType":"complete"}`;
}
