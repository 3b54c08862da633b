import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { answerForm, holdSession, run, textOf } from './session.mjs';

const client = new Client(
  { name: 'clients-test', version: '1.0.0' },
  { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode: run.options.mode } },
);
client.setRequestHandler('elicitation/create', ({ params }) => answerForm(params));
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
