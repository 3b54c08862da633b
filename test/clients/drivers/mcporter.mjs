import { writeFileSync } from 'node:fs';
import { runCommand } from './command-line.mjs';
import { holdSession, run } from './session.mjs';

const script = 'mcporter/dist/cli.js';
const config = `${process.env.HOME}/mcporter.json`;
const synqly = run.command
  ? { command: run.command, args: run.args, env: run.env, lifecycle: 'keep-alive' }
  : { baseUrl: run.url, headers: run.headers };
writeFileSync(config, JSON.stringify({ mcpServers: { synqly }, imports: [] }));

async function ask(command, ...args) {
  const options = { acceptExitCodes: [0, 1] };
  const { stdout } = await runCommand(script, ['--config', config, command, ...args], options);
  return stdout;
}

await holdSession({
  listTools: async () => JSON.parse(await ask('list', 'synqly', '--json')).tools.map(({ name }) => name),
  call: (name, args) => ask('call', `synqly.${name}`, '--args', JSON.stringify(args), '--output', 'text'),
  readResource: (uri) => ask('resource', 'synqly', uri, '--output', 'text'),
  close: () => ask('daemon', 'stop'),
});
