import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { baseUrl, bearerOf } from './environment.ts';
import { forwardTo } from './forward.ts';
import { listen } from './listen.ts';
import { createV1Peer } from './v1-server.ts';

// Stateless: the SDK wants a server and a transport for each request.
const forward = forwardTo(baseUrl);
listen(async (request, response) => {
  const server = createV1Peer(forward, bearerOf(request.headers.authorization));
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
  response.once('close', () => void server.close());
  await server.connect(transport as Transport);
  await transport.handleRequest(request, response);
});
