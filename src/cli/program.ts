import { Command, CommanderError } from 'commander';
import { serve } from '../app/serve.ts';
import { describeFailure, formatUsageError, warn } from '../app/startup-errors.ts';
import { ConfigError, loadConfig } from '../config/load-config.ts';
import { settings } from '../config/settings.ts';
import { version } from '../version.ts';
import { addConnectCommand } from './connect-command.ts';
import { addSandboxCommand } from './sandbox-command.ts';
import { addSettings } from './setting-options.ts';
import { addTokenCommand } from './token-command.ts';
import { addToolsCommand } from './tools-command.ts';

/** Exit status for settings that cannot be used, as for a wrong command line. */
const usageError = 2;

type Flags = Record<string, string | boolean>;

function createProgram(): Command {
  const program: Command = new Command('synqly-mcp')
    .description('MCP server with which an AI assistant administers a Synqly organization.')
    .version(version)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(formatUsageError(text)) })
    .addHelpText('after', environmentHelp())
    // A word that is no command would be one argument too many, of which commander says no more.
    .allowExcessArguments()
    .action((flags: Flags) => (program.args.length > 0 ? assertNoWord(program) : start(flags)))
    .hook('preAction', (_, command) => assertTaken(program, command));
  addSettings(program, Object.values(settings));
  addConnectCommand(program);
  addSandboxCommand(program);
  addToolsCommand(program);
  addTokenCommand(program);
  return program;
}

async function start(flags: Flags): Promise<void> {
  await serve(loadConfig(flags, process.env, { warn }));
  // Kept-alive connections and the sandbox would hold the process.
  process.exit(0);
}

/** A flag before a command that does not take it would be dropped. @throws ConfigError */
function assertTaken(program: Command, command: Command): void {
  if (command === program) return;
  const taken = new Set(command.options.map((option) => option.attributeName()));
  for (const option of program.options) {
    const name = option.attributeName();
    if (program.getOptionValueSource(name) !== 'cli' || taken.has(name)) continue;
    throw new ConfigError(`${option.long} has no effect with ${command.name()}.`);
  }
}

/** Ends as commander does for a command that there is not: with the nearest one; `help` is what people try. */
function assertNoWord(program: Command): never {
  if (program.args[0] === 'help') program.help();
  return (program as Command & { unknownCommand(): never }).unknownCommand();
}

function environmentHelp(): string {
  const lines = Object.values(settings).map(({ env, help }) => `  ${(env ?? '').padEnd(28)}${help}`);
  return ['', 'Environment (a flag wins over it):', ...lines].join('\n');
}

/** Runs the command line to its end. What goes wrong is told in a line or two, never with a stack or our code. */
export async function run(): Promise<void> {
  // Whoever read stderr is gone; that is no reason to end.
  process.stderr.on('error', () => {});
  // Node prints the line that threw, and a line of the bundle is as long as a book.
  process.on('uncaughtException', (error) => fail(error));
  try {
    await createProgram().parseAsync();
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): never {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : usageError);
  process.stderr.write(`synqly-mcp: ${describeFailure(error, wantsDetails())}\n`);
  process.exit(error instanceof ConfigError ? usageError : 1);
}

/** Settings may be what is at fault, so that this one is looked for without reading them all. */
function wantsDetails(): boolean {
  const { SYNQLY_LOG_LEVEL: level } = process.env;
  return level === 'debug' || /--log-level[ =]debug\b/.test(process.argv.join(' '));
}
