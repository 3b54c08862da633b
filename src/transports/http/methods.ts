import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { HttpOptions } from './app.ts';
import { reject } from './replies.ts';

/** Methods that the endpoint has not. Whoever tries them out needs no token to be told so. */
export function refuseOtherMethods(
  mcp: FastifyInstance,
  { sessions, origins }: Pick<HttpOptions, 'sessions' | 'origins'>,
): void {
  const allowed = sessions ? 'GET, POST, DELETE' : 'POST';
  const others = ['HEAD', 'PUT', 'PATCH', 'TRACE'];
  const refuseMethod = (_: FastifyRequest, reply: FastifyReply) => {
    reply.header('allow', allowed);
    return reject(reply, 405, `The MCP endpoint takes ${allowed}: send each JSON-RPC message by POST.`);
  };
  mcp.route({
    // With CORS, OPTIONS asks what a page of another origin may do.
    method: origins.length > 0 ? others : [...others, 'OPTIONS'],
    url: '/mcp',
    onRequest: (request, reply) => void refuseMethod(request, reply),
    handler: refuseMethod,
  });
}
