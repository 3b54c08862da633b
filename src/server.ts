import type { FeatureSource } from './protocol/server-features.ts';
import type { StatelessServer } from './protocol/stateless-server.ts';
import { createStatelessV1 } from './protocol/v1.ts';
import type { RequestContext } from './request-context.ts';

export { createV1Server } from './protocol/v1.ts';

/** The protocol generations: revisions up to 2025-11-25, which begin with `initialize`, and 2026-07-28. */
export type Generation = 'v1' | 'v2';

/**
 * Creates the MCP server for one caller.
 *
 * @param source the tools and resources that the caller sees
 */
export async function createServer(
  generation: Generation,
  source: FeatureSource,
  context: RequestContext,
): Promise<StatelessServer> {
  if (generation === 'v1') return createStatelessV1(source, context);
  const { createStatelessV2 } = await import('./protocol/v2.ts');
  return createStatelessV2(source, context);
}
