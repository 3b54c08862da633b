import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { answerForm, holdSession, run, textOf } from './session.mjs';

const client = new Client(
  { name: 'clients-test', version: '1.0.0' },
  { capabilities: { elicitation: { form: {} } } },
);
client.setRequestHandler(ElicitRequestSchema, ({ params }) => answerForm(params));
await client.connect(
  run.command
    ? new StdioClientTransport({ command: run.command, args: run.args, env: run.env, stderr: 'ignore' })
    : new StreamableHTTPClientTransport(new URL(run.url), { requestInit: { headers: run.headers } }),
);
await holdSession({
  listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
  call: async (name, args) => textOf(await client.callTool({ name, arguments: args })),
  readResource: async (uri) => (await client.readResource({ uri })).contents[0].text,
  close: () => client.close(),
});
