import { runCommand } from './command-line.mjs';
import { holdSession, run } from './session.mjs';

const synqly = run.command
  ? { type: 'stdio', command: run.command, args: run.args, env: run.env }
  : { type: 'http', url: run.url, headers: run.headers };
const ask = async (...args) =>
  (await runCommand('@anthropic-ai/claude-code/cli-wrapper.cjs', args, { env: run.options.env })).stdout;

await holdSession({
  check: async () => {
    await ask('mcp', 'add-json', 'synqly', JSON.stringify(synqly));
    return ask('mcp', 'list');
  },
});
