import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { pino } from 'pino';
import { createInputStates } from '../src/access/input-states.ts';
import { createConfirmations } from '../src/access/pending-confirmations.ts';
import { allToolsets } from '../src/access/policy.ts';
import { loadConfig } from '../src/config/load-config.ts';
import { createAuditLog } from '../src/observability/audit-log.ts';
import type { Log } from '../src/observability/logger.ts';
import { runOperation } from '../src/pipeline/run-operation.ts';
import { createRequestContext } from '../src/request-context.ts';
import { withoutSecrets } from '../src/secrets/store.ts';
import { SynqlyClient } from '../src/synqly/client.ts';
import { fixedToken } from '../src/synqly/token-source.ts';
import { catalogue } from '../src/tools/catalogue.ts';
import { annotationsOf } from '../src/tools/define-operation.ts';

/*
 * The same tools served the usual way: one `registerTool` call for each operation on the SDK's high-level server,
 * everything imported up front, run from unbundled files. What we measure our start against.
 */
const config = loadConfig({}, process.env);
const logger = pino({ level: config.logLevel.value }, pino.destination(2));
const log: Log = Object.assign(Object.create(logger), { flush: async () => {} });
const client = new SynqlyClient({
  baseUrl: new URL('http://127.0.0.1:9'),
  maxResponseBytes: config.maxResponseBytes.value,
  userAgent: 'register-tool-server',
});
const session = createRequestContext({
  open: async () => ({ client, token: fixedToken('none') }),
  knownTokens: [],
  log,
  timeout: config.timeout.value,
  maxResultTokens: 10_000,
  revealSecrets: false,
  secrets: withoutSecrets,
  policy: { readOnly: false, confirm: 'never', toolsetFilter: allToolsets },
  pendingCalls: createConfirmations(1)('bench'),
  inputStates: createInputStates({ timeoutMs: 1 })('bench'),
  auditLog: createAuditLog(undefined, log),
  sandbox: false,
});

const server = new McpServer({ name: 'register-tool-server', version: '1.0.0' });
for (const operation of catalogue) {
  const { title, summary: description, input } = operation;
  const shown = { title, description, inputSchema: input, annotations: { ...annotationsOf(operation) } };
  server.registerTool(operation.id, shown, async (args, { signal }) => {
    const { value } = await runOperation(operation, args, session, signal);
    return { content: [{ type: 'text', text: JSON.stringify(value) }] };
  });
}
await server.connect(new StdioServerTransport());
