import { runCommand } from './command-line.mjs';
import { holdSession, run } from './session.mjs';

const synqly = run.command
  ? { type: 'stdio', command: run.command, args: run.args, env: run.env }
  : { type: 'http', url: run.url, headers: run.headers };
const env = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  DISABLE_TELEMETRY: '1',
  DISABLE_ERROR_REPORTING: '1',
  DISABLE_AUTOUPDATER: '1',
  ...run.options.env,
};
const ask = async (...args) =>
  (await runCommand('@anthropic-ai/claude-code/cli-wrapper.cjs', args, { env })).stdout;

await holdSession({
  check: async () => {
    await ask('mcp', 'add-json', 'synqly', JSON.stringify(synqly));
    return ask('mcp', 'list');
  },
});
