import { MultiServerMCPClient } from '@langchain/mcp-adapters';
import { holdSession, run } from './session.mjs';

const synqly = run.command
  ? { transport: 'stdio', command: run.command, args: run.args, env: run.env, stderr: 'ignore' }
  : { transport: 'http', url: run.url, headers: run.headers };
const client = new MultiServerMCPClient({ mcpServers: { synqly } });
await holdSession({
  listTools: async () => (await client.getTools()).map(({ name }) => name),
  call: async (name, args) => {
    const tool = (await client.getTools()).find((candidate) => candidate.name === name);
    // The adapter throws the text of a result with isError; an agent's tool node hands it to the model.
    return String(await tool.invoke(args).catch((error) => error.message));
  },
  readResource: async (uri) => (await client.readResource('synqly', uri))[0].text,
  close: () => client.close(),
});
