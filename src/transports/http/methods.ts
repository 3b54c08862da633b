import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { HttpOptions } from './options.ts';
import { reject } from './replies.ts';

/** Answers 405 to methods that the endpoint does not support; this needs no token. */
export function refuseOtherMethods(
  mcp: FastifyInstance,
  { sessions, origins }: Pick<HttpOptions, 'sessions' | 'origins'>,
): void {
  const allowed = sessions ? 'GET, POST, DELETE' : 'POST';
  const others = ['HEAD', 'PUT', 'PATCH', 'TRACE'];
  const refuseMethod = (_: FastifyRequest, reply: FastifyReply) => {
    reply.header('allow', allowed);
    return reject(reply, 405, `The MCP endpoint accepts ${allowed}: send each JSON-RPC message by POST.`);
  };
  mcp.route({
    // With CORS, browsers send OPTIONS for a preflight.
    method: origins.length > 0 ? others : [...others, 'OPTIONS'],
    url: '/mcp',
    onRequest: (request, reply) => void refuseMethod(request, reply),
    handler: refuseMethod,
  });
}
