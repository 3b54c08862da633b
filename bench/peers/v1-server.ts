import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { info } from './environment.ts';
import type { Forward } from './forward.ts';
import { tools } from './precomputed.ts';

// The type of our tools is stricter than that of the SDK, and read-only.
const list = { tools: [...tools] as object[] as { name: string; inputSchema: { type: 'object' } }[] };

/** A low-level server of SDK v1 (2025-11-25 and older) with a list made beforehand. */
export function createV1Peer(forward: Forward, token: string): Server {
  const server = new Server(info, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => list);
  server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
    const { text, isError } = await forward(params.name, params.arguments ?? {}, token);
    return { content: [{ type: 'text', text }], isError };
  });
  return server;
}
