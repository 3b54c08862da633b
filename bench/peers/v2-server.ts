import { type ListToolsResult, Server } from '@modelcontextprotocol/server';
import { info } from './environment.ts';
import type { Forward } from './forward.ts';
import { tools } from './precomputed.ts';

// The type of our tools is stricter than that of the SDK, and read-only.
const list = { tools: [...tools] as object[] as ListToolsResult['tools'] };

/** A low-level server of SDK v2 (2026-07-28 and older) with a list made beforehand. */
export function createV2Peer(forward: Forward, token: string): Server {
  const server = new Server(info, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/list', () => list);
  server.setRequestHandler('tools/call', async ({ params }) => {
    const { text, isError } = await forward(params.name, params.arguments ?? {}, token);
    return { content: [{ type: 'text', text }], isError };
  });
  return server;
}
