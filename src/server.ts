import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { FeatureSource } from './protocol/server-features.ts';
import { createV1Server } from './protocol/v1.ts';
import type { RequestContext } from './request-context.ts';

export { callDirectly, type ToolCall } from './protocol/v1.ts';

/**
 * Creates the MCP server for one caller. It speaks the protocol revisions 2025-11-25 and older.
 *
 * @param features the tools and resources that the caller sees
 */
export function createServer(features: FeatureSource, context: RequestContext): Server {
  return createV1Server(features, context);
}
