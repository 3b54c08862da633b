import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import * as z from 'zod';
import { createInputStates } from '../src/access/input-states.ts';
import { createConfirmations } from '../src/access/pending-confirmations.ts';
import { allToolsets } from '../src/access/policy.ts';
import { createAuditLog } from '../src/observability/audit-log.ts';
import { createLogger } from '../src/observability/logger.ts';
import { runOperationById } from '../src/pipeline/run-operation.ts';
import { createRequestContext } from '../src/request-context.ts';
import { withoutSecrets } from '../src/secrets/store.ts';
import { SynqlyClient } from '../src/synqly/client.ts';
import { fixedToken } from '../src/synqly/token-source.ts';
import { publishedTools } from '../src/tools/published.ts';

/*
 * The same tools over stateless HTTP the usual way: for each request a function makes a high-level server, with one
 * `registerTool` call and the schema for each operation. What we measure our throughput against. Prints its URL.
 */
const client = new SynqlyClient({
  baseUrl: new URL(process.argv[2] ?? ''),
  maxResponseBytes: 1_000_000,
  userAgent: 'register-tool-server',
});

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly anyOf?: readonly Schema[];
}

/** The zod schema that one would write by hand for a published one. */
function toZod(schema: Schema): z.ZodType {
  const field = toPlainZod(schema);
  return schema.description === undefined ? field : field.describe(schema.description);
}

function toPlainZod({ type, enum: values, items, properties, required = [], ...rest }: Schema): z.ZodType {
  if (rest.anyOf) return z.union(rest.anyOf.map(toZod));
  if (values) return z.enum(values as [string]);
  if (type === 'array') return z.array(toZod(items ?? {}));
  if (type === 'integer') return z.number().int();
  if (type === 'boolean') return z.boolean();
  if (type !== 'object') return z.string();
  const fields = Object.entries(properties ?? {}).map(([name, property]) => {
    const field = toZod(property);
    return [name, required.includes(name) ? field : field.optional()] as const;
  });
  const shape = Object.fromEntries(fields);
  return rest.additionalProperties === false ? z.strictObject(shape) : z.looseObject(shape);
}

function createMcpServer(token: string): McpServer {
  const session = createRequestContext({
    open: async () => ({ client, token: fixedToken(token) }),
    knownTokens: [token],
    log: createLogger('silent', []),
    timeout: 30_000,
    maxResultTokens: 10_000,
    revealSecrets: false,
    secrets: withoutSecrets,
    policy: { readOnly: false, confirm: 'never', toolsetFilter: allToolsets },
    pendingCalls: createConfirmations(1)('bench'),
    inputStates: createInputStates({ timeoutMs: 1 })('bench'),
    auditLog: createAuditLog(undefined, createLogger('silent', [])),
    sandbox: false,
  });
  const server = new McpServer({ name: 'register-tool-server', version: '1.0.0' });
  for (const { name, title, description, annotations, inputSchema } of publishedTools) {
    const shown = {
      title,
      description,
      inputSchema: toZod(inputSchema) as z.ZodObject,
      annotations: { ...annotations },
    };
    server.registerTool(name, shown, async (args, { signal }) => {
      const { value } = await runOperationById(name, args, session, signal);
      return { content: [{ type: 'text', text: JSON.stringify(value) }] };
    });
  }
  return server;
}

const listening = createServer(async (request, response) => {
  const server = createMcpServer(request.headers.authorization?.slice('Bearer '.length) ?? '');
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
  response.once('close', () => void server.close());
  await server.connect(transport as Transport);
  await transport.handleRequest(request, response);
}).listen(0, '127.0.0.1', () => {
  const { port } = listening.address() as AddressInfo;
  process.stderr.write(`"url":"http://127.0.0.1:${port}/mcp"\n`);
});
