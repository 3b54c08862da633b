import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../../observability/metrics.ts';
import { checkHost, type GuardOptions } from './host-guard.ts';
import { reject } from './replies.ts';

/**
 * `/healthz`, `/readyz` and `/metrics`, for load balancers and Prometheus. They hold no data of a caller.
 * `/metrics` describes the server, so the host guard keeps out web pages (DNS rebinding); Prometheus scrapes each
 * process by its IP address, which a page cannot imitate.
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
    const refusal = checkHost(request, { ...options, allowIpHosts: true });
    if (refusal) return reject(reply, refusal.status, refusal.message);
    const { contentType, text } = await metrics.expose();
    return reply.type(contentType).send(text);
  });
}
