import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { McpError } from '@modelcontextprotocol/sdk/types.js';
import { type Exchange, textOf, tokensOfList } from './recording.ts';
import type { Stage } from './stage.ts';

type Program = Pick<Stage, 'command' | 'args' | 'env'>;
type Tool = Awaited<ReturnType<Client['listTools']>>['tools'][number];

/** A client that is connected to the server, with what a model reads at the start. */
export interface Connected {
  readonly instructions: string;
  readonly tools: readonly Tool[];
  readonly listTokens: number;
  call(tool: string, args: Record<string, unknown>): Promise<Exchange>;
  close(): Promise<void>;
}

/** Starts a server over stdio, and connects a client without forms to it. */
export async function connect({ command, args, env }: Program): Promise<Connected> {
  const client = new Client({ name: 'synqly-mcp-evals', version: '1.0.0' });
  const transport = new StdioClientTransport({ command, args, env, stderr: 'pipe' });
  let written = '';
  transport.stderr?.on('data', (chunk) => {
    written += chunk;
  });
  await client.connect(transport).catch((error) => {
    throw new Error(`The server did not start: ${written}`, { cause: error });
  });
  const instructions = client.getInstructions() ?? '';
  const tools = await listTools(client);
  return {
    instructions,
    tools,
    listTokens: tokensOfList(instructions, tools),
    call: async (tool, given) => {
      const request = { tool, arguments: given };
      try {
        const result = await client.callTool({ name: tool, arguments: given });
        return {
          ...request,
          isError: result.isError === true,
          text: textOf(result as { content?: unknown }),
        };
      } catch (error) {
        if (!(error instanceof McpError)) throw error;
        return { ...request, isError: true, text: error.message };
      }
    },
    close: () => client.close(),
  };
}

async function listTools(client: Client): Promise<Tool[]> {
  const tools: Tool[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.listTools({ cursor });
    tools.push(...page.tools);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return tools;
}

const recorder = fileURLToPath(new URL('recorder.ts', import.meta.url));

/** The same server behind the recorder, which writes to `file`. */
export function recorded({ command, args, env }: Program, file: string): Program {
  const tsx = import.meta.resolve('tsx');
  return { command: process.execPath, args: ['--import', tsx, recorder, file, command, ...args], env };
}
