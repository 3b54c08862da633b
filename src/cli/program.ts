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

/** Exit status for an invalid command line or setting. */
const usageError = 2;

type Flags = Record<string, string | boolean>;

function createProgram(): Command {
  const program: Command = new Command('synqly-mcp')
    .description('MCP server to administer a Synqly organization with an AI assistant.')
    .version(version)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(formatUsageError(text)) })
    .addHelpText('after', environmentHelp())
    // Otherwise commander reports an unknown command as an excess argument, without a suggestion.
    .allowExcessArguments()
    .action((flags: Flags) => (program.args.length > 0 ? failUnknownCommand(program) : start(flags)))
    .hook('preAction', (_, command) => assertFlagsTaken(program, command));
  addSettings(program, Object.values(settings));
  addConnectCommand(program);
  addSandboxCommand(program);
  addToolsCommand(program);
  addTokenCommand(program);
  return program;
}

async function start(flags: Flags): Promise<void> {
  await serve(loadConfig(flags, process.env, { warn }));
  // Keep-alive connections and the sandbox would keep the process running.
  process.exit(0);
}

/** Rejects flags that a command does not take, which commander would drop. @throws ConfigError */
function assertFlagsTaken(program: Command, command: Command): void {
  if (command === program) return;
  const taken = new Set(command.options.map((option) => option.attributeName()));
  for (const option of program.options) {
    const name = option.attributeName();
    if (program.getOptionValueSource(name) !== 'cli' || taken.has(name)) continue;
    throw new ConfigError(`${option.long} has no effect with ${command.name()}.`);
  }
}

/** Reports an unknown command with the closest name; `help` shows the help. */
function failUnknownCommand(program: Command): never {
  if (program.args[0] === 'help') program.help();
  return (program as Command & { unknownCommand(): never }).unknownCommand();
}

function environmentHelp(): string {
  const lines = Object.values(settings).map(({ env, help }) => `  ${(env ?? '').padEnd(28)}${help}`);
  return ['', 'Environment (flags override it):', ...lines].join('\n');
}

/** Runs the command line. Errors are printed in a line or two, without a stack. */
export async function run(): Promise<void> {
  // A closed stderr must not crash the process.
  process.stderr.on('error', () => {});
  // Node would print the failing source line, which is huge in the bundle.
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

/** Whether debug output is wanted, read directly, since the settings may be invalid. */
function wantsDetails(): boolean {
  const { SYNQLY_LOG_LEVEL: level } = process.env;
  return level === 'debug' || /--log-level[ =]debug\b/.test(process.argv.join(' '));
}
