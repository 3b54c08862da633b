import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { runCall } from '../src/calls/call.ts';
import { createLog } from '../src/log.ts';
import { createSession } from '../src/session.ts';
import { SynqlyClient } from '../src/synqly/client.ts';
import { fixedToken } from '../src/synqly/token.ts';
import { catalogue } from '../src/tools/catalogue.ts';
import { annotationsOf } from '../src/tools/operation.ts';

/*
 * The same tools over stateless HTTP the usual way: for each request a high-level server with one `registerTool` call for
 * each operation. What we measure our throughput against. Prints its URL.
 */
const client = new SynqlyClient({
  baseUrl: new URL(process.argv[2] ?? ''),
  maxResponseBytes: 1_000_000,
  userAgent: 'register-tool-server',
});

function createMcpServer(token: string): McpServer {
  const session = createSession({
    open: async () => ({ client, token: fixedToken(token) }),
    knownTokens: [token],
    log: createLog('silent', []),
    timeout: 30_000,
    revealSecrets: false,
    sandbox: false,
  });
  const server = new McpServer({ name: 'register-tool-server', version: '1.0.0' });
  for (const operation of catalogue) {
    const { title, summary: description, input } = operation;
    const shown = { title, description, inputSchema: input, annotations: { ...annotationsOf(operation) } };
    server.registerTool(operation.id, shown, async (args, { signal }) => {
      const { value } = await runCall(operation, args, session, signal);
      return { content: [{ type: 'text', text: JSON.stringify(value) }] };
    });
  }
  return server;
}

const listening = createServer(async (request, response) => {
  const server = createMcpServer(request.headers.authorization?.slice('Bearer '.length) ?? '');
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
  response.once('close', () => void server.close());
  await server.connect(transport as never);
  await transport.handleRequest(request, response);
}).listen(0, '127.0.0.1', () => {
  const { port } = listening.address() as AddressInfo;
  process.stderr.write(`"url":"http://127.0.0.1:${port}/mcp"\n`);
});
