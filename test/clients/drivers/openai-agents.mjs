import { getAllMcpTools, MCPServerStdio, MCPServerStreamableHttp, RunContext } from '@openai/agents';
import { holdSession, run } from './session.mjs';

const server = run.command
  ? new MCPServerStdio({ name: 'synqly', command: run.command, args: run.args, env: run.env })
  : new MCPServerStreamableHttp({ name: 'synqly', url: run.url, requestInit: { headers: run.headers } });
await server.connect();
const tools = await getAllMcpTools([server]);
await holdSession({
  listTools: async () => tools.map(({ name }) => name),
  call: async (name, args) => {
    const tool = tools.find((candidate) => candidate.name === name);
    const output = await tool.invoke(new RunContext(), JSON.stringify(args));
    return typeof output === 'string' ? output : JSON.stringify(output).replaceAll('\\"', '"');
  },
  readResource: async (uri) => (await server.readResource(uri)).contents[0].text,
  close: () => server.close(),
});
