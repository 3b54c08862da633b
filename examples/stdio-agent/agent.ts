import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { decide, type Step } from './rules.ts';

/*
 * An agent that runs without a person at a chat: it starts synqly-mcp over stdio, offers its tools to whatever decides
 * (here rules.ts; in your agent a model), and runs the calls until there is an answer.
 */

const server = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const maxSteps = 20;
const maxRepeats = 3;

/** Agrees to calls that cannot be taken back. Ask a person here, in the way that suits your agent. */
function approve(preview: unknown): boolean {
  console.log(`? ${JSON.stringify(preview)}`);
  const isApproved = process.argv.includes('--approve');
  console.log(isApproved ? '  approved' : '  declined: start the agent with --approve to agree');
  return isApproved;
}

const client = new Client({ name: 'example-agent', version: '1.0.0' });
await client.connect(
  new StdioClientTransport({
    command: process.execPath,
    // With a token of your own: leave --sandbox out, and give the server SYNQLY_TOKEN through `env`.
    args: [server, '--sandbox', '--log-level', 'warn'],
    // The audit log; `--audit-log FILE` keeps it.
    stderr: 'ignore',
  }),
);

try {
  // A model is given the server's instructions as part of the system prompt, and the tools with their schemas. Not
  // confirm_call: a model that can confirm its own calls asks nobody.
  const instructions = client.getInstructions() ?? '';
  const tools = (await client.listTools()).tools.filter(({ name }) => name !== 'confirm_call');
  console.log(`${tools.length} tools, instructions of ${instructions.length} characters`);
  console.log(await run());
} finally {
  await client.close();
}

/** Runs the calls that are decided on, each with what the ones before it returned. */
async function run(): Promise<string> {
  const history: Step[] = [];
  while (history.length < maxSteps) {
    const next = decide(history);
    if ('answer' in next) return next.answer;
    console.log(`→ ${next.tool} ${JSON.stringify(next.args)}`);
    history.push({ ...next, result: await call(next.tool, next.args) });
  }
  return `No answer after ${maxSteps} calls.`;
}

/**
 * Calls a tool. What the agent itself can settle is settled here: errors that are safe to repeat are repeated, and calls
 * that must be confirmed are confirmed once `approve` agrees. Every other error is a result, for the model to correct.
 */
// biome-ignore lint/suspicious/noExplicitAny: the shape depends on the tool
async function call(name: string, args: Record<string, unknown>): Promise<any> {
  for (let attempt = 1; ; attempt += 1) {
    const { content } = await client.callTool({ name, arguments: args });
    const [first] = content as { text: string }[];
    const result = JSON.parse(first?.text ?? '{}');
    const { error } = result;
    if (error?.code === 'confirmation_required' && approve(error.confirmation.preview)) {
      return call('confirm_call', { id: error.confirmation.id });
    }
    if (error?.retry !== 'safe' || attempt > maxRepeats) return result;
    await pause((error.retry_after_s ?? 1) * 1000);
  }
}
