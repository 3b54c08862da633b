import { mkdirSync, writeFileSync } from 'node:fs';
import { runCommand } from './command-line.mjs';
import { holdSession, run } from './session.mjs';

const synqly = run.command
  ? { command: run.command, args: run.args, env: run.env }
  : { httpUrl: run.url, headers: run.headers };
const folder = `${process.env.HOME}/.gemini`;
mkdirSync(folder, { recursive: true });
writeFileSync(
  `${folder}/settings.json`,
  JSON.stringify({ mcpServers: { synqly }, privacy: { usageStatisticsEnabled: false } }),
);
await holdSession({
  check: async () => {
    const env = { GEMINI_CLI_TRUST_WORKSPACE: 'true', GEMINI_TELEMETRY_ENABLED: 'false' };
    const { stdout, stderr } = await runCommand('@google/gemini-cli/bundle/gemini.js', ['mcp', 'list'], {
      env,
    });
    return stdout + stderr;
  },
});
