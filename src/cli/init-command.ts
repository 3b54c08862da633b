import type { Command } from 'commander';
import { settings } from '../config/settings.ts';
import { print } from './print.ts';
import { addSettings } from './setting-options.ts';

const { region, sandbox, baseUrl, account, environment, toolsets, surface } = settings;

/** Adds the commands that configure MCP clients on this machine. */
export function addInitCommand(program: Command): void {
  const commands = () => import('./init/init.ts');
  withChoices(program.command('init [client]'))
    .description(
      'Add this server to the configuration of an MCP client on this machine, or of all that are found.',
    )
    .option('--yes', 'ask nothing: take the answers from flags, SYNQLY_TOKEN or SYNQLY_TOKEN_FILE')
    .option('--dry-run', 'show the changes, and write nothing')
    .option('--remove', 'remove the server from the configuration')
    .option('--force', 'replace or remove a server of the same name that starts another program')
    .action(async (client, _, command: Command) => {
      process.exitCode = await (await commands()).init(client, command.optsWithGlobals(), print);
    });
  withChoices(program.command('print-config <client>'))
    .description('Print the configuration that init writes for an MCP client.')
    .action(async (client, _, command: Command) => {
      const note = (text: string) => process.stderr.write(`${text}\n`);
      await (await commands()).printConfig(client, command.optsWithGlobals(), print, note);
    });
}

/** The flags with which the client will start the server. */
function withChoices(command: Command): Command {
  command.allowExcessArguments(false);
  addSettings(command, [region, sandbox, baseUrl, account, environment, toolsets, surface]);
  return command
    .option('--read-write', 'let the server create, change and delete too; by default it only reads')
    .option('--name <name>', 'name of the server in the configuration', 'synqly');
}
