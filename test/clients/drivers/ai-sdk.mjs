import { createMCPClient, ElicitationRequestSchema } from '@ai-sdk/mcp';
import { Experimental_StdioMCPTransport as StdioTransport } from '@ai-sdk/mcp/mcp-stdio';
import { answerForm, holdSession, run, textOf } from './session.mjs';

const client = await createMCPClient({
  transport: run.command
    ? new StdioTransport({ command: run.command, args: run.args, env: run.env, stderr: 'ignore' })
    : { type: 'http', url: run.url, headers: run.headers },
  capabilities: { elicitation: {} },
  ...run.options,
});
client.onElicitationRequest(ElicitationRequestSchema, ({ params }) => answerForm(params));
const tools = await client.tools();
await holdSession({
  listTools: async () => Object.keys(await client.tools()),
  call: async (name, args) => textOf(await tools[name].execute(args, { toolCallId: '1', messages: [] })),
  readResource: async (uri) => (await client.readResource({ uri })).contents[0].text,
  close: () => client.close(),
});
