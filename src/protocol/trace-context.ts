import type { RequestContext } from '../request-context.ts';
import type { Headers } from './stateless-server.ts';

/** Forwards the request's trace to Synqly (W3C Trace Context). */
export function withTraceContext(
  context: RequestContext,
  _meta: unknown,
  headers: Headers | undefined,
): RequestContext {
  const traceparent = headers?.traceparent;
  return typeof traceparent === 'string' ? context.withHeaders({ traceparent }) : context;
}
