import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

/** How a form of the program is started. */
export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface ListedTool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
}

/** What a started server answered. */
export interface ServerCheck {
  readonly version: string;
  readonly tools: readonly ListedTool[];
  /** The text that the call returned. */
  readonly answer: string;
}

/** The call that shows that a server works: it needs a token or the sandbox, and reads only. */
const checkCall = { name: 'whoami', arguments: {} };

/**
 * Starts a server over stdio, lists its tools, calls one and ends it.
 *
 * @throws Error with what the server wrote to stderr, when it does not start or the call fails
 */
export async function checkServer({ command, args, env, cwd }: ServerCommand): Promise<ServerCheck> {
  const transport = new StdioClientTransport({
    command,
    args: [...args],
    env: { ...env },
    stderr: 'pipe',
    ...(cwd !== undefined && { cwd }),
  });
  let written = '';
  transport.stderr?.on('data', (chunk) => {
    written += chunk;
  });
  const client = new Client({ name: 'synqly-mcp-packaging', version: '1.0.0' });
  try {
    await client.connect(transport);
    const { tools } = await client.listTools();
    const result = await client.callTool(checkCall);
    const [content] = result.content as { text?: string }[];
    const answer = content?.text ?? '';
    if (result.isError === true) throw new Error(`${checkCall.name} failed: ${answer}`);
    return {
      version: client.getServerVersion()?.version ?? '',
      tools: tools.map(({ name, title, description }) => ({
        name,
        title: title ?? name,
        description: description ?? '',
      })),
      answer,
    };
  } catch (error) {
    throw new Error(`${[command, ...args].join(' ')}: ${(error as Error).message}\n${written}`);
  } finally {
    await client.close();
  }
}
