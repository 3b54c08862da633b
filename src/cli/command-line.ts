import { Command, CommanderError } from 'commander';
import { formatUsageError } from '../app/startup-errors.ts';
import { ConfigError } from '../config/load-config.ts';
import { settings } from '../config/settings.ts';
import { version } from '../version.ts';
import { addConnectCommand } from './connect-command.ts';
import { addDoctorCommand } from './doctor-command.ts';
import { usageError } from './exit-status.ts';
import { addInitCommand } from './init-command.ts';
import { addSandboxCommand } from './sandbox-command.ts';
import { addSettings } from './setting-options.ts';
import { type Flags, startServer } from './start-server.ts';
import { addTokenCommand } from './token-command.ts';
import { addToolsCommand } from './tools-command.ts';

/** Runs the command that the arguments name. */
export async function runCommandLine(): Promise<void> {
  try {
    await createProgram().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : usageError);
    throw error;
  }
}

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
    .action((flags: Flags) => (program.args.length > 0 ? failUnknownCommand(program) : startServer(flags)))
    .hook('preAction', (_, command) => assertFlagsTaken(program, command));
  addSettings(program, Object.values(settings));
  addDoctorCommand(program);
  addConnectCommand(program);
  addSandboxCommand(program);
  addToolsCommand(program);
  addTokenCommand(program);
  addInitCommand(program);
  return program;
}

/** Rejects flags that a command does not take, which commander would drop. @throws ConfigError */
function assertFlagsTaken(program: Command, command: Command): void {
  if (command === program) return;
  const taken = new Set(command.options.map((option) => option.attributeName()));
  for (const option of program.options) {
    const name = option.attributeName();
    if (program.getOptionValueSource(name) !== 'cli' || taken.has(name)) continue;
    throw new ConfigError(`${option.long} has no effect with ${command.name()}: omit it.`);
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
