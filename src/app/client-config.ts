import { baseUrlOf, type Config } from '../config/load-config.ts';
import { version } from '../version.ts';

/**
 * What a person reads who starts the server by hand: it speaks a protocol, not to people.
 *
 * @param program path of the running program, as a client would start it
 */
export function greeting(config: Config, program: string): string {
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
