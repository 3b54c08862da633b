import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../../observability/metrics.ts';
import { checkHost, type GuardOptions } from './host-guard.ts';
import { reject } from './replies.ts';

/**
 * `/healthz`, `/readyz` and `/metrics`, for load balancers and Prometheus. None of it tells anything of a caller; what the
 * metrics tell of the server is for no page of the web that has a browser ask under a name of its own (DNS rebinding).
 * Prometheus asks each process under its address, which no page can make its own.
 */
export function serveMonitoring(
  app: FastifyInstance,
  metrics: Metrics,
  options: GuardOptions,
  isReady: () => Promise<boolean>,
): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_, reply) => {
    const ready = await isReady();
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready' });
  });
  app.get('/metrics', async (request, reply) => {
    const refusal = checkHost(request, { ...options, byAddress: true });
    if (refusal) return reject(reply, refusal.status, refusal.message);
    const { contentType, text } = await metrics.expose();
    return reply.type(contentType).send(text);
  });
}
