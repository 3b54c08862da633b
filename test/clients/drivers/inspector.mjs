import { runCommand } from './command-line.mjs';
import { holdSession, run, textOf } from './session.mjs';

const script = '@modelcontextprotocol/inspector/clients/launcher/build/index.js';
const environment = Object.entries(run.env ?? {}).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
const headers = Object.entries(run.headers ?? {}).flatMap(([name, value]) => [
  '--header',
  `${name}: ${value}`,
]);
const target = run.command
  ? [run.command, ...run.args, ...environment]
  : ['--server-url', run.url, '--transport', 'http', '--stored-auth-only', ...headers];

async function ask(method, ...args) {
  const options = ['--method', method, '--format', 'json', '-q', '--protocol-era', run.options.era, ...args];
  // Exit code 5 says that the tool answered with isError.
  const { stdout } = await runCommand(script, ['--cli', ...target, ...options], { acceptExitCodes: [0, 5] });
  const answer = JSON.parse(stdout);
  return answer.result ?? answer;
}

await holdSession({
  listTools: async () => (await ask('tools/list')).tools.map(({ name }) => name),
  call: async (name, args) =>
    textOf(await ask('tools/call', '--tool-name', name, '--tool-args-json', JSON.stringify(args))),
  readResource: async (uri) => (await ask('resources/read', '--uri', uri)).contents[0].text,
});
