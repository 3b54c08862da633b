import type { Command } from 'commander';
import { settings } from '../config/settings.ts';
import { print } from './print.ts';
import { addSettings } from './setting-options.ts';

/** Adds the command that lists the tools of a server. */
export function addToolsCommand(program: Command): void {
  const { surface, toolsets, allow, deny, readOnly, account, environment, confirm } = settings;
  const tools = program
    .command('tools')
    .allowExcessArguments(false)
    .description('List the tools that a server has with these settings.');
  addSettings(tools, [surface, toolsets, allow, deny, readOnly, account, environment, confirm])
    .option('--tokens', 'show the token cost of surfaces, toolsets, tools and results, with their budgets')
    .option('--json', 'print one line of JSON')
    .action(async (_, command: Command) => {
      const { listTools } = await import('./list-tools.ts');
      await listTools(command.optsWithGlobals(), print);
    });
}
