import type { FastifyInstance } from 'fastify';
import type { Metrics } from './metrics.ts';

/** `/healthz`, `/readyz` and `/metrics`, for load balancers and Prometheus. None of it tells anything of a caller. */
export function serveMonitoring(
  app: FastifyInstance,
  metrics: Metrics,
  isReady: () => Promise<boolean>,
): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_, reply) => {
    const ready = await isReady();
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready' });
  });
  app.get('/metrics', async (_, reply) => {
    const { contentType, text } = await metrics.expose();
    return reply.type(contentType).send(text);
  });
}
