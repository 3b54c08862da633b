/*
 * Lets an agent that has only a shell do a task step by step:
 *
 *   start TASK --surface SURFACE --as NAME    prints the session, the prompt, and what a model reads of the server
 *   call SESSION TOOL [JSON]                  makes a tool call, prints its result
 *   answer SESSION TEXT                       ends, checks the task and writes the recording
 *   drop SESSION                              ends without a recording
 *
 * A program in the background holds the server and the sandbox of a session.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { parseJson } from './parse-json.ts';
import { surfaces, taskNames } from './task.ts';

const prefix = 'synqly-mcp-evals-';

/** The socket of a session: no name of a session leaves the folder for temporary files. */
function socketOf(session: string): string {
  return join(tmpdir(), prefix + basename(session), 'socket');
}

/** Sends a command to the program of a session, and prints what it answers. */
async function send(session: string, path: string, body: unknown): Promise<void> {
  const text = await new Promise<string>((resolve, reject) => {
    const sent = request({ socketPath: socketOf(session), path, method: 'POST' }, async (response) => {
      let received = '';
      for await (const chunk of response) received += chunk;
      if (response.statusCode === 200) resolve(received);
      else reject(new Error(received));
    });
    sent.on('error', () => reject(new Error(`No session ${session} is running.`)));
    sent.end(JSON.stringify(body));
  });
  console.log(text);
}

async function start(task: string, options: { surface: string; as: string }): Promise<void> {
  if (!taskNames().includes(task))
    throw new Error(`There is no task ${task}. Tasks: ${taskNames().join(', ')}`);
  const folder = mkdtempSync(join(tmpdir(), prefix));
  const session = basename(folder).slice(prefix.length);
  const errors = join(folder, 'stderr');
  const program = fileURLToPath(new URL('session-program.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), program, folder, task, options.surface, options.as],
    // A stream of this command would be open as long as the session, and whoever reads it would wait.
    { detached: true, stdio: ['ignore', 'ignore', openSync(errors, 'w'), 'ipc'] },
  );
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', () => reject(new Error(`The session did not start: ${readFileSync(errors, 'utf8')}`)));
  });
  child.disconnect();
  child.unref();
  console.log(`Session: ${session}\n`);
  await send(session, '/start', {});
}

function parseArguments(text: string): Record<string, unknown> {
  const args = parseJson(text);
  if (typeof args !== 'object' || args === null || Array.isArray(args)) {
    throw new Error('The arguments of a call are a JSON object, such as \'{"limit":10}\'.');
  }
  return args;
}

const program = new Command('evals:session');
program
  .command('start <task>')
  .addOption(new Option('--surface <surface>').choices(surfaces).default('compact'))
  .requiredOption('--as <name>', 'who plays the agent, such as the name of a model')
  .action(start);
program
  .command('call <session> <tool> [arguments]')
  .action((session, tool, text = '{}') => send(session, '/call', { tool, arguments: parseArguments(text) }));
program.command('answer <session> <text>').action((session, text) => send(session, '/answer', { text }));
program.command('drop <session>').action((session) => send(session, '/drop', {}));
try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
