import { baseUrlOf, type Config } from '../config/load-config.ts';
import type { SynqlyConnection } from '../request-context.ts';
import { version } from '../version.ts';
import type { SharedConnection } from './synqly-connection.ts';

/**
 * What a person reads who starts the server by hand: it speaks a protocol, not to people.
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
  return `synqly-mcp ${version} serves ${sandbox ? 'a sandbox with invented data' : baseUrlOf(config).origin} over stdin and stdout.
It waits for an MCP client; there is nothing to type here. Ctrl-C ends it.

Claude Desktop, Cursor:
${JSON.stringify({ mcpServers: { synqly: server } }, null, 2)}

Claude Code:
claude mcp add synqly -- node ${server.args.join(' ')}

Try it without a client, on invented data (the Inspector needs Node 22.19 or later):
npx @modelcontextprotocol/inspector --cli node ${program} --sandbox --method tools/list

`;
}

const trialTimeoutMs = 10_000;

/** As long as MCP tokens can live. */
const trialLife = '24h';

/** How to try a server of the sandbox: its address, and a client's settings with an MCP token made for it. */
export async function describeSandboxServer(
  url: string,
  client: SynqlyConnection['client'],
  { token }: SharedConnection,
): Promise<string> {
  const answer = await client.request(
    {
      method: 'POST',
      path: '/v1/tokens/mcp',
      body: { token_ttl: trialLife, scope: { type: 'management' } },
      repeatable: false,
      signal: AbortSignal.timeout(trialTimeoutMs),
      deadline: Date.now() + trialTimeoutMs,
    },
    (await token?.current()) ?? '',
  );
  const { secret } = (answer.body as { result: { secret: string } }).result;
  const headers = { Authorization: `Bearer ${secret}` };
  const settings = JSON.stringify({ mcpServers: { synqly: { type: 'http', url, headers } } }, null, 2);
  return `\nSandbox with invented data at ${url}\nA client's settings, with an MCP token for it:\n\n${settings}\n\n`;
}
