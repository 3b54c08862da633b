import { baseUrlOf, type Config } from '../config/load-config.ts';
import type { SynqlyConnection } from '../request-context.ts';
import { createMcpToken } from '../synqly/endpoints.ts';
import { version } from '../version.ts';
import type { SharedConnection } from './synqly-connection.ts';

/**
 * Instructions for a person who starts the stdio server in a terminal.
 *
 * @param program path of the running program, as a client would start it
 */
export function describeStdioServer(config: Config, program: string): string {
  const sandbox = config.sandbox.value;
  const server = {
    command: 'node',
    args: sandbox ? [program, '--sandbox'] : [program],
    ...(sandbox ? {} : { env: { SYNQLY_TOKEN: '<organization token>' } }),
  };
  return `synqly-mcp ${version} serves ${sandbox ? 'a sandbox with sample data' : baseUrlOf(config).origin} over stdin and stdout.
It waits for an MCP client, not for typed input. Press Ctrl-C to stop it.

Claude Desktop, Cursor:
${JSON.stringify({ mcpServers: { synqly: server } }, null, 2)}

Claude Code:
claude mcp add synqly -- node ${server.args.join(' ')}

Try it without a client, on sample data (the Inspector needs Node 22.19 or later):
npx @modelcontextprotocol/inspector --cli node ${program} --sandbox --method tools/list

`;
}

const trialTimeoutMs = 10_000;

/** The maximum lifetime of MCP tokens. */
const trialTtl = '24h';

/** Instructions to try an HTTP server on the sandbox: its URL, and client settings with an MCP token for it. */
export async function describeSandboxServer(
  url: string,
  client: SynqlyConnection['client'],
  { token }: SharedConnection,
): Promise<string> {
  const bearer = (await token?.current()) ?? '';
  const signal = AbortSignal.timeout(trialTimeoutMs);
  const deadline = Date.now() + trialTimeoutMs;
  const secret = await createMcpToken((request) => client.request({ ...request, signal, deadline }, bearer), {
    token_ttl: trialTtl,
    scope: { type: 'management' },
  });
  const headers = { Authorization: `Bearer ${secret}` };
  const settings = JSON.stringify({ mcpServers: { synqly: { type: 'http', url, headers } } }, null, 2);
  return `\nSandbox with sample data at ${url}\nClient settings with an MCP token for it:\n\n${settings}\n\n`;
}
