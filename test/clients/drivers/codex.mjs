import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { answerForm, holdSession, run, textOf } from './session.mjs';

// A login is needed for the model only: its provider is a closed port of this machine.
const toml = (value) => JSON.stringify(value);
const table = (object) =>
  `{ ${Object.entries(object).map(([name, value]) => `${toml(name)} = ${toml(value)}`)} }`;
const synqly = run.command
  ? `command = ${toml(run.command)}\nargs = ${toml(run.args)}\nenv = ${table(run.env)}`
  : `url = ${toml(run.url)}\nhttp_headers = ${table(run.headers)}`;
const folder = `${process.env.HOME}/.codex`;
mkdirSync(folder, { recursive: true });
writeFileSync(
  `${folder}/config.toml`,
  `model_provider = "closed"
check_for_update_on_startup = false
[analytics]
enabled = false
[features]
${Object.entries(run.options.features).map(([name, value]) => `${name} = ${value}`)}
[model_providers.closed]
name = "closed"
base_url = "http://127.0.0.1:9/v1"
wire_api = "responses"
[mcp_servers.synqly]
${synqly}
`,
);

const server = spawn(process.execPath, [`${run.modules}/@openai/codex/bin/codex.js`, 'app-server'], {
  stdio: ['pipe', 'pipe', 'ignore'],
});
const send = (message) => server.stdin.write(`${JSON.stringify(message)}\n`);
const waiting = new Map();
createInterface({ input: server.stdout }).on('line', (line) => {
  const { id, method, params, result, error } = JSON.parse(line);
  if (method === 'mcpServer/elicitation/request') {
    send({ id, result: { content: null, _meta: null, ...answerForm(params) } });
  } else if (method === undefined) {
    const { resolve, reject } = waiting.get(id);
    if (error) reject(new Error(error.message));
    else resolve(result);
  }
});
const ask = (method, params) =>
  new Promise((resolve, reject) => {
    const id = waiting.size + 1;
    waiting.set(id, { resolve, reject });
    send({ id, method, params });
  });

const clientInfo = { name: 'clients-test', title: 'Test of clients', version: '1.0.0' };
await ask('initialize', { clientInfo, capabilities: { experimentalApi: true } });
send({ method: 'initialized' });
const { thread } = await ask('thread/start', { cwd: process.env.HOME });
const where = { threadId: thread.id, server: 'synqly' };
await holdSession({
  listTools: async () => Object.keys((await ask('mcpServerStatus/list', {})).data[0].tools),
  call: async (tool, args) => textOf(await ask('mcpServer/tool/call', { ...where, tool, arguments: args })),
  readResource: async (uri) => (await ask('mcpServer/resource/read', { ...where, uri })).contents[0].text,
  close: async () => server.stdin.end(),
});
